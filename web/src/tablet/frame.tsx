/** What both screens share: the clock above, the connection below, and the bar that says that all this is old. */

import { UnstyledButton } from "@mantine/core";
import type { ReactNode } from "react";
import { dateWords, timeOfDay, type Wall } from "./clock.ts";
import classes from "./frame.module.css";
import { ExpandIcon, LinkIcon } from "./icons.tsx";
import type { Link } from "./session.ts";
import { ageWords, linkWords } from "./wording.ts";

/** What every screen of a paired tablet is told. */
export interface Shown {
  label: string;
  /** Null when the machine is gone. */
  link: Link | null;
  wall: Wall;
  /** The server's clock, epoch ms. */
  now: number;
  /** How long ago the server last said something, in ms; null when it never did. */
  heardAgo: number | null;
}

interface FrameProps extends Shown {
  title: string;
  /** Beside the title: the machine's code and place. */
  details?: ReactNode;
  children: ReactNode;
}

export const Frame = ({ title, details, children, ...shown }: FrameProps) => {
  const { label, link, wall, now, heardAgo } = shown;
  const stale = link?.name === "offline" && heardAgo !== null;
  return (
    <div className={classes.frame} data-stale={stale || undefined}>
      <header className={classes.header}>
        <div className={classes.names}>
          <h1 className={classes.title}>{title}</h1>
          {details && <p className={classes.details}>{details}</p>}
        </div>
        <div className={classes.clock}>
          <time className={classes.time}>{timeOfDay(now, wall)}</time>
          <span className={classes.date}>{dateWords(now, wall)}</span>
        </div>
      </header>
      <main className={classes.main}>{children}</main>
      <footer className={classes.footer}>
        {link && (
          <p className={classes.link} data-link={link.name} role="status">
            <LinkIcon name={link.name} className={classes.linkIcon} />
            {linkWords(link, now, wall)}
          </p>
        )}
        {stale && <p className={classes.age}>{ageWords(heardAgo)}</p>}
        {label !== title && <p className={classes.label}>{label}</p>}
        <FullScreen />
      </footer>
    </div>
  );
};

/** Browsers grant full screen only to a tap. */
const FullScreen = () =>
  document.fullscreenEnabled && !window.matchMedia("(display-mode: fullscreen)").matches ? (
    <UnstyledButton
      className={classes.expand}
      aria-label="Full screen"
      onClick={() => void document.documentElement.requestFullscreen()}
    >
      <ExpandIcon className={classes.linkIcon} />
    </UnstyledButton>
  ) : null;
