/** Free time, and why the rest is not. Pure. */

import type { BusyCause, Interval } from "../../src/modules/equipment/model.ts";
import type { Availability } from "../../src/modules/equipment/port.ts";

/** Stretches that share a cause. */
export interface Layer {
  because: BusyCause;
  intervals: Interval[];
}

/** Where a layer begins (+1) or ceases (-1) to cover. */
interface Edge {
  at: number;
  layer: number;
  change: 1 | -1;
}

/**
 * Cuts a range into free and busy in one sweep over the sorted edges; where causes overlap the earlier layer is named. Free and busy
 * together are the whole range.
 */
export function partition(range: Interval, layers: readonly Layer[]): Availability {
  const free: Interval[] = [];
  const busy: Availability["busy"] = [];
  const covering = layers.map(() => 0);
  let at = range.starts_at;
  const upTo = (until: number): void => {
    if (until <= at) return;
    const because = layers[covering.findIndex((count) => count > 0)]?.because;
    if (because === undefined) free.push({ starts_at: at, ends_at: until });
    else busy.push({ starts_at: at, ends_at: until, because });
    at = until;
  };
  for (const edge of edgesOf(range, layers)) {
    const shown = covering.findIndex((count) => count > 0);
    // What changes underneath the layer that is named cuts nothing.
    if (shown < 0 || edge.layer <= shown) upTo(edge.at);
    covering[edge.layer] = (covering[edge.layer] ?? 0) + edge.change;
  }
  upTo(range.ends_at);
  return { until: range.ends_at, free, busy: joined(busy) };
}

/** The edges inside the range, in order of time. */
function edgesOf(range: Interval, layers: readonly Layer[]): Edge[] {
  const edges: Edge[] = [];
  for (const [layer, { intervals }] of layers.entries()) {
    for (const interval of intervals) {
      const starts_at = Math.max(range.starts_at, interval.starts_at);
      const ends_at = Math.min(range.ends_at, interval.ends_at);
      if (starts_at >= ends_at) continue;
      edges.push({ at: starts_at, layer, change: 1 }, { at: ends_at, layer, change: -1 });
    }
  }
  return edges.sort((a, b) => a.at - b.at);
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
