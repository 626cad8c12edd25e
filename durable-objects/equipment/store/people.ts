/** What the machine keeps of people: their names, for display, and who was swept lately. */

import type { HolderFacts } from "../../../src/modules/equipment/port.ts";
import { row } from "../../sql.ts";
import type { State } from "../state.ts";

const MAX_NAMES = 500;

export class People {
  readonly #sql: SqlStorage;
  readonly #state: State;
  /** Names written lately, so that the next booking of the same person need not write them again. */
  readonly #names = new Map<string, string>();

  constructor(sql: SqlStorage, state: State) {
    this.#sql = sql;
    this.#state = state;
  }

  /** Forgets what memory holds. */
  reload(): void {
    this.#names.clear();
  }

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

  /** Drops a person's name. */
  forget(member_id: string): void {
    this.#sql.exec("DELETE FROM holders WHERE member_id = ?", member_id);
    this.#names.delete(member_id);
  }

  /** Notes that facts about a member read before `wall` (wall clock) no longer count; older notes are of no use after `keep_ms`. */
  sweep(member_id: string, wall: number, keep_ms: number): void {
    this.#sql.exec("DELETE FROM member_sweeps WHERE swept_at < ?", wall - keep_ms);
    this.#sql.exec("INSERT OR REPLACE INTO member_sweeps (member_id, swept_at) VALUES (?, ?)", member_id, wall);
    this.#state.swept(wall);
  }

  /** Was this member swept after `read_at` (wall clock)? Costs nothing unless somebody was. */
  isSweptSince(member_id: string, read_at: number): boolean {
    if (read_at >= this.#state.swept_at) return false;
    const found = row<{ swept_at: number }>(
      this.#sql,
      "SELECT swept_at FROM member_sweeps WHERE member_id = ?",
      member_id,
    );
    return found !== null && read_at < found.swept_at;
  }
}
