/** The one row of counters and clock, kept in memory and written once per transaction. */

import { row } from "../sql.ts";

const EPOCH = 2 ** 32;

interface StateRow {
  epoch: number;
  seq: number;
  last_now: number;
  clock_offset: number;
  retired_at: number | null;
  swept_at: number;
  projected_seq: number;
  visible_seq: number;
  board_seq: number;
  board_watched: number;
  use_count: number;
  use_ms: number;
}

const columns = [
  ...["epoch", "seq", "last_now", "clock_offset", "retired_at", "swept_at", "projected_seq"],
  ...["visible_seq", "board_seq", "board_watched", "use_count", "use_ms"],
] as (keyof StateRow)[];
/** A statement per column: constants, so that each is parsed once. */
const SET = Object.fromEntries(
  columns.map((column) => [column, `UPDATE state SET ${column} = ? WHERE id = 1`]),
) as Record<keyof StateRow, string>;

export class State {
  readonly #sql: SqlStorage;
  #row: StateRow;
  #now: number;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    this.#row = this.#read();
    this.#now = this.#row.last_now;
  }

  /** Forgets what a rolled back transaction left in memory; time never goes back. */
  reload(): void {
    this.#row = this.#read();
  }

  /** The machine's own time: never goes back, not even when the host's clock does. Read once per command. */
  now(): number {
    this.#now = Math.max(Date.now() + this.#row.clock_offset, this.#now);
    return this.#now;
  }

  /** What was added to the host's clock (tests only). */
  get clockOffset(): number {
    return this.#row.clock_offset;
  }

  get retired_at(): number | null {
    return this.#row.retired_at;
  }

  /** When anybody was last swept, by the wall clock. */
  get swept_at(): number {
    return this.#row.swept_at;
  }

  /** The newest event. */
  get seq(): number {
    return this.#row.seq;
  }

  /** Events up to here are in D1. */
  get projected_seq(): number {
    return this.#row.projected_seq;
  }

  /** True while the board has not heard of the newest visible change. */
  get isBoardBehind(): boolean {
    return this.#row.board_seq < this.#row.visible_seq;
  }

  get isBoardWatched(): boolean {
    return this.#row.board_watched === 1;
  }

  /** Completed sessions and the milliseconds they took, ever. */
  get usage(): { use_count: number; use_ms: number } {
    const { use_count, use_ms } = this.#row;
    return { use_count, use_ms };
  }

  /** Counts a completed session. */
  used(ms: number): void {
    this.#set("use_count", this.#row.use_count + 1);
    this.#set("use_ms", this.#row.use_ms + ms);
  }

  /** The number of the next event. */
  nextSeq(): number {
    this.#row.seq = this.nextVersion(this.#row.seq);
    return this.#row.seq;
  }

  /** The version after `version`: counts by one, and jumps ahead when a new epoch began. */
  nextVersion(version: number): number {
    return Math.max(version, this.#row.epoch * EPOCH) + 1;
  }

  /** Writes what a transaction changed: its events' numbers, its time, and whether the board shows it; and what D1 is known to have. */
  save(now: number, isVisible: boolean): void {
    if (isVisible) this.#row.visible_seq = this.#row.seq;
    this.#row.last_now = now;
    this.#sql.exec(
      "UPDATE state SET seq = ?, last_now = ?, visible_seq = ?, projected_seq = ? WHERE id = 1",
      this.#row.seq,
      now,
      this.#row.visible_seq,
      this.#row.projected_seq,
    );
  }

  /** Writes the newest number outside of a turn. */
  saveSeq(): void {
    this.#set("seq", this.#row.seq);
  }

  retire(now: number): void {
    this.#set("retired_at", now);
  }

  swept(wall: number): void {
    this.#set("swept_at", Math.max(wall, this.#row.swept_at));
  }

  /** Notes that events up to `seq` are in D1; written with the next `save`, or by `saveProjected`. */
  projected(seq: number): void {
    this.#row.projected_seq = Math.max(seq, this.#row.projected_seq);
  }

  saveProjected(): void {
    this.#set("projected_seq", this.#row.projected_seq);
  }

  boardTold(seq: number): void {
    this.#set("board_seq", seq);
  }

  boardWatched(isWatched: boolean): void {
    this.#set("board_watched", Number(isWatched));
  }

  shiftClock(offset: number): void {
    this.#set("clock_offset", Math.round(offset));
  }

  /** Begins the epoch after the one `seen` belongs to: somebody knows numbers that this object has forgotten. */
  outrun(seen: number): void {
    this.#set("epoch", Math.max(this.#row.epoch, Math.floor(seen / EPOCH)) + 1);
  }

  #set(column: keyof StateRow, value: number): void {
    (this.#row as Record<keyof StateRow, number | null>)[column] = value;
    this.#sql.exec(SET[column], value);
  }

  #read(): StateRow {
    const found = row<StateRow>(this.#sql, "SELECT * FROM state WHERE id = 1");
    if (!found) throw new Error("the state row is missing");
    return found;
  }
}
