/** Idempotency keys: what had an effect is remembered with it; a refusal changed nothing and is judged afresh. */

import type { CommandKey, CommandResult, Outcome } from "../../src/modules/equipment/port.ts";
import type { ReasonInput } from "../../src/platform/problem.ts";
import { row } from "../sql.ts";
import { refuse } from "./refusals.ts";
import { reason } from "./rules.ts";
import { reservationColumns, sessionColumns } from "./store/rows.ts";
import type { Timers } from "./timers.ts";

/** Records without the names of their fields: a key is half as long, and a booking writes fewer pages. Columns are added at the end only. */
type Packed = [
  reservation: unknown[] | null,
  session: unknown[] | null,
  cancelled: number | null,
  hold?: Outcome["hold"],
  warnings?: ReasonInput[] | null,
  series?: Outcome["series"] | null,
  outage?: Outcome["outage"],
];

function pack({ reservation, session, hold, cancelled, warnings, series, outage }: Outcome): Packed {
  const records = [
    reservation && reservationColumns.map((column) => reservation[column]),
    session && sessionColumns.map((column) => session[column]),
  ] as const;
  if (outage) return [...records, cancelled ?? null, hold, warnings ?? null, null, outage];
  if (series) return [...records, cancelled ?? null, hold, warnings ?? null, series];
  if (warnings) return [...records, cancelled ?? null, hold, warnings];
  return hold ? [...records, cancelled ?? null, hold] : [...records, cancelled ?? null];
}

const unpackRecord = <T>(columns: readonly string[], values: unknown[] | null, equipment_id: string): T | null =>
  // What was packed column by column is unpacked by the same columns.
  values &&
  ({ ...Object.fromEntries(columns.map((column, index) => [column, values[index] ?? null])), equipment_id } as T);

const unpack = (
  [reservation, session, cancelled, hold, warnings, series, outage]: Packed,
  equipment_id: string,
): Outcome => ({
  reservation: unpackRecord(reservationColumns, reservation, equipment_id),
  session: unpackRecord(sessionColumns, session, equipment_id),
  hold: hold ?? null,
  ...(cancelled !== null && { cancelled }),
  ...(warnings && { warnings }),
  ...(series && { series }),
  ...(outage && { outage }),
});

export class Keys {
  readonly #sql: SqlStorage;
  readonly #timers: Timers;
  readonly #equipment_id: string;
  /** False until a timer is known to sweep what is stored. */
  #isSwept = false;

  constructor(sql: SqlStorage, timers: Timers, equipment_id: string) {
    this.#sql = sql;
    this.#timers = timers;
    this.#equipment_id = equipment_id;
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
    return { ok: true, replayed: true, ...unpack(JSON.parse(found.result) as Packed, this.#equipment_id) };
  }

  store({ scope, key, fingerprint, ttl_ms }: CommandKey, answer: Outcome, now: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO keys (scope, key, fingerprint, result, expires_at) VALUES (?, ?, ?, ?, ?)",
      scope,
      key,
      fingerprint,
      JSON.stringify(pack(answer)),
      now + ttl_ms,
    );
    if (!this.#isSwept && this.#timers.dueOf("keys") === Number.POSITIVE_INFINITY) {
      this.#timers.set("keys", "keys", now + ttl_ms);
    }
    this.#isSwept = true;
  }

  /** Drops remembered answers about a person: they repeat what was written down with a booking. */
  forget(member_id: string): void {
    this.#sql.exec("DELETE FROM keys WHERE instr(result, ?) > 0", member_id);
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
