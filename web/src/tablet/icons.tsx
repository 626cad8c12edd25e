import type { ReactNode } from "react";
import type { Tone } from "./wording.ts";

/** Every tone has an outline of its own, so that a state is known by its shape where colours are not told apart. */
const outlines: Record<Tone, string> = {
  free: "M24 3a21 21 0 1 0 0 42a21 21 0 1 0 0-42Z",
  reserved: "M12 5h24a7 7 0 0 1 7 7v24a7 7 0 0 1-7 7H12a7 7 0 0 1-7-7V12a7 7 0 0 1 7-7Z",
  busy: "M21.5 3.2a5 5 0 0 1 5 0l14.2 8.2a5 5 0 0 1 2.5 4.3v16.6a5 5 0 0 1-2.5 4.3l-14.2 8.2a5 5 0 0 1-5 0L7.3 36.6a5 5 0 0 1-2.5-4.3V15.7a5 5 0 0 1 2.5-4.3Z",
  over: "M20.1 6a4.5 4.5 0 0 1 7.8 0l17.3 30.8a4.5 4.5 0 0 1-3.9 6.7H6.7a4.5 4.5 0 0 1-3.9-6.7Z",
  care: "M20.8 3.8a4.5 4.5 0 0 1 6.4 0l17 17a4.5 4.5 0 0 1 0 6.4l-17 17a4.5 4.5 0 0 1-6.4 0l-17-17a4.5 4.5 0 0 1 0-6.4Z",
  out: "M16.5 4h15a4 4 0 0 1 2.8 1.2l8.5 8.5A4 4 0 0 1 44 16.5v15a4 4 0 0 1-1.2 2.8l-8.5 8.5a4 4 0 0 1-2.8 1.2h-15a4 4 0 0 1-2.8-1.2l-8.5-8.5A4 4 0 0 1 4 31.5v-15a4 4 0 0 1 1.2-2.8l8.5-8.5A4 4 0 0 1 16.5 4Z",
};

const glyphs: Record<Tone, string> = {
  free: "M15 24.5l6.5 6.5L33.5 18",
  reserved: "M24 14v10.5l7 4.5",
  busy: "M20 16.5v15l12-7.5Z",
  over: "M24 17v11M24 35v.5",
  care: "M15.5 32.5L26 22M36.5 18A6 6 0 1 1 30 11.5",
  out: "M14.5 24h19",
};

/** The sign of a tone: its outline in the text's colour, its glyph cut out in the ground's (`--ground`). Says nothing to a screen reader: the word does. */
export const StatusIcon = ({ tone, className }: { tone: Tone; className?: string | undefined }) => (
  <svg viewBox="0 0 48 48" className={className} aria-hidden="true" focusable="false">
    <path d={outlines[tone]} fill="currentColor" />
    <path
      d={glyphs[tone]}
      fill={tone === "busy" ? "var(--ground)" : "none"}
      stroke="var(--ground)"
      strokeWidth="4.5"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  </svg>
);

const Line = ({ children, className }: { children: ReactNode; className?: string | undefined }) => (
  <svg
    viewBox="0 0 24 24"
    className={className}
    fill="none"
    stroke="currentColor"
    strokeWidth="2.2"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    {children}
  </svg>
);

/** Waves for live, a turning arrow for reconnecting, crossed waves for offline. */
export const LinkIcon = ({
  name,
  className,
}: {
  name: "live" | "reconnecting" | "offline";
  className?: string | undefined;
}) => (
  <Line className={className}>
    {name === "reconnecting" ? (
      <path d="M20 12a8 8 0 1 1-2.5-5.8M20 3v5h-5" />
    ) : (
      <>
        <path d="M5 12.5a10 10 0 0 1 14 0M8.5 16a5 5 0 0 1 7 0M12 19.5h.01" />
        {name === "offline" && <path d="M4 4l16 16" />}
      </>
    )}
  </Line>
);

export const ExpandIcon = ({ className }: { className?: string | undefined }) => (
  <Line className={className}>
    <path d="M9 4H4v5M15 4h5v5M9 20H4v-5M15 20h5v-5" />
  </Line>
);

/** The product's mark: a nut with a door. */
export const Mark = ({ className }: { className?: string | undefined }) => (
  <svg viewBox="0 0 48 48" className={className} aria-hidden="true" focusable="false">
    <path d={outlines.busy} fill="currentColor" />
    <path d="M17 37V25a7 7 0 0 1 14 0v12Z" fill="var(--ground)" />
  </svg>
);
