/** What one machine remembers. Every method is synchronous: nothing can come between a look and a write. */

import { reservationStatuses } from "../../src/modules/equipment/model.ts";
import type {
  HolderFacts,
  HoldRecord,
  PolicyParts,
  ReservationRecord,
  ScheduleQuery,
  SessionRecord,
} from "../../src/modules/equipment/port.ts";
import { row, rows } from "../sql.ts";
import type { Occupancy } from "./schedule.ts";
import { State } from "./state.ts";
import { Timers } from "./timers.ts";

/** A reservation or session as stored: the machine's id is the object's own. */
export type ReservationRow = Omit<ReservationRecord, "equipment_id">;
export type SessionRow = Omit<SessionRecord, "equipment_id" | "job_successful"> & { job_successful: 0 | 1 | null };

/** Columns in the order of the INSERTs below; the projection copies the same. */
export const reservationColumns = [
  "id",
  "member_id",
  "status",
  "starts_at",
  "ends_at",
  "purpose",
  "project_id",
  "note",
  "created_by",
  "decided_by",
  "decided_at",
  "checked_in_at",
  "expires_at",
  "created_at",
  "updated_at",
  "version",
  "metadata",
  "external_id",
  "counted_minutes",
] as const satisfies readonly (keyof ReservationRow)[];

export const sessionColumns = [
  "id",
  "member_id",
  "reservation_id",
  "project_id",
  "status",
  "started_at",
  "planned_end_at",
  "ended_at",
  "ended_by",
  "overrun_at",
  "collides_with",
  "job_successful",
  "output_quality",
  "notes",
  "created_at",
  "updated_at",
  "version",
  "counted_minutes",
] as const satisfies readonly (keyof SessionRow)[];

const list = (columns: readonly string[]): string => columns.join(", ");
const marks = (columns: readonly string[]): string => columns.map(() => "?").join(", ");
/** Everything but the id may change. */
const upsert = (table: string, columns: readonly string[]): string => {
  const changes = columns.slice(1).map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${table} (${list(columns)}) VALUES (${marks(columns)})
    ON CONFLICT (id) DO UPDATE SET ${list(changes)}`;
};

const RESERVATION = list(reservationColumns);
const SESSION = list(sessionColumns);
const OCCUPANCY = "blocked_from, blocked_to, starts_at, ends_at, kind, id, member_id, buffer_ms";
const PUT_RESERVATION = upsert("reservations", reservationColumns);
const PUT_SESSION = upsert("sessions", sessionColumns);
// Statements are constants: the runtime keeps a prepared one per string it has seen, and a string built anew is parsed anew.
const RESERVATION_BY_ID = `SELECT ${RESERVATION} FROM reservations WHERE id = ?`;
const SESSION_BY_ID = `SELECT ${SESSION} FROM sessions WHERE id = ?`;
const OPEN_SESSION = `SELECT ${SESSION} FROM sessions WHERE status = 'active'`;
const BEFORE = `SELECT ${OCCUPANCY} FROM occupancy WHERE blocked_from < ? AND id <> ? ORDER BY blocked_from DESC LIMIT 1`;
const AFTER = `SELECT ${OCCUPANCY} FROM occupancy WHERE blocked_from >= ? AND id <> ? ORDER BY blocked_from LIMIT 1`;
const BETWEEN = `SELECT ${OCCUPANCY} FROM occupancy WHERE blocked_from >= ? AND blocked_from < ? AND blocked_to > ?
  ORDER BY blocked_from LIMIT ?`;
const HOLD = `INSERT INTO occupancy (${OCCUPANCY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const HOLD_UNGUARDED = HOLD.replace("INSERT", "INSERT OR REPLACE");
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
/** Of a member, what is over. */
export const OVER_RESERVATIONS =
  "FROM reservations WHERE member_id = ? AND status NOT IN ('pending', 'approved', 'active')";
export const OVER_SESSIONS = "FROM sessions WHERE member_id = ? AND status = 'completed'";
/** LIMIT -1 is none. */
const UNLIMITED = -1;
const HOLD_FIELDS = "id, member_id, starts_at, ends_at, expires_at, renewals, created_at, seq";
const MAX_NAMES = 500;

export class Store {
  readonly state: State;
  readonly timers: Timers;
  /** Set by a mutant only: what the schedule says is not heeded. */
  isUnguarded = false;
  readonly #sql: SqlStorage;
  /** Names written lately, so that the next booking of the same person need not write them again. */
  readonly #names = new Map<string, string>();
  /** The session past its plan, or null; undefined when storage has to be asked. Every booking asks. */
  #overrun: Pick<SessionRecord, "id" | "member_id"> | null | undefined;

  constructor(
    readonly storage: DurableObjectStorage,
    readonly equipment_id: string,
  ) {
    this.#sql = storage.sql;
    this.state = new State(this.#sql);
    this.timers = new Timers(this.#sql);
  }

  /** Forgets what memory holds; after a rollback storage knows better. */
  reload(): void {
    this.state.reload();
    this.undone();
  }

  /** A part of the transaction was rolled back: what memory knows of timers, names and sessions may be of it. */
  undone(): void {
    this.timers.reload();
    this.#names.clear();
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

  // Occupancy: `but` names a reservation or session that is looked past, because it is about to move.

  /** The last occupancy that begins before `at`. */
  before(at: number, but = ""): Occupancy | null {
    return row<Occupancy>(this.#sql, BEFORE, at, but);
  }

  /** The first occupancy that begins at or past `at`. */
  after(at: number, but = ""): Occupancy | null {
    return row<Occupancy>(this.#sql, AFTER, at, but);
  }

  /** What a reservation or session holds. It ends with its holder's slot and nothing begins inside, so it is the one before that end. */
  occupancyOf(id: string, ends_at: number): Occupancy | null {
    const found = this.before(ends_at);
    return found?.id === id ? found : null;
  }

  /** Everything that blocks a part of [from, to), oldest first. */
  occupancies(from: number, to: number, limit = UNLIMITED): Occupancy[] {
    const first = this.before(from);
    return rows<Occupancy>(this.#sql, BETWEEN, first?.blocked_from ?? from, to, from, limit);
  }

  hold(held: Occupancy): void {
    const { blocked_from, blocked_to, starts_at, ends_at, kind, id, member_id, buffer_ms } = held;
    const insert = this.isUnguarded ? HOLD_UNGUARDED : HOLD;
    this.#sql.exec(insert, blocked_from, blocked_to, starts_at, ends_at, kind, id, member_id, buffer_ms);
  }

  /** Moves the end of what an occupancy blocks. */
  blockTo(held: Occupancy, blocked_to: number): void {
    this.#sql.exec("UPDATE occupancy SET blocked_to = ? WHERE blocked_from = ?", blocked_to, held.blocked_from);
  }

  unhold(held: Occupancy): void {
    this.#sql.exec("DELETE FROM occupancy WHERE blocked_from = ?", held.blocked_from);
  }

  /** Drops what blocks nothing any more. Rows are in order of time, so only the few that have begun are read. */
  dropPast(now: number): void {
    this.#sql.exec("DELETE FROM occupancy WHERE blocked_from < ? AND blocked_to <= ?", now, now);
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
      this.before(from)?.blocked_from ?? from,
    );
    return found.map((each) => ({ ...each, equipment_id: this.equipment_id }));
  }

  // Holds

  holdOf(id: string): HoldRecord | null {
    const found = row<Omit<HoldRecord, "equipment_id">>(this.#sql, `SELECT ${HOLD_FIELDS} FROM holds WHERE id = ?`, id);
    return found && { ...found, equipment_id: this.equipment_id };
  }

  /** Every hold, or those of one member. */
  holds(member_id: string | null): HoldRecord[] {
    const found = rows<Omit<HoldRecord, "equipment_id">>(
      this.#sql,
      `SELECT ${HOLD_FIELDS} FROM holds WHERE ?1 IS NULL OR member_id = ?1 ORDER BY id`,
      member_id,
    );
    return found.map((each) => ({ ...each, equipment_id: this.equipment_id }));
  }

  putHold({ id, member_id, starts_at, ends_at, expires_at, renewals, created_at, seq }: HoldRecord): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO holds (${HOLD_FIELDS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      id,
      member_id,
      starts_at,
      ends_at,
      expires_at,
      renewals,
      created_at,
      seq,
    );
  }

  dropHold(id: string): void {
    this.#sql.exec("DELETE FROM holds WHERE id = ?", id);
  }

  // People

  remember({ member_id, first_name, last_name, hide_name }: HolderFacts): void {
    const name = `${Number(hide_name)}${first_name}\n${last_name}`;
    if (this.#names.get(member_id) === name) return;
    this.#sql.exec(
      "INSERT OR REPLACE INTO holders (member_id, first_name, last_name, hide_name) VALUES (?, ?, ?, ?)",
      member_id,
      first_name,
      last_name,
      Number(hide_name),
    );
    if (this.#names.size >= MAX_NAMES) this.#names.clear();
    this.#names.set(member_id, name);
  }

  holder(member_id: string): HolderFacts | null {
    const found = row<Omit<HolderFacts, "hide_name"> & { hide_name: 0 | 1 }>(
      this.#sql,
      "SELECT member_id, first_name, last_name, hide_name FROM holders WHERE member_id = ?",
      member_id,
    );
    return found && { ...found, hide_name: found.hide_name === 1 };
  }

  /** Drops a person's name, and what was written down with their bookings and sessions. Answers those that have changed. */
  forget(member_id: string): Record<"reservation" | "session", { id: string; version: number }[]> {
    this.#sql.exec("DELETE FROM holders WHERE member_id = ?", member_id);
    this.#names.delete(member_id);
    return {
      reservation: rows(this.#sql, EMPTY_RESERVATIONS, member_id),
      session: rows(this.#sql, EMPTY_SESSIONS, member_id),
    };
  }

  /** Deletes the bookings and sessions of a person that are over. */
  purge(member_id: string): void {
    for (const [kind, theirs] of [
      ["reservation", OVER_RESERVATIONS],
      ["session", OVER_SESSIONS],
    ] as const) {
      this.#sql.exec(`DELETE FROM resend WHERE kind = ? AND id IN (SELECT id ${theirs})`, kind, member_id);
      this.#sql.exec(`DELETE ${theirs}`, member_id);
    }
  }

  /** Notes that facts about a member read before `wall` (wall clock) no longer count; older notes are of no use after `keep_ms`. */
  sweep(member_id: string, wall: number, keep_ms: number): void {
    this.#sql.exec("DELETE FROM member_sweeps WHERE swept_at < ?", wall - keep_ms);
    this.#sql.exec("INSERT OR REPLACE INTO member_sweeps (member_id, swept_at) VALUES (?, ?)", member_id, wall);
    this.state.swept(wall);
  }

  /** Was this member swept after `read_at` (wall clock)? Costs nothing unless somebody was. */
  isSweptSince(member_id: string, read_at: number): boolean {
    if (read_at >= this.state.swept_at) return false;
    const found = row<{ swept_at: number }>(
      this.#sql,
      "SELECT swept_at FROM member_sweeps WHERE member_id = ?",
      member_id,
    );
    return found !== null && read_at < found.swept_at;
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
