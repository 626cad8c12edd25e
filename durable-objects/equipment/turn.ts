/**
 * One transaction at one instant: the only way to change what a machine holds. A command or a clock step looks through `store`,
 * decides, and writes through the verbs here, which keep occupancy, timers and events in step with the rows.
 */

import type { ReservationEventType, SessionEventType } from "../../src/modules/equipment/events.ts";
import { holdsSlot, type Interval, minutesOf } from "../../src/modules/equipment/model.ts";
import type { CommandActor, HoldRecord, ReservationRecord, SessionRecord } from "../../src/modules/equipment/port.ts";
import type { ReasonInput } from "../../src/platform/problem.ts";
import { DAY, MINUTE } from "../../src/platform/time.ts";
import {
  type EventBody,
  type EventType,
  type HoldEventType,
  holdData,
  type MachineEventType,
  reservationData,
  sessionData,
} from "./events.ts";
import type { Keys } from "./keys.ts";
import type { Machine } from "./machine.ts";
import type { Outbox } from "./outbox.ts";
import {
  clockStep,
  countedMinutes,
  type Fit,
  fits,
  type Occupancy,
  type OccupancyKind,
  restoredEnd,
  type Wish,
} from "./schedule.ts";
import { isInTheWay, reachedAt } from "./sessions.ts";
import type { Store } from "./store.ts";

/** The board and the sockets show what happens within this. */
export const WINDOW_MS = DAY;

/** The timer that shows on the board what time alone has changed. */
export const REFRESH = "refresh";

export type TurnActor = Pick<CommandActor, "kind" | "id">;

/** Who acts when nobody does. */
export const CLOCK: TurnActor = { kind: "system", id: "clock" };

/** What a turn works on. */
export interface World {
  store: Store;
  keys: Keys;
  outbox: Outbox;
  machine: Machine;
}

export class Turn {
  /** What happened, oldest first. */
  readonly events: EventBody[] = [];
  /** True when the board shows a part of it. */
  isVisible = false;
  /** True when a row changed of which no event tells: it goes to D1 all the same. */
  #isSilent = false;
  /** Reasons that staff have passed over: the audit says so. */
  readonly overridden = new Set<string>();
  /** What was said against somebody and let them through: the answer says so. */
  readonly warnings: ReasonInput[] = [];

  constructor(
    readonly world: World,
    readonly now: number,
    readonly actor: TurnActor,
    readonly request_id: string,
  ) {}

  get store(): Store {
    return this.world.store;
  }

  get machine(): Machine {
    return this.world.machine;
  }

  // Reservations

  /** Writes a new reservation and what the clock will do with it. */
  book(
    fields: Omit<ReservationRecord, "version" | "equipment_id" | "created_at" | "updated_at" | "counted_minutes">,
  ): ReservationRecord {
    const record: ReservationRecord = {
      ...fields,
      counted_minutes: minutesOf(fields),
      equipment_id: this.store.equipment_id,
      created_at: this.now,
      updated_at: this.now,
      version: this.store.state.nextVersion(0),
    };
    this.store.putReservation(record);
    this.armFor(record);
    this.#reservationEvent("reservation.created", null, record);
    return record;
  }

  /** Writes a changed reservation. Its timer follows a change of status or time. */
  change(
    before: ReservationRecord,
    patch: Partial<Omit<ReservationRecord, "id" | "equipment_id" | "version">>,
    type: ReservationEventType,
  ): ReservationRecord {
    const version = this.store.state.nextVersion(before.version);
    const changed: ReservationRecord = { ...before, ...patch, updated_at: this.now, version };
    const after = { ...changed, counted_minutes: patch.counted_minutes ?? countedMinutes(changed) };
    this.store.putReservation(after);
    const hasMoved = after.starts_at !== before.starts_at || after.ends_at !== before.ends_at;
    const hasOnlyNewEnd = after.status === before.status && after.starts_at === before.starts_at;
    if (hasMoved || after.status !== before.status) this.armFor(after, hasOnlyNewEnd);
    this.#reservationEvent(type, before, after);
    return after;
  }

  /** Sets the timer that the reservation's status asks for under today's policy, or none. `keepsGrace`: one that runs goes on as it is. */
  armFor(record: ReservationRecord, keepsGrace = false): void {
    const { timers } = this.store;
    const step = clockStep(record, this.machine.policy, this.now);
    if (!step) return timers.drop(record.id);
    const running = keepsGrace && step.kind === "miss" && record.starts_at < this.now ? timers.of(record.id) : null;
    timers.set(record.id, step.kind, running?.kind === "miss" ? this.#graceEnd(record, running.due_at) : step.due_at);
  }

  /** A grace that was cut at the old end reaches as far as it would have; moving the end gives no second one. */
  #graceEnd({ starts_at, ends_at }: ReservationRecord, running: number): number {
    return Math.min(Math.max(running, starts_at + this.machine.policy.grace_minutes * MINUTE), ends_at);
  }

  // Sessions

  open(
    fields: Pick<SessionRecord, "id" | "member_id" | "reservation_id" | "project_id" | "planned_end_at">,
  ): SessionRecord {
    const record: SessionRecord = {
      ...fields,
      equipment_id: this.store.equipment_id,
      status: "active",
      started_at: this.now,
      ended_at: null,
      ended_by: null,
      overrun_at: null,
      collides_with: null,
      job_successful: null,
      output_quality: null,
      notes: null,
      created_at: this.now,
      updated_at: this.now,
      version: this.store.state.nextVersion(0),
      counted_minutes:
        fields.reservation_id === null ? minutesOf({ starts_at: this.now, ends_at: fields.planned_end_at }) : 0,
    };
    this.store.putSession(record);
    this.store.timers.set(record.id, "overrun", record.planned_end_at);
    this.#sessionEvent("session.started", null, record);
    return record;
  }

  /** Writes a changed session; without a type nobody is told but those who see its booking change. */
  changeSession(
    before: SessionRecord,
    patch: Partial<Omit<SessionRecord, "id" | "equipment_id" | "version">>,
    type: SessionEventType | null,
    more: { next_reservation_id?: string; next_member_id?: string } = {},
  ): SessionRecord {
    const version = this.store.state.nextVersion(before.version);
    const after: SessionRecord = { ...before, ...patch, updated_at: this.now, version };
    this.store.putSession(after);
    if (after.status === "completed") {
      this.store.timers.drop(after.id);
      this.store.forgetTold();
      this.store.state.used((after.ended_at ?? this.now) - after.started_at);
    } else if (after.planned_end_at !== before.planned_end_at) {
      this.store.timers.set(after.id, "overrun", after.planned_end_at);
    }
    if (type) this.#sessionEvent(type, before, after, more);
    else {
      this.#isSilent = true;
      this.world.outbox.resend("session", after);
    }
    return after;
  }

  // Holds

  /** Writes a hold, and when the clock lets it go. */
  keep(hold: Omit<HoldRecord, "seq">, type: "hold.created" | "hold.renewed"): HoldRecord {
    this.#holdEvent(type, hold);
    const kept = { ...hold, seq: this.store.state.seq };
    this.store.putHold(kept);
    this.store.timers.set(kept.id, "let_go", kept.expires_at);
    return kept;
  }

  /** Ends a hold and frees its slot. */
  letGo(hold: HoldRecord, type: "hold.released" | "hold.expired"): void {
    this.release(hold.id, hold.ends_at);
    this.forgetHold(hold);
    this.#holdEvent(type, hold);
  }

  /** Ends a hold whose slot a booking has taken over. */
  forgetHold({ id }: HoldRecord): void {
    this.store.dropHold(id);
    this.store.timers.drop(id);
  }

  // Occupancy

  /** The slot that a member's booking holds; with today's buffer, unless it has one already. */
  wishOf(
    member_id: string | null,
    { starts_at, ends_at }: Interval,
    buffer_ms = this.machine.policy.buffer_minutes * MINUTE,
  ): Wish {
    return { member_id, starts_at, ends_at, buffer_ms };
  }

  /** Would the wish fit, looking past what `id` holds now? The conflict, or what to write. */
  check(id: string, wish: Wish): Fit {
    // Without a buffer nothing reaches past the end, so that what follows is not looked at.
    const after = wish.buffer_ms > 0 ? this.store.after(wish.ends_at, id) : null;
    const fitting = fits(wish, this.store.before(wish.ends_at, id), after);
    if (fitting.ok || !this.store.isUnguarded) return fitting;
    return { ok: true, blocked_to: wish.ends_at + wish.buffer_ms, trim_before: null };
  }

  /**
   * Holds the wish for a reservation or walk-up, in place of `held`, what it held so far; or answers the plain interval it clashes with
   * and changes nothing. `from` is where it blocks, when that is not its start.
   */
  place(
    kind: OccupancyKind,
    id: string,
    wish: Wish,
    held: Occupancy | null = null,
    from = wish.starts_at,
  ): Interval | null {
    const fitting = this.check(held?.id ?? id, { ...wish, starts_at: from });
    if (!fitting.ok) return fitting.conflict;
    const { member_id, buffer_ms, starts_at, ends_at } = wish;
    if (held) this.store.unhold(held);
    if (fitting.trim_before !== null) {
      const before = this.store.before(from);
      if (before) this.store.blockTo(before, fitting.trim_before);
    }
    const { blocked_to } = fitting;
    const occupancy = { kind, id, member_id, buffer_ms, starts_at, ends_at, blocked_from: from, blocked_to };
    // Cut back to this very instant, it holds nothing.
    if (blocked_to > from) this.store.hold(occupancy);
    if (held) this.freed(held);
    this.#meetsOverrun(occupancy);
    return null;
  }

  /** What is newly held may be in the way of a session past its plan: its timer comes when that is near. */
  #meetsOverrun(held: Occupancy): void {
    const { overrun, timers } = this.store;
    if (!overrun || !isInTheWay(overrun, held, this.now)) return;
    const due = Math.max(this.now, reachedAt(held));
    if (due < timers.dueOf(overrun.id)) timers.set(overrun.id, "overrun", due);
  }

  /** Gives up what a reservation or session holds, all of it. */
  release(id: string, ends_at: number): void {
    const held = this.store.occupancyOf(id, ends_at);
    if (!held) return;
    this.store.unhold(held);
    this.freed(held);
  }

  /** Ends what a session or its reservation holds now: what stays is the use since `started_at`, for the sake of its buffer. */
  cutShort(id: string, started_at: number, ends_at: number): void {
    const held = this.store.occupancyOf(id, ends_at);
    if (!held || held.ends_at <= this.now) return;
    const blocked_to = Math.min(this.now + held.buffer_ms, held.blocked_to);
    this.store.unhold(held);
    if (blocked_to > this.now) this.store.hold({ ...held, starts_at: started_at, ends_at: this.now, blocked_to });
    this.freed({ blocked_from: Math.max(this.now, held.blocked_from), blocked_to: held.blocked_to });
  }

  /**
   * Time that nobody holds any more, whatever the reason. The booking before it had given up its buffer for a next one of the same
   * member; when that one has gone, the buffer comes back.
   */
  freed(stretch: Pick<Occupancy, "blocked_from" | "blocked_to">): void {
    const before = this.store.before(stretch.blocked_from);
    if (before && before.blocked_to < before.ends_at + before.buffer_ms) {
      const blocked_to = restoredEnd(before, this.store.after(before.ends_at, before.id));
      if (blocked_to > before.blocked_to) this.store.blockTo(before, blocked_to);
    }
    this.#shows(stretch.blocked_from);
  }

  // The world

  /** Something about the machine itself: for live sockets and the board, not for D1. */
  announce(type: MachineEventType): void {
    this.isVisible = true;
    const subject = { type: "equipment", id: this.store.equipment_id, version: 0 };
    this.#emit(type, subject, {}, null, false);
  }

  /** Comes after another turn of the same transaction. */
  follow(earlier: Turn): void {
    this.events.unshift(...earlier.events);
    this.isVisible ||= earlier.isVisible;
    this.#isSilent ||= earlier.#isSilent;
  }

  /** False when there is nothing to save and nothing to tell. */
  get hasChanged(): boolean {
    return this.events.length > 0 || this.#isSilent;
  }

  /** Writes the counters, once, last; and what D1 is known to have, now that there is a commit anyway. */
  save(): void {
    if (!this.hasChanged) return;
    this.world.outbox.note();
    this.store.state.save(this.now, this.isVisible);
  }

  #reservationEvent(type: ReservationEventType, before: ReservationRecord | null, after: ReservationRecord): void {
    this.#shows(Math.min(after.starts_at, before?.starts_at ?? after.starts_at));
    if (holdsSlot(after.status)) this.#showsLater(after);
    const subject = { type: "reservation", id: after.id, version: after.version };
    this.#emit(type, subject, reservationData(after), before && reservationData(before), true);
  }

  #holdEvent(type: HoldEventType, hold: Omit<HoldRecord, "seq">): void {
    this.#shows(hold.starts_at);
    this.#emit(type, { type: "hold", id: hold.id, version: 0 }, holdData(hold), null, false);
  }

  #sessionEvent(
    type: SessionEventType,
    before: SessionRecord | null,
    after: SessionRecord,
    more: { next_reservation_id?: string; next_member_id?: string } = {},
  ): void {
    this.isVisible = true;
    const subject = { type: "session", id: after.id, version: after.version };
    this.#emit(type, subject, { ...sessionData(after), ...more }, before && sessionData(before), true);
  }

  #emit(
    type: EventType,
    subject: EventBody["envelope"]["subject"],
    data: Record<string, unknown>,
    before: Record<string, unknown> | null,
    isProjected: boolean,
  ): void {
    const seq = this.store.state.nextSeq();
    const overridden = this.overridden.size > 0 && isProjected ? { overridden: [...this.overridden] } : {};
    const envelope: EventBody["envelope"] = {
      id: `${this.store.equipment_id}:${seq}`,
      type,
      v: 1,
      makerspace_id: this.machine.makerspace_id,
      subject,
      actor_id: this.actor.id,
      request_id: this.request_id,
      occurred_at: this.now,
      data: { ...data, ...overridden },
    };
    const body: EventBody = { seq, actor_kind: this.actor.kind, envelope, before };
    this.world.outbox.add(body, isProjected);
    this.events.push(body);
  }

  /** A change that begins at `from` shows if that is within the window. */
  #shows(from: number): void {
    if (from < this.now + WINDOW_MS) this.isVisible = true;
  }

  /** Time alone will change what is shown: when the booking comes into the window, when it begins, when it ends. */
  #showsLater({ starts_at, ends_at }: Interval): void {
    const { timers } = this.store;
    const at = [starts_at - WINDOW_MS + 1, starts_at, ends_at].find((time) => time > this.now);
    if (at !== undefined && at < timers.dueOf(REFRESH)) timers.set(REFRESH, "refresh", at);
  }
}
