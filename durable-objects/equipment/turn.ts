/**
 * One transaction at one instant: the only way to change what a machine holds. A command or a clock step looks through `store`,
 * decides, and writes through the verbs here, which keep occupancy, timers and events in step with the rows.
 */

import type { DisplacementData, ReservationEventType, SessionEventType } from "../../src/modules/equipment/events.ts";
import { minutesOf } from "../../src/modules/equipment/model.ts";
import type { OutageRecord, ReservationRecord, SessionRecord } from "../../src/modules/equipment/port.ts";
import { MINUTE } from "../../src/platform/time.ts";
import { Journal, type NextUp } from "./journal.ts";
import { freeze, reprice } from "./prices.ts";
import { clockStep, countedMinutes } from "./schedule.ts";
import type { Draft } from "./store/bundles.ts";

export class Turn extends Journal {
  // Reservations

  /** Writes a new reservation and what the clock will do with it. */
  book(draft: Draft): ReservationRecord {
    const record: ReservationRecord = {
      ...draft,
      counted_minutes: minutesOf(draft),
      price: freeze(this.store.prices, this.machine, this.pricing, draft, this.now),
      fee_minor: null,
      equipment_id: this.store.equipment_id,
      created_at: this.now,
      updated_at: this.now,
      version: this.store.state.nextVersion(0),
    };
    this.store.putReservation(record);
    this.armFor(record);
    this.reservationEvent("reservation.created", null, record);
    return record;
  }

  /** Writes a changed reservation. Its timer follows a change of status or time. */
  change(
    before: ReservationRecord,
    patch: Partial<Omit<ReservationRecord, "id" | "equipment_id" | "version">>,
    type: ReservationEventType,
    more: DisplacementData = {},
  ): ReservationRecord {
    const version = this.store.state.nextVersion(before.version);
    const changed: ReservationRecord = { ...before, ...patch, updated_at: this.now, version };
    const hasMoved = changed.starts_at !== before.starts_at || changed.ends_at !== before.ends_at;
    const isRepriced = hasMoved || changed.project_id !== before.project_id;
    const price = isRepriced ? reprice(this.store.prices, this.machine, before.price, changed) : before.price;
    const after = { ...changed, price, counted_minutes: patch.counted_minutes ?? countedMinutes(changed) };
    this.store.putReservation(after);
    const hasOnlyNewEnd = after.status === before.status && after.starts_at === before.starts_at;
    if (hasMoved || after.status !== before.status) this.armFor(after, hasOnlyNewEnd);
    this.reservationEvent(type, before, after, more);
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
    const slot = { ...fields, starts_at: this.now, ends_at: fields.planned_end_at };
    const isWalkUp = fields.reservation_id === null;
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
      counted_minutes: isWalkUp ? minutesOf(slot) : 0,
      price: isWalkUp ? freeze(this.store.prices, this.machine, this.pricing, slot, this.now) : null,
    };
    this.store.putSession(record);
    this.store.timers.set(record.id, "overrun", record.planned_end_at);
    this.sessionEvent("session.started", null, record);
    return record;
  }

  /** Writes a changed session; without a type nobody is told but those who see its booking change. */
  changeSession(
    before: SessionRecord,
    patch: Partial<Omit<SessionRecord, "id" | "equipment_id" | "version">>,
    type: SessionEventType | null,
    more: NextUp = {},
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
    if (type) this.sessionEvent(type, before, after, more);
    else this.silently("session", after);
    return after;
  }

  // Outages

  /** Writes a new or a changed outage. */
  keepOutage(
    before: OutageRecord | null,
    fields: Omit<OutageRecord, "equipment_id" | "created_at" | "updated_at" | "version">,
  ): OutageRecord {
    const after: OutageRecord = {
      ...fields,
      equipment_id: this.store.equipment_id,
      created_at: before?.created_at ?? this.now,
      updated_at: this.now,
      version: this.store.state.nextVersion(before?.version ?? 0),
    };
    this.store.outages.put(after);
    const type = before === null ? "outage.created" : after.status === "lifted" ? "outage.lifted" : "outage.amended";
    this.outageEvent(type, before, after);
    return after;
  }
}
