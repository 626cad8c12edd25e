import type { LiveSlot, MachineState } from "../../../src/modules/equipment/live.ts";
import { ribbon, timeOfDay, type Wall } from "./clock.ts";
import classes from "./day-ribbon.module.css";
import { upcomingOf } from "./wording.ts";

const HOURS = 8;

interface DayRibbonProps {
  machine: MachineState;
  /** The server's clock, epoch ms. */
  now: number;
  wall: Wall;
}

const kindOf = (slot: LiveSlot): "busy" | "pending" | "reserved" => {
  if (slot.kind !== "reservation" || slot.status === "active") return "busy";
  return slot.status === "pending" ? "pending" : "reserved";
};

/** The coming hours as one strip: what is taken, what is free, and where we are in it. */
export const DayRibbon = ({ machine, now, wall }: DayRibbonProps) => {
  const { starts_at, ends_at, ticks } = ribbon(now, HOURS, wall);
  const share = (at: number) => (Math.min(ends_at, Math.max(starts_at, at)) - starts_at) / (ends_at - starts_at);
  const percent = (at: number) => `${share(at) * 100}%`;

  const slots = [...(machine.now ? [machine.now] : []), ...upcomingOf(machine, now)]
    .map((slot) => ({ slot, from: Date.parse(slot.starts_at), to: Date.parse(slot.ends_at) }))
    .filter(({ from, to }) => from < ends_at && to > starts_at);
  const taken = slots.map(({ from, to }) => `${timeOfDay(from, wall)} to ${timeOfDay(to, wall)}`);

  return (
    <div
      className={classes.ribbon}
      role="img"
      aria-label={`The next ${HOURS} hours: ${taken.length > 0 ? `taken ${taken.join(", ")}` : "free"}`}
    >
      <div className={classes.strip}>
        {slots.map(({ slot, from, to }) => (
          <span
            key={slot.starts_at}
            className={classes.slot}
            data-kind={kindOf(slot)}
            style={{ left: percent(from), width: `${(share(to) - share(from)) * 100}%` }}
          />
        ))}
        {ticks.slice(1).map(({ at }) => (
          <span key={at} className={classes.line} style={{ left: percent(at) }} />
        ))}
        <span className={classes.past} style={{ width: percent(now) }} />
        <span className={classes.now} style={{ left: percent(now) }} />
      </div>
      <div className={classes.hours}>
        {ticks.map(({ at, text }) => (
          <span key={at} className={classes.hour}>
            {text}
          </span>
        ))}
      </div>
    </div>
  );
};
