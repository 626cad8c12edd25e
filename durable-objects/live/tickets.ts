/** Single-use tickets: only their digests are stored, and taking the row is using the ticket. */

import type { Audience } from "../../src/modules/equipment/live.ts";
import { row } from "../sql.ts";

/** Who a ticket or a socket belongs to. */
export interface Viewer {
  kind: "member" | "tablet";
  id: string;
}

/** What a ticket opens. */
export interface Admission {
  audience: Audience;
  principal: Viewer;
  /** The machines a tablet may see on the board; null for all. */
  equipment_ids: string[] | null;
}

/** Part of each object's schema. */
export const ticketTable = `
CREATE TABLE tickets (
  digest TEXT NOT NULL PRIMARY KEY,
  principal TEXT NOT NULL,
  admission TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** A viewer as a tag and as a column. */
export const viewerKey = (viewer: Viewer): string => `principal:${viewer.kind}:${viewer.id}`;

export class Tickets {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  grant(digest: string, expires_at: number, admission: Admission): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO tickets (digest, principal, admission, expires_at) VALUES (?, ?, ?, ?)",
      digest,
      viewerKey(admission.principal),
      JSON.stringify(admission),
      expires_at,
    );
  }

  /** What the ticket opens, once; null when it was used, has expired or never was. */
  take(digest: string, now: number): Admission | null {
    const taken = row<{ admission: string }>(
      this.#sql,
      "DELETE FROM tickets WHERE digest = ? AND expires_at > ? RETURNING admission",
      digest,
      now,
    );
    return taken && (JSON.parse(taken.admission) as Admission);
  }

  /** Withdraws what a viewer has not used yet. */
  withdraw(viewer: Viewer): void {
    this.#sql.exec("DELETE FROM tickets WHERE principal = ?", viewerKey(viewer));
  }

  /** Drops the expired. */
  sweep(now: number): void {
    this.#sql.exec("DELETE FROM tickets WHERE expires_at <= ?", now);
  }

  /** When the next one expires. */
  dueAt(): number | null {
    return row<{ due: number | null }>(this.#sql, "SELECT min(expires_at) AS due FROM tickets")?.due ?? null;
  }
}
