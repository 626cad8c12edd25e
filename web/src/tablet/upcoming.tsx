import { Badge } from "@mantine/core";
import type { LiveSlot } from "../../../src/modules/equipment/live.ts";
import type { Wall } from "./clock.ts";
import classes from "./upcoming.module.css";
import { upcomingLine } from "./wording.ts";

/** More would not be read from a distance; the style sheet shows fewer where the screen is low. */
const MOST = 4;

interface UpcomingProps {
  slots: LiveSlot[];
  /** The server's clock, epoch ms. */
  now: number;
  wall: Wall;
}

/** What is next on this machine. */
export const Upcoming = ({ slots, now, wall }: UpcomingProps) => (
  <section className={classes.next} data-count={Math.min(slots.length, MOST + 1)} aria-labelledby="next">
    <h2 id="next" className={classes.heading}>
      Next
    </h2>
    {slots.length === 0 ? (
      <p className={classes.none}>Nothing in the next 24 hours</p>
    ) : (
      <ol className={classes.list}>
        {slots.slice(0, MOST).map((slot) => {
          const { key, time, who, note } = upcomingLine(slot, now, wall);
          return (
            <li key={key} className={classes.slot}>
              <span className={classes.time}>{time}</span>
              <span className={classes.who}>{who}</span>
              {note && (
                <Badge className={classes.note} variant="outline" color="gray" size="lg">
                  {note}
                </Badge>
              )}
            </li>
          );
        })}
      </ol>
    )}
    <p className={classes.more}>and more within a day</p>
  </section>
);
