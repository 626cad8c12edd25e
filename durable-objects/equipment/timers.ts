/** What is due when. The object has one alarm, so this table says what it is for. */

import { row } from "../sql.ts";
import type { ClockStep } from "./schedule.ts";

/** `overrun` belongs to a session, the steps to a reservation; `refresh` and `keys` to the machine itself. */
export type TimerKind = ClockStep | "overrun" | "refresh" | "keys";

export interface Timer {
  ref: string;
  kind: TimerKind;
  due_at: number;
}

export class Timers {
  readonly #sql: SqlStorage;
  /** The earliest due, or undefined when storage has to be asked. Never later than the truth. */
  #next: number | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  reload(): void {
    this.#next = undefined;
  }

  /** When the first is due; Infinity for none. */
  get dueAt(): number {
    this.#next ??= this.first()?.due_at ?? Number.POSITIVE_INFINITY;
    return this.#next;
  }

  first(): Timer | null {
    return row<Timer>(this.#sql, "SELECT ref, kind, due_at FROM timers ORDER BY due_at, ref LIMIT 1");
  }

  /** Sets the one timer of `ref`. */
  set(ref: string, kind: TimerKind, due_at: number): void {
    this.#sql.exec("INSERT OR REPLACE INTO timers (ref, kind, due_at) VALUES (?, ?, ?)", ref, kind, due_at);
    this.#next = Math.min(this.#next ?? this.dueAt, due_at);
  }

  drop(ref: string): void {
    this.#sql.exec("DELETE FROM timers WHERE ref = ?", ref);
    this.#next = undefined;
  }

  dueOf(ref: string): number {
    const found = row<{ due_at: number }>(this.#sql, "SELECT due_at FROM timers WHERE ref = ?", ref);
    return found?.due_at ?? Number.POSITIVE_INFINITY;
  }
}
