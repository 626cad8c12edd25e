/** Idempotency keys: what had an effect is remembered with it; a refusal changed nothing and is judged afresh. */

import type { CommandKey, CommandResult } from "../../src/modules/equipment/port.ts";
import { row } from "../sql.ts";
import { type Answer, refuse } from "./refusals.ts";
import { reason } from "./rules.ts";
import type { Timers } from "./timers.ts";

export class Keys {
  readonly #sql: SqlStorage;
  readonly #timers: Timers;
  /** False until a timer is known to sweep what is stored. */
  #isSwept = false;

  constructor(sql: SqlStorage, timers: Timers) {
    this.#sql = sql;
    this.#timers = timers;
  }

  /** What the key's first use answered, marked as replayed; null for a fresh key. */
  replay(key: CommandKey, now: number): CommandResult | null {
    const found = row<{ fingerprint: string; result: string }>(
      this.#sql,
      "SELECT fingerprint, result FROM keys WHERE scope = ? AND key = ? AND expires_at > ?",
      key.scope,
      key.key,
      now,
    );
    if (!found) return null;
    if (found.fingerprint !== key.fingerprint) {
      return refuse("idempotency_mismatch", [reason("key_reused", "The key was used with another body.")]);
    }
    return { ...(JSON.parse(found.result) as Extract<Answer, { ok: true }>), replayed: true };
  }

  store({ scope, key, fingerprint, ttl_ms }: CommandKey, answer: Answer, now: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO keys (scope, key, fingerprint, result, expires_at) VALUES (?, ?, ?, ?, ?)",
      scope,
      key,
      fingerprint,
      JSON.stringify(answer),
      now + ttl_ms,
    );
    if (!this.#isSwept && this.#timers.dueOf("keys") === Number.POSITIVE_INFINITY) {
      this.#timers.set("keys", "keys", now + ttl_ms);
    }
    this.#isSwept = true;
  }

  /** Forgets what memory holds; after a rollback the timer may be gone. */
  reload(): void {
    this.#isSwept = false;
  }

  /** Drops what has expired; the next expiry, or null when nothing is left. */
  sweep(now: number): number | null {
    this.#sql.exec("DELETE FROM keys WHERE expires_at <= ?", now);
    const next = row<{ due: number | null }>(this.#sql, "SELECT min(expires_at) AS due FROM keys")?.due ?? null;
    this.#isSwept = next !== null;
    return next;
  }
}
