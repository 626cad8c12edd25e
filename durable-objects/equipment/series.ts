/** Bookings that belong together: made, changed and cancelled in one step, each judged like a booking of its own. */

import { type Interval, overlaps } from "../../src/modules/equipment/model.ts";
import type {
  AskedInstance,
  CommandCall,
  HolderFacts,
  Refusal,
  ReservationRecord,
  SeriesCommand,
  SeriesConflict,
  SeriesOutcome,
  SeriesRecord,
} from "../../src/modules/equipment/port.ts";
import { definedOnly } from "../../src/platform/merge.ts";
import { judge } from "./amend.ts";
import { cancellerOf, drafted, feeFor, isTooLateToGiveBack, mayHave, takeUp, withdraw } from "./bookings.ts";
import { ownHold } from "./holds.ts";
import {
  type Answer,
  aboutOwner,
  done,
  illegal,
  isLegal,
  mayTouch,
  notFound,
  notYours,
  refuse,
  slotTaken,
} from "./refusals.ts";
import { reason } from "./rules.ts";
import { isWithin, pendingExpiry, plain } from "./schedule.ts";
import { beginSeries, changeSeries } from "./series-rows.ts";
import { check, freed, place, wishOf } from "./slots.ts";
import type { Turn } from "./turn.ts";
import { attempt } from "./undo.ts";

type Ask<T extends SeriesCommand["type"]> = Extract<SeriesCommand, { type: T }>;

/** The call, with what limits across machines say against one booking. */
const about = (call: CommandCall, { against }: AskedInstance): CommandCall => {
  const { facts } = call;
  return { ...call, facts: { ...facts, gates: { ...facts.gates, reasons: [...facts.gates.reasons, ...against] } } };
};

/** A booking that cannot be. */
interface Refused {
  slot: Interval;
  refusal: Refusal;
}

const conflictOf = ({ slot, refusal }: Refused): SeriesConflict => {
  const { code, reasons, conflicts_with } = refusal;
  return { ...plain(slot), code, reasons, ...(conflicts_with && { conflicts_with }) };
};

/** The refusal of a series as a whole: what is said against each booking alike and has nothing to do with its time is said once. */
function refusedFor(refused: readonly Refused[], asked: number): Refusal {
  const [first] = refused;
  const code = first?.refusal.code;
  const isSame = refused.length === asked && refused.every(({ refusal }) => refusal.code === code);
  if (first && isSame && code !== "slot_taken" && code !== "booking_refused") return first.refusal;
  const detail = `${refused.length} of ${asked} bookings cannot be.`;
  const conflicts = refused.map(conflictOf);
  return { ...refuse("series_conflicts", [reason("series_conflicts", detail)]), conflicts };
}

/** Books every instance that may be, or none when one may not be and all are asked for. */
export function reserveSeries(turn: Turn, command: Ask<"reserve_series">, call: CommandCall): Answer {
  const { holder } = call.facts;
  if (!holder || !mayTouch(call.actor, holder.member_id)) return notYours("series");
  const refused: Refused[] = [];
  const taken: AskedInstance[] = [];
  for (const instance of command.instances) {
    const refusal = against(turn, about(call, instance), instance, holder, taken.at(-1) ?? null);
    if (refusal) refused.push({ slot: instance, refusal });
    else taken.push(instance);
  }
  const [first, last] = [taken[0], taken.at(-1)];
  if (!first || !last || (refused.length > 0 && command.on_conflict === "fail")) {
    return refusedFor(refused, command.instances.length);
  }
  turn.store.people.remember(holder);
  const { series_id, rrule, local_start, timezone, duration_minutes, purpose, project_id } = command;
  const rule = { rrule, local_start, timezone, duration_minutes };
  const reservations = turn.asSeries(series_id, () =>
    taken.map((instance) => {
      const words = { purpose, project_id, metadata: "{}", external_id: null, series_id, bundle_id: null };
      const wish = wishOf(turn, holder.member_id, instance);
      if (takeUp(turn, instance.reservation_id, wish, null)) throw new Error("looked free, and was not");
      return turn.book(drafted(turn, call, holder, { id: instance.reservation_id, ...plain(instance), ...words }));
    }),
  );
  const record = beginSeries(turn, {
    id: series_id,
    member_id: holder.member_id,
    status: "active",
    ...rule,
    starts_at: first.starts_at,
    ends_at: last.ends_at,
    purpose,
    project_id,
    created_by: call.actor.id,
    continues: null,
  });
  return done({ series: { record, reservations, conflicts: refused.map(conflictOf) } });
}

/** What is said against one booking of a series; `earlier` is the one of it before. */
function against(
  turn: Turn,
  call: CommandCall,
  instance: AskedInstance,
  { member_id }: HolderFacts,
  earlier: Interval | null,
): Refusal | null {
  const { buffer_minutes } = turn.machine.policy;
  const refusal = mayHave(turn, call, instance);
  if (refusal) return refusal;
  if (earlier && overlaps(earlier, instance)) return slotTaken(plain(earlier), 0);
  const own = ownHold(turn, member_id, instance);
  const fit = check(turn, own?.id ?? instance.reservation_id, wishOf(turn, member_id, instance));
  return fit.ok ? null : slotTaken(fit.conflict, buffer_minutes);
}

/** A series with all its bookings, as it is now. */
const whole = (turn: Turn, record: SeriesRecord): SeriesOutcome => ({
  record,
  reservations: turn.store.series.bookings(record.id),
  conflicts: [],
});

/** Runs `change` on a series that exists and that the actor may touch. */
function onSeries(
  turn: Turn,
  { series_id }: { series_id: string },
  { actor }: CommandCall,
  change: (series: SeriesRecord) => Answer,
): Answer {
  const series = turn.store.series.read(series_id);
  if (!series) return notFound("series");
  if (!mayTouch(actor, series.member_id)) return notYours("series");
  return change(series);
}

const stale = (): Refusal =>
  refuse("stale_version", [reason("stale_version", "The series changed since it was read.")]);

/** A booking of the series with what it is to become. */
interface Move {
  current: ReservationRecord;
  slot: AskedInstance;
}

/** Changes the bookings that are named, all or none; with `split` they go on as another series. */
export const amendSeries = (turn: Turn, command: Ask<"amend_series">, call: CommandCall): Answer =>
  onSeries(turn, command, call, (series) => {
    const strange = aboutOwner(call.facts, series.member_id);
    if (strange) return strange;
    if (series.version !== command.if_version) return stale();
    const moves: Move[] = [];
    for (const slot of command.instances) {
      const current = turn.store.reservation(slot.reservation_id);
      if (current?.series_id !== series.id || current.version !== slot.if_version) return stale();
      if (!isLegal(current.status, "cancel")) return illegal(current.status, "amend");
      moves.push({ current, slot });
    }
    const refused = moveAll(turn, moves.filter(hasMoved), call);
    if (refused.length > 0) return refusedFor(refused, moves.length);
    const { split } = command;
    const words = definedOnly({ purpose: command.purpose, project_id: command.project_id });
    turn.asSeries(series.id, () => {
      for (const { current, slot } of moves) {
        const expires_at =
          current.status === "pending"
            ? pendingExpiry(current.created_at, slot.starts_at, turn.machine.policy)
            : current.expires_at;
        const patch = { ...plain(slot), ...words, expires_at, ...(split && { series_id: split.series_id }) };
        turn.change(current, patch, "reservation.amended");
      }
    });
    return done({
      series: whole(turn, split ? goOn(turn, series, split, words) : remain(turn, series, command, words)),
    });
  });

const hasMoved = ({ current, slot }: Move): boolean =>
  current.starts_at !== slot.starts_at || current.ends_at !== slot.ends_at;

/** Gives each booking its new time; all of them leave the old ones first. Changes nothing when there is a conflict. */
function moveAll(turn: Turn, moves: readonly Move[], call: CommandCall): Refused[] {
  const { store } = turn;
  return attempt(turn, () => {
    const held = moves.map(({ current }) => store.occupancy.of(current.id, current.ends_at));
    for (const each of held) if (each) store.occupancy.unhold(each);
    const refused = moves.flatMap((move, index) => {
      const refusal = moveOne(turn, move, call, held[index]?.buffer_ms);
      return refusal ? [{ slot: move.slot, refusal }] : [];
    });
    const isKept = refused.length === 0;
    if (isKept) for (const each of held) if (each) freed(turn, each);
    return { answer: refused, isKept };
  });
}

/** Judges the new time of a booking that holds none any more, and holds it. */
function moveOne(
  turn: Turn,
  { current, slot }: Move,
  call: CommandCall,
  buffer_ms: number | undefined,
): Refusal | null {
  const refusal = judge(turn, current, slot, about(call, slot));
  if (refusal) return refusal;
  const wish = wishOf(turn, current.member_id, slot, isWithin(slot, current) ? buffer_ms : undefined);
  const conflict = place(turn, "reservation", current.id, wish);
  return conflict && slotTaken(conflict, turn.machine.policy.buffer_minutes);
}

type Words = { purpose?: string | null; project_id?: string | null };

/** From the first booking of a series to its last. */
function reach(turn: Turn, id: string): Interval | null {
  const bookings = turn.store.series.bookings(id);
  const [first, last] = [bookings[0], bookings.at(-1)];
  return first && last ? { starts_at: first.starts_at, ends_at: last.ends_at } : null;
}

/** The series itself, once its bookings have changed. */
function remain(
  turn: Turn,
  series: SeriesRecord,
  { rule, instances }: Ask<"amend_series">,
  words: Words,
): SeriesRecord {
  const isWhole = instances.length > 1;
  const patch = { ...rule, ...(isWhole && words), ...reach(turn, series.id) };
  return changeSeries(turn, series, patch, "series.amended");
}

/** The series ends before its first changed booking, which begins another one. */
function goOn(
  turn: Turn,
  series: SeriesRecord,
  split: NonNullable<Ask<"amend_series">["split"]>,
  words: Words,
): SeriesRecord {
  const { kept, series_id, ...rule } = split;
  changeSeries(turn, series, { rrule: kept, ...reach(turn, series.id) }, null);
  const { member_id, purpose, project_id } = series;
  return beginSeries(
    turn,
    {
      id: series_id,
      member_id,
      status: "active",
      purpose,
      project_id,
      ...rule,
      ...words,
      ...(reach(turn, series_id) ?? plain(series)),
      created_by: turn.actor.id,
      continues: series.id,
    },
    "series.amended",
  );
}

/** Cancels one booking, it and the following, or all: those that may be cancelled and have not begun. */
export const cancelSeries = (turn: Turn, command: Ask<"cancel_series">, call: CommandCall): Answer =>
  onSeries(turn, command, call, (series) => {
    const bookings = turn.store.series.bookings(series.id);
    const anchor = bookings.find(({ id }) => id === command.reservation_id);
    const { scope, kept, note } = command;
    if (scope !== "all" && !anchor) return notFound("reservation");
    const isMeant = ({ id, starts_at }: ReservationRecord): boolean =>
      scope === "this" ? id === anchor?.id : starts_at >= (anchor?.starts_at ?? 0) && starts_at > turn.now;
    const ahead = bookings.filter((each) => isMeant(each) && isLegal(each.status, "cancel"));
    const [first] = ahead;
    if (!first) return illegal(anchor?.status ?? "cancelled", "cancel");
    turn.asSeries(series.id, () => {
      for (const held of ahead) {
        const counted_minutes = isTooLateToGiveBack(turn, held, call) ? held.counted_minutes : 0;
        const fee_minor = feeFor(turn, held, call);
        withdraw(turn, held, note, { counted_minutes, fee_minor, cancelled_by: cancellerOf(held, call) });
      }
    });
    const ends = scope === "following" && kept !== null ? { rrule: kept } : {};
    const patch = scope === "all" ? { status: "cancelled" as const } : ends;
    return done({ series: whole(turn, changeSeries(turn, series, patch, "series.cancelled")) });
  });
