/** When a machine is out of service: outages may overlap each other and everything else, so they are no occupancy. Pure. */

import type { Interval } from "../../src/modules/equipment/model.ts";
import type { OutageRecord } from "../../src/modules/equipment/port.ts";
import { stretches, type WeeklyWindows } from "../../src/platform/settings/hours.ts";
import type { Zone } from "../../src/platform/zone.ts";

/** As much of an outage as says when it is. */
export type OutageTimes = Pick<OutageRecord, "starts_at" | "ends_at" | "weekly">;

/** The stretches of [from, to) in which an outage takes the machine out, in order: all of it, or its weekly windows on the wall clock of `zone`. */
export function stretchesOf(outage: OutageTimes, zone: Zone, from: number, to: number): Interval[] {
  const [starts_at, ends_at] = [Math.max(from, outage.starts_at), Math.min(to, outage.ends_at)];
  if (starts_at >= ends_at) return [];
  if (outage.weekly === null) return [{ starts_at, ends_at }];
  // Written only through the contract's WeeklyWindows.
  const weekly = JSON.parse(outage.weekly) as WeeklyWindows;
  return stretches(weekly, zone, starts_at, ends_at)
    .filter(({ open }) => open)
    .map(({ from: starts_at, to: ends_at }) => ({ starts_at, ends_at }));
}

/** The first moment of a slot at which an outage has the machine, with the outage; null when none has. */
export function firstOutage(
  outages: readonly OutageRecord[],
  zone: Zone,
  { starts_at, ends_at }: Interval,
): (Interval & { outage: OutageRecord }) | null {
  let found: (Interval & { outage: OutageRecord }) | null = null;
  for (const outage of outages) {
    const [stretch] = stretchesOf(outage, zone, starts_at, Math.min(ends_at, found?.starts_at ?? ends_at));
    if (stretch) found = { ...stretch, ends_at: stretch.ends_at, outage };
  }
  return found;
}

/** Until when a machine that is out at `at` stays so, outages in a row taken together; null when it is not out then. */
export function outUntil(outages: readonly OutageRecord[], zone: Zone, at: number): number | null {
  let until = at;
  for (;;) {
    const next = Math.max(...outages.map((one) => stretchEnd(one, zone, until)), until);
    if (next === until) return until > at ? until : null;
    until = next;
  }
}

/** How far past `at` one stretch is looked at: a week, so that what a weekly outage goes on with is found. */
const AHEAD = 7 * 86_400_000;

function stretchEnd(outage: OutageTimes, zone: Zone, at: number): number {
  if (at < outage.starts_at || at >= outage.ends_at) return at;
  if (outage.weekly === null) return outage.ends_at;
  const [first] = stretchesOf(outage, zone, at, at + AHEAD);
  return first?.starts_at === at ? first.ends_at : at;
}

/** When an outage begins or ends next after `at`; Infinity when nothing of it is ahead. Looks a week ahead of a weekly one. */
export function turnsAt(outage: OutageTimes, zone: Zone, at: number): number {
  if (outage.weekly === null) {
    const next = [outage.starts_at, outage.ends_at].find((time) => time > at);
    return next ?? Number.POSITIVE_INFINITY;
  }
  const edges = stretchesOf(outage, zone, at, at + AHEAD).flatMap(({ starts_at, ends_at }) => [starts_at, ends_at]);
  return edges.find((time) => time > at) ?? Math.max(at, outage.starts_at) + AHEAD;
}
