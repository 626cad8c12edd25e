import { Progress } from "@mantine/core";
import type { CSSProperties } from "react";
import type { MachineState } from "../../../src/modules/equipment/live.ts";
import { DayRibbon } from "./day-ribbon.tsx";
import { Frame, type Shown } from "./frame.tsx";
import { StatusIcon } from "./icons.tsx";
import classes from "./machine-screen.module.css";
import { Upcoming } from "./upcoming.tsx";
import { type Description, describe, removed, upcomingOf } from "./wording.ts";

interface MachineScreenProps extends Shown {
  /** Null before the first word of the server. */
  machine: MachineState | null;
  gone: boolean;
}

/** One machine, to be read from across the room. */
export const MachineScreen = ({ machine, gone, ...shown }: MachineScreenProps) => {
  const { now, wall } = shown;
  if (gone || !machine) {
    return (
      <Frame {...shown} title={machine?.name ?? shown.label}>
        {gone ? <Panel {...removed} /> : <p className={classes.loading}>Asking the server …</p>}
      </Frame>
    );
  }
  const description = describe(machine, now, wall);
  return (
    <Frame
      {...shown}
      title={machine.name}
      details={
        <>
          <span className={classes.machineCode}>{machine.code}</span>
          {machine.location}
        </>
      }
    >
      <title>{`${machine.name}: ${description.word}`}</title>
      <div className={classes.screen}>
        <Panel {...description} />
        <Upcoming slots={upcomingOf(machine, now)} now={now} wall={wall} />
        <DayRibbon machine={machine} now={now} wall={wall} />
      </div>
    </Frame>
  );
};

/** The status: its colour fills the panel, its shape and its word stand in it. */
const Panel = ({ tone, word, line, countdown }: Description) => (
  <section className={classes.panel} data-tone={tone} aria-label="Now">
    <StatusIcon tone={tone} className={classes.ghost} />
    {/* A custom property set by script is not an inline style to the policy; it lets long words shrink. */}
    <div className={classes.status} role="status" style={{ "--letters": word.length } as CSSProperties}>
      <StatusIcon tone={tone} className={classes.icon} />
      <p className={classes.word}>{word}</p>
      <p className={classes.line}>{line}</p>
    </div>
    {countdown && (
      <div className={classes.countdown}>
        <p className={classes.left} role="timer">
          {countdown.left} <span className={classes.leftLabel}>{countdown.label}</span>
        </p>
        {countdown.passed !== null && (
          <Progress
            value={countdown.passed * 100}
            aria-label="Part of the time that has passed"
            classNames={{ root: classes.track, section: classes.trackSection }}
          />
        )}
      </div>
    )}
  </section>
);
