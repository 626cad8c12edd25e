/** Events on their way: written with their change, read by the flusher and by sockets that resume. */

import { rows } from "../sql.ts";
import type { EventBody } from "./events.ts";
import {
  type OutageRow,
  outageColumns,
  type ReservationRow,
  reservationColumns,
  type SessionRow,
  sessionColumns,
} from "./store/rows.ts";
import { type SeriesRow, seriesColumns } from "./store/series.ts";
import type { Store } from "./store.ts";

/** Live sockets can resume over this many events, at least. */
export const RING = 500;

/** The ring is cut back once in so many events: each cut writes pages at its other end. */
const TRIM_EVERY = 64;

/** At most this many rows of each kind, and events, go to D1 in one batch. */
export const CHUNK = 100;

/** A deterministic refusal of D1 is repeated this often before the row or event is parked. */
export const MAX_TRIES = 5;

/** What one flush takes along. */
export interface Pending {
  reservations: ReservationRow[];
  sessions: SessionRow[];
  series: SeriesRow[];
  outages: OutageRow[];
  events: { seq: number; body: string }[];
}

/** True when there may be more than one flush takes along. */
export const isFull = ({ reservations, sessions, series, outages, events }: Pending): boolean =>
  Math.max(reservations.length, sessions.length, series.length, outages.length, events.length) >= CHUNK;

/** The rows that events told of, or `resend` names. */
export type RowKind = "reservation" | "session" | "series" | "outage";
const tables = { reservation: "reservations", session: "sessions", series: "series", outage: "outages" } as const;

export const isEmpty = ({ reservations, sessions, series, outages, events }: Pending): boolean =>
  reservations.length + sessions.length + series.length + outages.length + events.length === 0;

/** The same event under another number; the row it tells of is the same. */
const renumbered = (body: EventBody, seq: number): EventBody => {
  const [of] = body.envelope.id.split(":");
  return { ...body, seq, envelope: { ...body.envelope, id: `${of}:${seq}` } };
};

/** What every flush asks: constants, so that each is parsed once. A LIMIT that is bound would be planned anew each time. */
const UNTOLD = `SELECT seq, body, subject_type FROM events WHERE seq > ? AND projected = 1 ORDER BY seq LIMIT ${CHUNK}`;
const statementsOf = (kind: RowKind, columns: readonly string[]) => ({
  told: `SELECT ${columns.join(", ")} FROM ${tables[kind]} WHERE id IN (
    SELECT subject_id FROM events WHERE seq > ? AND seq <= ? AND projected = 1 AND subject_type = '${kind}')`,
  resent: `SELECT ${columns.join(", ")} FROM ${tables[kind]} WHERE id IN (
    SELECT id FROM resend WHERE kind = '${kind}' ORDER BY id LIMIT ${CHUNK})`,
});
const STATEMENTS = {
  reservation: statementsOf("reservation", reservationColumns),
  session: statementsOf("session", sessionColumns),
  series: statementsOf("series", seriesColumns),
  outage: statementsOf("outage", outageColumns),
};
const HAS_PENDING = `SELECT EXISTS (SELECT 1 FROM resend)
  OR EXISTS (SELECT 1 FROM events WHERE seq > ? AND projected = 1) AS pending`;
/** True of a row that has yet to go to D1, for a statement whose first parameter is the newest event told. */
export const IS_UNSENT =
  "(id IN (SELECT subject_id FROM events WHERE seq > ?1 AND projected = 1) OR id IN (SELECT id FROM resend))";

export class Outbox {
  readonly #store: Store;
  readonly #sql: SqlStorage;
  /** True while D1 has refused something that it has not accepted since. */
  #hasRefusals: boolean;
  /** Up to here nothing waits for D1, whatever is only for sockets. */
  #clearUpTo = 0;
  /** False when no row waits in `resend`. */
  #resends: boolean;
  /** What D1 has and storage does not know of yet. */
  #told: Pending | null = null;

  constructor(store: Store) {
    this.#store = store;
    this.#sql = store.storage.sql;
    this.#hasRefusals = this.#hasAny("parked");
    this.#resends = this.#hasAny("resend");
  }

  /** True when something waits for D1. */
  hasPending(): boolean {
    const [found] = rows<{ pending: number }>(this.#sql, HAS_PENDING, this.#store.state.projected_seq);
    return found?.pending === 1;
  }

  /** Live-only events are kept for the ring and never projected. */
  add(body: EventBody, isProjected: boolean): void {
    const { type, id } = body.envelope.subject;
    this.#sql.exec(
      "INSERT INTO events (seq, projected, subject_type, subject_id, body) VALUES (?, ?, ?, ?, ?)",
      body.seq,
      Number(isProjected),
      type,
      id,
      JSON.stringify(body),
    );
    if (body.seq % TRIM_EVERY === 0) this.#trim();
  }

  /** A row that goes to D1 though no event tells of its change. */
  resend(kind: RowKind, { id, version }: { id: string; version: number }): void {
    this.#sql.exec("INSERT OR REPLACE INTO resend (kind, id, version) VALUES (?, ?, ?)", kind, id, version);
    this.#resends = true;
  }

  /** The machine's totals, as D1 shows them, and the newest number it has given out. */
  totals(): { use_count: number; use_ms: number; newest_seq: number } {
    const { usage, seq } = this.#store.state;
    return { ...usage, newest_seq: seq };
  }

  /**
   * D1 has seen `seen`. An object that has not given out that number was set back: it begins a new epoch, and what it has not told D1
   * yet gets new numbers and versions, so that its word counts. Returns false when the object knows the number.
   */
  outrun(seen: number): boolean {
    const { state, storage } = this.#store;
    if (seen <= state.seq) return false;
    this.settle();
    storage.transactionSync(() => {
      const untold = rows<{ seq: number; body: string }>(
        this.#sql,
        "SELECT seq, body FROM events WHERE seq > ? AND projected = 1 ORDER BY seq",
        state.projected_seq,
      );
      const told = state.projected_seq;
      state.outrun(seen);
      for (const table of Object.values(tables)) {
        this.#sql.exec(`UPDATE ${table} SET version = ?2 WHERE ${IS_UNSENT}`, told, state.nextVersion(0));
      }
      // The ring goes with the old numbers: whoever resumes gets a snapshot.
      this.#sql.exec("DELETE FROM events");
      for (const { body } of untold) this.add(renumbered(JSON.parse(body) as EventBody, state.nextSeq()), true);
      state.saveSeq();
    });
    return true;
  }

  /** The oldest events that D1 has not seen, and the newest state of the rows that they are about. */
  pending(): Pending {
    this.settle();
    const events = rows<{ seq: number; body: string; subject_type: string }>(
      this.#sql,
      UNTOLD,
      Math.max(this.#store.state.projected_seq, this.#clearUpTo),
    );
    if (events.length === 0) this.#clearUpTo = this.#store.state.seq;
    const kinds = new Set(events.map((event) => event.subject_type));
    const last = events.at(-1)?.seq ?? 0;
    return {
      reservations: this.#rowsOf<ReservationRow>("reservation", kinds, last),
      sessions: this.#rowsOf<SessionRow>("session", kinds, last),
      series: this.#rowsOf<SeriesRow>("series", kinds, last),
      outages: this.#rowsOf<OutageRow>("outage", kinds, last),
      events,
    };
  }

  #rowsOf<Row extends { id: string }>(kind: RowKind, told: Set<string>, last: number): Row[] {
    const { told: named, resent } = STATEMENTS[kind];
    const found = told.has(kind) ? rows<Row>(this.#sql, named, this.#store.state.projected_seq, last) : [];
    if (!this.#resends) return found;
    const ids = new Set(found.map((row) => row.id));
    return [...found, ...rows<Row>(this.#sql, resent).filter((row) => !ids.has(row.id))];
  }

  /**
   * D1 has these. Storage hears of it with the machine's next change, or from the alarm: a commit of its own would cost as much as a
   * booking. If it is forgotten on the way they go once more, and D1 takes nothing twice.
   */
  projected(told: Pending): void {
    this.settle();
    this.#told = told;
    if (this.#hasRefusals) this.settle();
  }

  /** True while storage does not know what D1 has. */
  get isUnsettled(): boolean {
    return this.#told !== null;
  }

  /** Notes in storage what D1 has. */
  settle(): void {
    if (!this.#told) return;
    this.note();
    this.#store.state.saveProjected();
  }

  /** The same for whoever saves the machine's state next: rows that did not change meanwhile are sent, events past the ring go. */
  note(): void {
    const told = this.#told;
    if (!told) return;
    const { reservations, sessions, series, outages, events } = told;
    // No transaction of its own: a part of this is as true as the whole, and a savepoint copies every page that it touches.
    if (this.#resends) {
      this.#sent("reservation", reservations);
      this.#sent("session", sessions);
      this.#sent("series", series);
      this.#sent("outage", outages);
      this.#resends = this.#hasAny("resend");
    }
    const last = events.at(-1);
    if (last) this.#eventsDone(last.seq);
    if (this.#hasRefusals) {
      for (const { id } of reservations) this.#accepted("reservation", id);
      for (const { id } of sessions) this.#accepted("session", id);
      for (const { id } of series) this.#accepted("series", id);
      for (const { id } of outages) this.#accepted("outage", id);
      for (const { seq } of events) this.#accepted("event", String(seq));
      this.#hasRefusals = this.#hasAny("parked");
    }
    this.#told = null;
  }

  #hasAny(table: "parked" | "resend"): boolean {
    return rows(this.#sql, `SELECT 1 FROM ${table} LIMIT 1`).length > 0;
  }

  #sent(kind: RowKind, sent: { id: string; version: number }[]): void {
    for (const { id, version } of sent) {
      this.#sql.exec("DELETE FROM resend WHERE kind = ? AND id = ? AND version <= ?", kind, id, version);
    }
  }

  #eventsDone(seq: number): void {
    this.#store.state.projected(seq);
  }

  /** Forgets what is past the ring and in D1, or was never to go there. */
  #trim(): void {
    const { state } = this.#store;
    this.#sql.exec(
      "DELETE FROM events WHERE seq <= ? AND (seq <= ? OR projected = 0)",
      state.seq - RING,
      state.projected_seq,
    );
  }

  /**
   * D1 refuses this row or event for what it is. A row goes again with the next batches; after the fifth time it is parked: not sent
   * any more, or passed over, and kept until D1 takes it. An event is kept whole, because the ring forgets it.
   * Returns true when it was.
   */
  refused(
    kind: RowKind | "event",
    ref: string,
    version: number,
    { error, body }: { error: string; body: string | null },
    wall: number,
  ): boolean {
    this.#hasRefusals = true;
    return this.#store.storage.transactionSync(() => {
      const [counted] = rows<{ tries: number }>(
        this.#sql,
        `INSERT INTO parked (kind, ref, tries, error, body, updated_at) VALUES (?, ?, 1, ?, ?, ?)
         ON CONFLICT (kind, ref) DO UPDATE SET tries = tries + 1, error = excluded.error, updated_at = excluded.updated_at
         RETURNING tries`,
        kind,
        ref,
        error,
        body,
        wall,
      );
      const isParked = (counted?.tries ?? 0) >= MAX_TRIES;
      if (kind !== "event") {
        if (isParked) this.#sent(kind, [{ id: ref, version }]);
        else this.resend(kind, { id: ref, version });
      } else if (isParked) {
        this.#eventsDone(version);
        this.#store.state.saveProjected();
      }
      return isParked;
    });
  }

  /** Events that were passed over, oldest first. */
  parkedEvents(): { seq: number; body: string }[] {
    return rows(
      this.#sql,
      `SELECT CAST(ref AS INTEGER) AS seq, body FROM parked WHERE kind = 'event' AND tries >= ? AND body IS NOT NULL
       ORDER BY CAST(ref AS INTEGER)`,
      MAX_TRIES,
    );
  }

  /** D1 has taken a parked event after all. */
  taken(seq: number): void {
    this.#accepted("event", String(seq));
  }

  /** Lets parked rows try once more: the next refusal parks them again. True when there are any. */
  offerParkedRows(): boolean {
    const parked = rows<{ kind: RowKind; ref: string }>(
      this.#sql,
      "SELECT kind, ref FROM parked WHERE kind <> 'event' AND tries >= ?",
      MAX_TRIES,
    );
    for (const { kind, ref } of parked) {
      // The newest version, whatever it was when D1 refused.
      const [found] = rows<{ id: string; version: number }>(
        this.#sql,
        `SELECT id, version FROM ${tables[kind]} WHERE id = ?`,
        ref,
      );
      if (found) this.resend(kind, found);
    }
    return this.#resends;
  }

  /** How much D1 refuses. */
  parkedCount(): number {
    const [counted] = rows<{ parked: number }>(
      this.#sql,
      "SELECT count(*) AS parked FROM parked WHERE tries >= ?",
      MAX_TRIES,
    );
    return counted?.parked ?? 0;
  }

  #accepted(kind: RowKind | "event", ref: string): void {
    this.#sql.exec("DELETE FROM parked WHERE kind = ? AND ref = ?", kind, ref);
  }

  /** Events after `seq`, oldest first, or null when the ring does not reach that far back. */
  since(seq: number): EventBody[] | null {
    const newest = this.#store.state.seq;
    if (seq > newest) return null;
    const gap = rows<{ seq: number; body: string }>(
      this.#sql,
      "SELECT seq, body FROM events WHERE seq >= ? ORDER BY seq LIMIT ?",
      seq,
      RING + 1,
    );
    // Further back than the ring is long, though D1 has yet to take it: a snapshot is shorter.
    if (gap.length > RING) return null;
    // Numbers follow each other, so whoever still holds the one the client saw holds all that came after it.
    if (gap[0]?.seq !== seq) return null;
    return gap.slice(1).map(({ body }) => JSON.parse(body) as EventBody);
  }
}
