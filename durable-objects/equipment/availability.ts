/** Free time, and why the rest is not. Pure. */

import type { BusyCause, Interval } from "../../src/modules/equipment/model.ts";
import type { Availability } from "../../src/modules/equipment/port.ts";

/** Stretches that share a cause. */
export interface Layer {
  because: BusyCause;
  intervals: Interval[];
}

/** Cuts a range into free and busy; where causes overlap the earlier layer is named. Free and busy together are the whole range. */
export function partition(range: Interval, layers: readonly Layer[]): Availability {
  let free: Interval[] = range.starts_at < range.ends_at ? [range] : [];
  const busy: Availability["busy"] = [];
  for (const { because, intervals } of layers) {
    for (const interval of intervals) {
      const left: Interval[] = [];
      for (const stretch of free) {
        const starts_at = Math.max(stretch.starts_at, interval.starts_at);
        const ends_at = Math.min(stretch.ends_at, interval.ends_at);
        if (starts_at >= ends_at) {
          left.push(stretch);
          continue;
        }
        busy.push({ starts_at, ends_at, because });
        if (stretch.starts_at < starts_at) left.push({ starts_at: stretch.starts_at, ends_at: starts_at });
        if (ends_at < stretch.ends_at) left.push({ starts_at: ends_at, ends_at: stretch.ends_at });
      }
      free = left;
    }
  }
  busy.sort((a, b) => a.starts_at - b.starts_at);
  return { free, busy: joined(busy) };
}

/** Neighbours with one cause become one stretch, except bookings: where one ends and the next begins is worth knowing. */
function joined(busy: Availability["busy"]): Availability["busy"] {
  const result: Availability["busy"] = [];
  for (const stretch of busy) {
    const last = result.at(-1);
    const isJoinable = last?.because === stretch.because && stretch.because !== "reservation";
    if (last && isJoinable && last.ends_at === stretch.starts_at) last.ends_at = stretch.ends_at;
    else result.push({ ...stretch });
  }
  return result;
}
