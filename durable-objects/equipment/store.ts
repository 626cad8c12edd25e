/** What one machine remembers. Every method is synchronous: nothing can come between a look and a write. */

import { reservationStatuses } from "../../src/modules/equipment/model.ts";
import type { PolicyParts, ReservationRecord, ScheduleQuery, SessionRecord } from "../../src/modules/equipment/port.ts";
import { row, rows } from "../sql.ts";
import { State } from "./state.ts";
import { Bundles } from "./store/bundles.ts";
import { Holds } from "./store/holds.ts";
import { Occupancies } from "./store/occupancies.ts";
import { Offers } from "./store/offers.ts";
import { Outages } from "./store/outages.ts";
import { People } from "./store/people.ts";
import { PriceBooks } from "./store/price-books.ts";
import {
  OVER_RESERVATIONS,
  OVER_SESSIONS,
  type ReservationRow,
  reservationColumns,
  type SessionRow,
  sessionColumns,
} from "./store/rows.ts";
import { SERIES_OF, SeriesStore } from "./store/series.ts";
import { listOf, upsertOf } from "./store/statements.ts";
import { Timers } from "./timers.ts";

const RESERVATION = listOf(reservationColumns);
const SESSION = listOf(sessionColumns);
const PUT_RESERVATION = upsertOf("reservations", reservationColumns);
const PUT_SESSION = upsertOf("sessions", sessionColumns);
// Statements are constants: the runtime keeps a prepared one per string it has seen, and a string built anew is parsed anew.
const RESERVATION_BY_ID = `SELECT ${RESERVATION} FROM reservations WHERE id = ?`;
const SESSION_BY_ID = `SELECT ${SESSION} FROM sessions WHERE id = ?`;
const OPEN_SESSION = `SELECT ${SESSION} FROM sessions WHERE status = 'active'`;
const HOLDING = `SELECT ${reservationColumns.map((column) => `r.${column}`).join(", ")}
  FROM occupancy AS o JOIN reservations AS r ON r.id = o.id
  WHERE o.blocked_from >= ?4 AND o.blocked_to > ?1 AND r.status IN ('pending', 'approved', 'active')
    AND (?2 IS NULL OR o.member_id = ?2)
  ORDER BY o.blocked_from LIMIT ?3`;
const PAGE_OF_STATUS = `SELECT ${RESERVATION} FROM reservations
  WHERE status = ?5 AND (starts_at, id) > (?1, ?2) AND starts_at < ?3 ORDER BY starts_at, id LIMIT ?4`;
const EMPTY_RESERVATIONS = `UPDATE reservations SET purpose = NULL, note = NULL, metadata = '{}', external_id = NULL, version = version + 1
  WHERE member_id = ? AND (purpose IS NOT NULL OR note IS NOT NULL OR metadata <> '{}' OR external_id IS NOT NULL)
  RETURNING id, version`;
const EMPTY_SESSIONS = `UPDATE sessions SET notes = NULL, version = version + 1 WHERE member_id = ? AND notes IS NOT NULL
  RETURNING id, version`;
/** LIMIT -1 is none. */
const UNLIMITED = -1;

export class Store {
  readonly state: State;
  readonly timers: Timers;
  readonly occupancy: Occupancies;
  readonly holds: Holds;
  readonly outages: Outages;
  readonly people: People;
  readonly offers: Offers;
  readonly series: SeriesStore;
  readonly prices: PriceBooks;
  readonly bundles: Bundles;
  readonly #sql: SqlStorage;
  /** The session past its plan, or null; undefined when storage has to be asked. Every booking asks. */
  #overrun: Pick<SessionRecord, "id" | "member_id"> | null | undefined;

  constructor(
    readonly storage: DurableObjectStorage,
    readonly equipment_id: string,
  ) {
    this.#sql = storage.sql;
    this.state = new State(this.#sql);
    this.timers = new Timers(this.#sql);
    this.occupancy = new Occupancies(this.#sql);
    this.holds = new Holds(this.#sql, equipment_id);
    this.outages = new Outages(this.#sql, equipment_id);
    this.bundles = new Bundles(this.#sql);
    this.people = new People(this.#sql, this.state);
    this.offers = new Offers(this.#sql, equipment_id);
    this.series = new SeriesStore(this.#sql, equipment_id);
    this.prices = new PriceBooks(this.#sql);
  }

  /** Forgets what memory holds; after a rollback storage knows better. */
  reload(): void {
    this.state.reload();
    this.undone();
  }

  /** A part of the transaction was rolled back: what memory knows of timers, names and sessions may be of it. */
  undone(): void {
    this.timers.reload();
    this.people.reload();
    this.outages.reload();
    this.offers.reload();
    this.#overrun = undefined;
  }

  // Reservations

  reservation(id: string): ReservationRecord | null {
    const found = row<ReservationRow>(this.#sql, RESERVATION_BY_ID, id);
    return found && { ...found, equipment_id: this.equipment_id };
  }

  /** A page of the schedule, by (starts_at, id). */
  reservations({ starts_from, starts_to, statuses, after, limit }: ScheduleQuery): ReservationRecord[] {
    // No id is empty, so that the first page begins with what starts at `starts_from`.
    const [from, id] = after && after.starts_at >= starts_from ? [after.starts_at, after.id] : [starts_from, ""];
    const range = [from, id, starts_to, limit] as const;
    // One walk of an index for each status, so that what is read grows with the page; merged, they are in order.
    const found = [...new Set(statuses ?? reservationStatuses)].flatMap((status) =>
      rows<ReservationRow>(this.#sql, PAGE_OF_STATUS, ...range, status),
    );
    found.sort((a, b) => a.starts_at - b.starts_at || (a.id < b.id ? -1 : 1));
    return found.slice(0, limit).map((each) => ({ ...each, equipment_id: this.equipment_id }));
  }

  /** Bookings that still hold time after `from`, oldest first; of one member if named. */
  holding(from: number, member_id: string | null, limit = UNLIMITED): ReservationRecord[] {
    const found = rows<ReservationRow>(
      this.#sql,
      HOLDING,
      from,
      member_id,
      limit,
      // What began before the last one that began before is over.
      this.occupancy.before(from)?.blocked_from ?? from,
    );
    return found.map((each) => ({ ...each, equipment_id: this.equipment_id }));
  }

  putReservation(record: ReservationRecord): void {
    this.#sql.exec(PUT_RESERVATION, ...reservationColumns.map((column) => record[column]));
  }

  // Sessions

  session(id: string): SessionRecord | null {
    const found = row<SessionRow>(this.#sql, SESSION_BY_ID, id);
    return found && this.#sessionRecord(found);
  }

  openSession(): SessionRecord | null {
    const found = row<SessionRow>(this.#sql, OPEN_SESSION);
    return found && this.#sessionRecord(found);
  }

  putSession(record: SessionRecord): void {
    const { job_successful } = record;
    const stored = { ...record, job_successful: job_successful === null ? null : Number(job_successful) };
    this.#sql.exec(PUT_SESSION, ...sessionColumns.map((column) => stored[column]));
    // One is open at a time, so this one settles it.
    this.#overrun = record.status === "active" && record.overrun_at !== null ? record : null;
  }

  /** Who uses the machine past their plan, or null. */
  get overrun(): Pick<SessionRecord, "id" | "member_id"> | null {
    if (this.#overrun === undefined) {
      const open = this.openSession();
      this.#overrun = open && open.overrun_at !== null ? open : null;
    }
    return this.#overrun;
  }

  /** Notes that the holder of a booking is told of the overrun; false when they were. */
  tell(reservation_id: string): boolean {
    const written = this.#sql.exec("INSERT OR IGNORE INTO told (reservation_id) VALUES (?)", reservation_id);
    return written.rowsWritten > 0;
  }

  forgetTold(): void {
    this.#sql.exec("DELETE FROM told");
  }

  #sessionRecord(stored: SessionRow): SessionRecord {
    const { job_successful } = stored;
    return {
      ...stored,
      equipment_id: this.equipment_id,
      job_successful: job_successful === null ? null : job_successful === 1,
    };
  }

  // People

  /** Drops a person's name, and what was written down with their bookings and sessions. Answers those that have changed. */
  forget(member_id: string): Record<"reservation" | "session" | "series", { id: string; version: number }[]> {
    this.people.forget(member_id);
    this.bundles.forget(member_id);
    return {
      reservation: rows(this.#sql, EMPTY_RESERVATIONS, member_id),
      session: rows(this.#sql, EMPTY_SESSIONS, member_id),
      series: this.series.forget(member_id),
    };
  }

  /** Deletes the bookings and sessions of a person that are over. */
  purge(member_id: string): void {
    for (const [kind, theirs] of [
      ["series", SERIES_OF],
      ["reservation", OVER_RESERVATIONS],
      ["session", OVER_SESSIONS],
    ] as const) {
      this.#sql.exec(`DELETE FROM resend WHERE kind = ? AND id IN (SELECT id ${theirs})`, kind, member_id);
      this.#sql.exec(`DELETE ${theirs}`, member_id);
    }
  }

  // Policy

  parts(): Partial<PolicyParts> {
    const found = rows<{ part: string; body: string }>(this.#sql, "SELECT part, body FROM parts");
    return Object.fromEntries(found.map(({ part, body }) => [part, JSON.parse(body)])) as Partial<PolicyParts>;
  }

  putPart(part: keyof PolicyParts, version: number, body: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO parts (part, version, body) VALUES (?, ?, ?)", part, version, body);
  }
}
