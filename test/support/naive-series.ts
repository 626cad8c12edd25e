/** Series on the naive machine. */

import { stepsTo } from "../../src/modules/equipment/model.ts";
import type { NaiveMachine } from "./naive-machine.ts";
import type { NaiveBooking, Verdict, Wanted } from "./naive-rules.ts";

/** All of them, or with `skip` those that can be; each is judged as if it were alone, but for the one of the series before it. */
export function reserveSeries(machine: NaiveMachine, wanted: readonly Wanted[], skip: boolean): Verdict {
  return machine.unlessRetired(() => {
    const taken: Wanted[] = [];
    let out = 0;
    for (const one of wanted) {
      const { id, member, staff, starts, ends } = one;
      const mine = machine.keptIn(member, starts, ends);
      const isFree = machine.conflicts(member, starts, ends, mine?.id ?? id).length === 0;
      const isApart = taken.every((each) => each.ends <= starts || ends <= each.starts);
      if (!machine.mayBook(staff, starts, ends - starts, false)) continue;
      if (machine.isOut(starts, ends)) out++;
      else if (isFree && isApart) taken.push(one);
    }
    // Where all of it fails for one reason that is no clash, that is what is said.
    if (out === wanted.length) return "equipment_unavailable";
    if (taken.length === 0 || (!skip && taken.length < wanted.length)) return "series_conflicts";
    for (const one of taken) {
      const mine = machine.keptIn(one.member, one.starts, one.ends);
      if (mine) machine.letGo(mine);
      machine.book(one);
    }
    return "ok";
  });
}

/** Cancels what is ahead of a series, from a booking on if one is named. */
export function cancelSeries(
  machine: NaiveMachine,
  series: string,
  by: { id: string; staff: boolean },
  from: NaiveBooking | null,
): Verdict {
  return machine.unlessRetired(() => {
    const all = machine.bookings.filter((each) => each.series === series);
    if (!by.staff && all.some(({ member }) => member !== by.id)) return "forbidden";
    const ahead = all.filter(
      (each) =>
        each.starts > machine.now &&
        each.starts >= (from?.starts ?? each.starts) &&
        stepsTo(each.status, "cancel").length > 0,
    );
    for (const booking of ahead) {
      const isLate = !by.staff && machine.now > booking.starts - machine.rules.cancel;
      if (!isLate) booking.counted = 0;
      machine.leave(booking, "cancelled");
    }
    return ahead.length > 0 ? "ok" : "illegal_transition";
  });
}
