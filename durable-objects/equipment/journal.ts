/** What a transaction has to tell: its events, numbered, whether the board shows it, and what the audit and the answer say of it. */

import type {
  DisplacementData,
  OfferEventType,
  OutageEventType,
  ReservationEventType,
  SeriesEventType,
  SessionEventType,
} from "../../src/modules/equipment/events.ts";
import { holdsSlot, type Interval } from "../../src/modules/equipment/model.ts";
import type {
  CommandActor,
  HoldRecord,
  OfferRecord,
  OutageRecord,
  ReservationRecord,
  SeriesRecord,
  SessionRecord,
} from "../../src/modules/equipment/port.ts";
import type { Pricing } from "../../src/modules/equipment/prices/model.ts";
import type { ReasonInput } from "../../src/platform/problem.ts";
import { DAY } from "../../src/platform/time.ts";
import {
  type EventBody,
  type EventType,
  type HoldEventType,
  holdData,
  type MachineEventType,
  offerData,
  outageData,
  reservationData,
  seriesData,
  sessionData,
} from "./events.ts";
import type { Keys } from "./keys.ts";
import type { Machine } from "./machine.ts";
import { turnsAt } from "./outages.ts";
import type { Outbox } from "./outbox.ts";
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

/** Whom a session that runs over meets next. */
export interface NextUp {
  next_reservation_id?: string;
  next_member_id?: string;
}

export class Journal {
  /** What happened, oldest first. */
  readonly events: EventBody[] = [];
  /** True when the board shows a part of it. */
  isVisible = false;
  /** True when a row changed of which no event tells: it goes to D1 all the same. */
  #isSilent = false;
  /** The series for which steps are taken now, and how many. */
  #series: { id: string; steps: number } | null = null;
  /** What has become free, for those who wait. */
  #freed: Interval[] = [];
  /** Reasons that staff have passed over: the audit says so. */
  readonly overridden = new Set<string>();
  /** What was said against somebody and let them through: the answer says so. */
  readonly warnings: ReasonInput[] = [];
  /** By which new bookings are priced; null where nobody is charged. */
  pricing: Pricing | null = null;

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

  /** Something about the machine itself: for live sockets and the board, not for D1. */
  announce(type: MachineEventType): void {
    this.isVisible = true;
    const subject = { type: "equipment", id: this.store.equipment_id, version: 0 };
    this.#emit(type, subject, {}, null, false);
  }

  /** Comes after another turn of the same transaction. */
  follow(earlier: Journal): void {
    this.events.unshift(...earlier.events);
    this.isVisible ||= earlier.isVisible;
    this.#isSilent ||= earlier.#isSilent;
  }

  /** False when there is nothing to save and nothing to tell. */
  get hasChanged(): boolean {
    return this.events.length > 0 || this.#isSilent;
  }

  /** A session or series changed and nobody is told. */
  silently(kind: "session" | "series", changed: { id: string; version: number }): void {
    this.#isSilent = true;
    this.world.outbox.resend(kind, changed);
  }

  /** Steps that are taken for a series as a whole: it is the series that people are told of. */
  asSeries<T>(id: string, work: () => T): T {
    this.#series = { id, steps: 0 };
    return work();
  }

  /** A series was made or changed; with it, the bookings that `asSeries` was about. */
  seriesEvent(type: SeriesEventType, before: SeriesRecord | null, after: SeriesRecord): void {
    const subject = { type: "series", id: after.id, version: after.version };
    const steps = this.#series?.steps ?? 0;
    this.#emit(type, subject, seriesData(after, steps), before && seriesData(before, steps), true);
  }

  /** Time has become free. Costs nothing where nobody waits. */
  noteFreed(stretch: Interval): void {
    if (this.store.offers.isAwaited) this.#freed.push(stretch);
  }

  /** What has become free since this was asked last. */
  takeFreed(): Interval[] {
    return this.#freed.splice(0);
  }

  /** Something becomes of freed time that somebody waits for. */
  offerEvent(type: OfferEventType, offer: OfferRecord, reservation_id?: string): void {
    this.shows(offer.starts_at);
    this.#emit(type, { type: "offer", id: offer.id, version: 0 }, offerData(offer, reservation_id), null, true);
  }

  /** Writes the counters, once, last; and what D1 is known to have, now that there is a commit anyway. */
  save(): void {
    if (!this.hasChanged) return;
    this.world.outbox.note();
    this.store.state.save(this.now, this.isVisible);
  }

  /** A reservation was made or changed. */
  reservationEvent(
    type: ReservationEventType,
    before: ReservationRecord | null,
    after: ReservationRecord,
    more: DisplacementData = {},
  ): void {
    this.shows(Math.min(after.starts_at, before?.starts_at ?? after.starts_at));
    if (holdsSlot(after.status)) this.#showsLater(after);
    const subject = { type: "reservation", id: after.id, version: after.version };
    if (this.#series) this.#series.steps++;
    const data = { ...reservationData(after), ...more, ...(this.#series && { series_id: this.#series.id }) };
    this.#emit(type, subject, data, before && reservationData(before), true);
  }

  /** A slot is kept, or no longer. */
  holdEvent(type: HoldEventType, hold: Omit<HoldRecord, "seq">): void {
    this.shows(hold.starts_at);
    this.#emit(type, { type: "hold", id: hold.id, version: 0 }, holdData(hold), null, false);
  }

  /** The machine goes out of service, or not when it was to. */
  outageEvent(type: OutageEventType, before: OutageRecord | null, after: OutageRecord): void {
    this.shows(Math.min(after.starts_at, before?.starts_at ?? after.starts_at));
    const next = turnsAt(after, this.machine.zone, this.now);
    const { timers } = this.store;
    if (next < timers.dueOf(REFRESH)) timers.set(REFRESH, "refresh", next);
    const subject = { type: "outage", id: after.id, version: after.version };
    this.#emit(type, subject, outageData(after), before && outageData(before), true);
  }

  /** A session began, changed or ended. */
  sessionEvent(type: SessionEventType, before: SessionRecord | null, after: SessionRecord, more: NextUp = {}): void {
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
  shows(from: number): void {
    if (from < this.now + WINDOW_MS) this.isVisible = true;
  }

  /** Time alone will change what is shown: when the booking comes into the window, when it begins, when it ends. */
  #showsLater({ starts_at, ends_at }: Interval): void {
    const { timers } = this.store;
    const at = [starts_at - WINDOW_MS + 1, starts_at, ends_at].find((time) => time > this.now);
    if (at !== undefined && at < timers.dueOf(REFRESH)) timers.set(REFRESH, "refresh", at);
  }
}
