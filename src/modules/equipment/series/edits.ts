/** What a change of a series asks for, booking by booking. Pure. */

import { problem } from "../../../platform/problem.ts";
import { MINUTE } from "../../../platform/time.ts";
import type { SeriesScope } from "../model.ts";
import type { ReservationRecord, SeriesCommand, SeriesRule, WholeSeries } from "../port.ts";
import { endingWith, instantOf, localText, wallClock } from "./recurrence.ts";

/** What may be said of bookings of a series. */
interface Changes {
  scope: SeriesScope;
  from?: string | undefined;
  /** "19:00", on the wall clock of the series. */
  local_time?: string | undefined;
  duration_minutes?: number | undefined;
  purpose?: string | null | undefined;
  project_id?: string | null | undefined;
}

type Amend = Extract<SeriesCommand, { type: "amend_series" }>;

/** The booking that a scope begins with; null for all. @throws unknown_reference */
export function startOf({ reservations }: WholeSeries, scope: SeriesScope, from?: string): ReservationRecord | null {
  if (scope === "all") return null;
  const found = reservations.find(({ id }) => id === from);
  if (found) return found;
  throw problem("unknown_reference", {
    errors: [{ pointer: "/from", code: "unknown", detail: "names no booking of this series" }],
  });
}

/** True of a booking that has not begun and holds its slot. */
const isAhead = ({ status, starts_at }: ReservationRecord, now: number): boolean =>
  (status === "pending" || status === "approved") && starts_at > now;

/** The rule of what stays when a series ends before one of its bookings. */
export function keptBefore({ record, reservations }: WholeSeries, anchor: ReservationRecord): string {
  const last = reservations.filter(({ starts_at }) => starts_at < anchor.starts_at).at(-1);
  return last ? endingWith(record.rrule, wallClock(last.starts_at, record.timezone)) : record.rrule;
}

/** The rule of a series from one of its bookings on, with what changes. */
function ruleFrom({ record, reservations }: WholeSeries, first: ReservationRecord, changes: Changes): SeriesRule {
  const { timezone } = record;
  const moved = ({ starts_at }: ReservationRecord) => atTime(starts_at, timezone, changes.local_time);
  const last = reservations.at(-1) ?? first;
  return {
    rrule: endingWith(record.rrule, moved(last)),
    local_start: localText(moved(first)),
    timezone,
    duration_minutes: changes.duration_minutes ?? record.duration_minutes,
  };
}

/** The wall clock at an instant, with another time of day if that is asked for. */
function atTime(at: number, timezone: string, local_time: string | undefined) {
  const local = wallClock(at, timezone);
  return local_time === undefined ? local : local.withPlainTime(local_time);
}

/**
 * The bookings that change, as they shall be, and what becomes of the series: all of it changes, or it ends before the first of them and goes
 * on as another; one booking alone leaves it as it is.
 * @throws illegal_transition when nothing of it is ahead; unknown_reference
 */
export function amendmentOf(
  whole: WholeSeries,
  changes: Changes,
  now: number,
  newId: () => string,
): Omit<Amend, "if_version"> {
  const { record, reservations } = whole;
  const { scope, local_time, duration_minutes, purpose, project_id } = changes;
  const anchor = startOf(whole, scope, changes.from);
  const open = reservations.filter((each) => isAhead(each, now));
  const changed =
    scope === "this" ? open.filter(({ id }) => id === anchor?.id) : open.filter((each) => isFrom(each, anchor));
  const [first] = changed;
  if (!first) throw problem("illegal_transition", { current_status: anchor?.status ?? record.status });
  const isTimed = local_time !== undefined || duration_minutes !== undefined;
  const instances = changed.map(({ id: reservation_id, version: if_version, starts_at, ends_at }) => {
    const begins =
      local_time === undefined ? starts_at : instantOf(atTime(starts_at, record.timezone, local_time), record.timezone);
    const length = duration_minutes === undefined ? ends_at - starts_at : duration_minutes * MINUTE;
    return { reservation_id, if_version, starts_at: begins, ends_at: begins + length, against: [] };
  });
  const isSplit = scope === "following" && reservations.some(({ starts_at }) => starts_at < first.starts_at);
  return {
    type: "amend_series",
    series_id: record.id,
    instances,
    rule: isTimed && scope !== "this" && !isSplit ? ruleFrom(whole, reservations[0] ?? first, changes) : null,
    split: isSplit ? { ...ruleFrom(whole, first, changes), series_id: newId(), kept: keptBefore(whole, first) } : null,
    ...(purpose !== undefined && { purpose }),
    ...(project_id !== undefined && { project_id }),
  };
}

const isFrom = ({ starts_at }: ReservationRecord, anchor: ReservationRecord | null): boolean =>
  anchor === null || starts_at >= anchor.starts_at;
