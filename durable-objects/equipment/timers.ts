/** What is due when. The object has one alarm, so this table says what it is for. */

import { row } from "../sql.ts";
import type { ClockStep } from "./schedule.ts";

/** `overrun` belongs to a session, `let_go` to a hold, `lapse_offer` to an offer, `ask` and `confirm` to a bundle, the steps to a reservation; `refresh` and `keys` to the machine itself. */
export type TimerKind = ClockStep | "overrun" | "let_go" | "lapse_offer" | "ask" | "confirm" | "refresh" | "keys";

export interface Timer {
  ref: string;
  kind: TimerKind;
  due_at: number;
}

export class Timers {
  readonly #sql: SqlStorage;
  /** The earliest due, or undefined when storage has to be asked. Never later than the truth. */
  #next: number | undefined;
  /** What was asked for by `dueOf`: the machine's own two, asked on every command. */
  readonly #known = new Map<string, number>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Forgets what memory holds. */
  reload(): void {
    this.#next = undefined;
    this.#known.clear();
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
    this.#next = Math.min(this.dueAt, due_at);
    if (this.#known.has(ref)) this.#known.set(ref, due_at);
  }

  /** The timer of `ref`, or null. */
  of(ref: string): Timer | null {
    return row<Timer>(this.#sql, "SELECT ref, kind, due_at FROM timers WHERE ref = ?", ref);
  }

  drop(ref: string): void {
    this.#sql.exec("DELETE FROM timers WHERE ref = ?", ref);
    this.#next = undefined;
    this.#known.delete(ref);
  }

  /** When the timer of `ref` is due; Infinity when there is none. */
  dueOf(ref: string): number {
    let due = this.#known.get(ref);
    if (due === undefined) {
      const found = row<{ due_at: number }>(this.#sql, "SELECT due_at FROM timers WHERE ref = ?", ref);
      due = found?.due_at ?? Number.POSITIVE_INFINITY;
      this.#known.set(ref, due);
    }
    return due;
  }
}
