/** Who holds which stretch of the machine: rows that never overlap. */

import { row, rows } from "../../sql.ts";
import type { Occupancy, OccupancyKind } from "../schedule.ts";

const OCCUPANCY = "blocked_from, blocked_to, starts_at, ends_at, kind, id, member_id, buffer_ms";
const BEFORE = `SELECT ${OCCUPANCY} FROM occupancy WHERE blocked_from < ? AND id <> ? ORDER BY blocked_from DESC LIMIT 1`;
const AFTER = `SELECT ${OCCUPANCY} FROM occupancy WHERE blocked_from >= ? AND id <> ? ORDER BY blocked_from LIMIT 1`;
const BETWEEN = `SELECT ${OCCUPANCY} FROM occupancy WHERE blocked_from >= ? AND blocked_from < ? AND blocked_to > ?
  ORDER BY blocked_from LIMIT ?`;
const HOLD = `INSERT INTO occupancy (${OCCUPANCY}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const HOLD_UNGUARDED = HOLD.replace("INSERT", "INSERT OR REPLACE");
/** LIMIT -1 is none. */
const UNLIMITED = -1;

export class Occupancies {
  readonly #sql: SqlStorage;
  /** Set by a mutant only: what the schedule says is not heeded. */
  isUnguarded = false;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  // `but` names a reservation or session that is looked past, because it is about to move.

  /** The last occupancy that begins before `at`. */
  before(at: number, but = ""): Occupancy | null {
    return row<Occupancy>(this.#sql, BEFORE, at, but);
  }

  /** The first occupancy that begins at or past `at`. */
  after(at: number, but = ""): Occupancy | null {
    return row<Occupancy>(this.#sql, AFTER, at, but);
  }

  /** What a reservation or session holds. It ends with its holder's slot and nothing begins inside, so it is the one before that end. */
  of(id: string, ends_at: number): Occupancy | null {
    const found = this.before(ends_at);
    return found?.id === id ? found : null;
  }

  /** Everything that blocks a part of [from, to), oldest first. */
  between(from: number, to: number, limit = UNLIMITED): Occupancy[] {
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

  /** Makes one kind of occupancy another, in the same place. */
  become(id: string, ends_at: number, kind: OccupancyKind): void {
    const held = this.of(id, ends_at);
    if (held) this.#sql.exec("UPDATE occupancy SET kind = ? WHERE blocked_from = ?", kind, held.blocked_from);
  }

  unhold(held: Occupancy): void {
    this.#sql.exec("DELETE FROM occupancy WHERE blocked_from = ?", held.blocked_from);
  }

  /** Drops what blocks nothing any more. Rows are in order of time, so only the few that have begun are read. */
  dropPast(now: number): void {
    this.#sql.exec("DELETE FROM occupancy WHERE blocked_from < ? AND blocked_to <= ?", now, now);
  }
}
