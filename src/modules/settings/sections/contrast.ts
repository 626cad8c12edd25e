/** Readability of colours, as WCAG 2.2 measures it. Pure. */

import type { FieldError } from "../../../platform/problem.ts";
import type { Settings } from "../../../platform/settings/sections.ts";

/** Success criterion 1.4.3: text and what lies behind it. */
const LEAST_CONTRAST = 4.5;

/** "#1f6feb" → relative luminance, 0 (black) to 1 (white). */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio of two colours, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

/** What makes a theme unreadable; nothing when text can be read on the background and on primary. */
export function themeFaults({ mode, background, primary, text }: Settings["appearance"]): FieldError[] {
  const surfaces = { background, primary };
  const faults = Object.entries(surfaces).flatMap(([name, surface]): FieldError[] => {
    const ratio = contrast(text, surface);
    if (ratio >= LEAST_CONTRAST) return [];
    const way = luminance(surface) > luminance(text) ? "a darker text or a lighter" : "a lighter text or a darker";
    // Cut, not rounded: 4.499 is not 4.5.
    const said = Math.floor(ratio * 100) / 100;
    return [
      {
        pointer: `/${name}`,
        code: "contrast",
        detail: `text ${text} on ${name} ${surface} has a contrast of ${said.toFixed(2)}:1, less than ${LEAST_CONTRAST}:1; choose ${way} ${name}`,
      },
    ];
  });
  const isDark = luminance(background) < luminance(text);
  if (isDark === (mode === "dark")) return faults;
  const detail = `mode is ${mode}, but the background is ${isDark ? "darker" : "lighter"} than the text`;
  return [...faults, { pointer: "/mode", code: "contradiction", detail }];
}
