/** What a board remembers. */

import type { Audience } from "../../src/modules/equipment/live.ts";
import type { FloorUpdate, TabletCredential } from "../../src/modules/equipment/port.ts";
import { row, rows } from "../sql.ts";

/** A machine on the board: its state as JSON, one per audience. */
export type BoardRow = Record<Audience, string> & { equipment_id: string; removed: 0 | 1 };

const BOARD = "equipment_id, removed, tablet, member, staff";

export class FloorStore {
  readonly #storage: DurableObjectStorage;
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#sql = storage.sql;
  }

  /** The number of the last message. */
  get seq(): number {
    return row<{ seq: number }>(this.#sql, "SELECT seq FROM counter")?.seq ?? 0;
  }

  /** Keeps the update unless a newer one came first. */
  put({ equipment_id, seq, removed, states }: FloorUpdate): boolean {
    const written = rows(
      this.#sql,
      `INSERT INTO machines (equipment_id, seq, sent_seq, removed, tablet, member, staff) VALUES (?, ?, NULL, ?, ?, ?, ?)
       ON CONFLICT (equipment_id) DO UPDATE SET seq = excluded.seq, sent_seq = NULL, removed = excluded.removed,
         tablet = excluded.tablet, member = excluded.member, staff = excluded.staff
       WHERE excluded.seq > machines.seq
       RETURNING equipment_id`,
      equipment_id,
      seq,
      Number(removed),
      states.tablet,
      states.member,
      states.staff,
    );
    return written.length > 0;
  }

  hasUnsent(): boolean {
    return rows(this.#sql, "SELECT 1 FROM machines WHERE sent_seq IS NULL LIMIT 1").length > 0;
  }

  /** What changed since the last message, under the next number. */
  takeUnsent(): BoardRow[] {
    return this.#storage.transactionSync(() => {
      const unsent = rows<BoardRow>(this.#sql, `SELECT ${BOARD} FROM machines WHERE sent_seq IS NULL`);
      if (unsent.length === 0) return [];
      this.#sql.exec("UPDATE counter SET seq = seq + 1");
      this.#sql.exec("UPDATE machines SET sent_seq = (SELECT seq FROM counter) WHERE sent_seq IS NULL");
      return unsent;
    });
  }

  /** What was sent after `seq`, or waits to be; from 0 that is the whole board. */
  since(seq: number): BoardRow[] {
    return rows<BoardRow>(
      this.#sql,
      `SELECT ${BOARD} FROM machines WHERE sent_seq IS NULL OR sent_seq > ? ORDER BY equipment_id`,
      seq,
    );
  }

  watch(equipment_id: string, watched: boolean): void {
    if (watched) this.#sql.exec("INSERT OR IGNORE INTO watched (equipment_id) VALUES (?)", equipment_id);
    else this.#sql.exec("DELETE FROM watched WHERE equipment_id = ?", equipment_id);
  }

  watched(): string[] {
    return rows<{ equipment_id: string }>(this.#sql, "SELECT equipment_id FROM watched").map(
      (each) => each.equipment_id,
    );
  }

  putTablet({ tablet_id, token_digest, equipment_ids, label }: TabletCredential): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO tablets (tablet_id, token_digest, equipment_ids, label) VALUES (?, ?, ?, ?)",
      tablet_id,
      token_digest,
      JSON.stringify(equipment_ids),
      label,
    );
  }

  tablet(tablet_id: string, token_digest: string): TabletCredential | null {
    const found = row<Omit<TabletCredential, "equipment_ids"> & { equipment_ids: string }>(
      this.#sql,
      "SELECT tablet_id, token_digest, equipment_ids, label FROM tablets WHERE tablet_id = ? AND token_digest = ?",
      tablet_id,
      token_digest,
    );
    return found && { ...found, equipment_ids: JSON.parse(found.equipment_ids) as string[] };
  }

  hasTablet(tablet_id: string): boolean {
    return this.#sql.exec("SELECT 1 FROM tablets WHERE tablet_id = ?", tablet_id).toArray().length > 0;
  }

  dropTablet(tablet_id: string): void {
    this.#sql.exec("DELETE FROM tablets WHERE tablet_id = ?", tablet_id);
  }
}
