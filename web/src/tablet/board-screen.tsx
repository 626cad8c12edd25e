import type { MachineState } from "../../../src/modules/equipment/live.ts";
import classes from "./board-screen.module.css";
import type { Wall } from "./clock.ts";
import { Frame, type Shown } from "./frame.tsx";
import { StatusIcon } from "./icons.tsx";
import { describe, upcomingLine, upcomingOf } from "./wording.ts";

interface BoardScreenProps extends Shown {
  machines: MachineState[];
  /** Nothing was heard yet. */
  loading: boolean;
}

/** Up to twelve machines at a glance, in the order in which the tablet was set up. */
export const BoardScreen = ({ machines, loading, ...shown }: BoardScreenProps) => {
  const free = machines.filter((machine) => machine.status === "available").length;
  return (
    <Frame
      {...shown}
      title={shown.label || "Machines"}
      details={machines.length > 0 && `${free} of ${machines.length} free`}
    >
      <title>{`${shown.label}: ${free} of ${machines.length} free`}</title>
      {machines.length === 0 ? (
        <p className={classes.empty}>
          {loading ? "Asking the server …" : "None of this tablet's machines is here any more"}
        </p>
      ) : (
        <ul className={classes.board} data-count={machines.length}>
          {machines.map((machine) => (
            <Tile key={machine.equipment_id} machine={machine} now={shown.now} wall={shown.wall} />
          ))}
        </ul>
      )}
    </Frame>
  );
};

const Tile = ({ machine, now, wall }: { machine: MachineState; now: number; wall: Wall }) => {
  const { tone, word, line, countdown } = describe(machine, now, wall);
  const next = machine.status === "available" ? null : upcomingOf(machine, now)[0];
  return (
    <li className={classes.tile} data-tone={tone}>
      <div className={classes.flag}>
        <StatusIcon tone={tone} className={classes.icon} />
      </div>
      <div className={classes.body}>
        <h2 className={classes.name}>{machine.name}</h2>
        <p className={classes.word}>
          {word}
          {countdown && machine.status !== "available" && <span className={classes.left}>{countdown.glance}</span>}
        </p>
        <p className={classes.line}>{line}</p>
        {next && <p className={classes.next}>Next {upcomingLine(next, now, wall).time}</p>}
      </div>
    </li>
  );
};
