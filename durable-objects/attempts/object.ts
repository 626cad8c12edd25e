/**
 * Counts attempts at one guessable thing, exactly: the rate binding counts per location and roughly. One object per code or address.
 * It is there while it counts: what anybody may call into being goes again with its last attempt.
 */

import { DurableObject } from "cloudflare:workers";
import type { Attempt, AttemptsPort } from "../../src/platform/attempts.ts";
import { isMigrated, type Migration, migrate, row } from "../sql.ts";

const migrations: readonly Migration[] = [
  {
    id: 1,
    name: "attempts",
    sql: "CREATE TABLE attempts (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;",
  },
];

export class AttemptsObject extends DurableObject implements AttemptsPort {
  async take(limit: number, window_ms: number): Promise<Attempt> {
    const now = Date.now();
    const { sql } = this.ctx.storage;
    if (!isMigrated(this.ctx.storage)) migrate(this.ctx.storage, migrations);
    return this.ctx.storage.transactionSync(() => {
      sql.exec("DELETE FROM attempts WHERE at <= ?", now - window_ms);
      const counted = row<{ taken: number; first: number | null }>(
        sql,
        "SELECT count(*) AS taken, min(at) AS first FROM attempts",
      );
      const { taken = 0, first = null } = counted ?? {};
      if (taken >= limit) {
        return { allowed: false, retry_after: Math.max(1, Math.ceil(((first ?? now) + window_ms - now) / 1_000)) };
      }
      sql.exec("INSERT INTO attempts (at) VALUES (?)", now);
      void this.ctx.storage.setAlarm(now + window_ms);
      return { allowed: true, retry_after: 0 };
    });
  }

  async ping(): Promise<boolean> {
    return this.ctx.storage.sql.exec("SELECT 1 AS one").one().one === 1;
  }

  /** The newest attempt has left its window: nothing is worth keeping. */
  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }
}
