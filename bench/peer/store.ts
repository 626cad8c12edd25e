/** The peer's SQL: a look-up of who books what, and the booking as one statement. */
import { Pool } from "pg";

/** Who books, and the rules of the machine. */
export interface Standing {
  member_id: string;
  member_status: string;
  equipment_status: string;
  min_minutes: number;
  max_minutes: number;
  granularity_minutes: number;
  horizon_days: number;
}

export interface Booking {
  makerspace_id: string;
  id: string;
  equipment_id: string;
  member_id: string;
  starts_at: string;
  ends_at: string;
  purpose: string | null;
}

/** What the "full" peer writes besides. */
export interface Duties {
  scope: string;
  key: string;
  fingerprint: string;
  event_id: string;
  request_id: string;
}

export interface Stored {
  created_at: Date;
  version: number;
}

const STANDING = `
  SELECT m.id AS member_id, m.status AS member_status, e.status AS equipment_status,
    e.min_minutes, e.max_minutes, e.granularity_minutes, e.horizon_days
  FROM members m JOIN equipment e ON e.makerspace_id = m.makerspace_id AND e.id = $3
  WHERE m.makerspace_id = $1 AND m.user_id = $2`;

const BOOK = `
  INSERT INTO reservations (makerspace_id, id, equipment_id, member_id, status, starts_at, ends_at, purpose)
  VALUES ($1, $2, $3, $4, 'approved', $5, $6, $7) RETURNING created_at, version`;

const BOOK_AND_TELL = `
  WITH booked AS (${BOOK}),
  remembered AS (
    INSERT INTO idempotency_keys (scope, key, fingerprint, body, expires_at)
    VALUES ($8, $9, $10, $11, now() + interval '24 hours')),
  audited AS (
    INSERT INTO audit_log (makerspace_id, actor_id, action, subject_id, after)
    VALUES ($1, $12, 'reservation.created', $2, $11)),
  told AS (
    INSERT INTO outbox (makerspace_id, event_id, envelope) VALUES ($1, $13, $14))
  SELECT created_at, version FROM booked`;

export class PeerStore {
  readonly #pool: Pool;

  constructor(url: string) {
    this.#pool = new Pool({ connectionString: url, max: 10 });
    this.#pool.on("error", () => undefined); // The database went first; the next query says so.
  }

  async standing(makerspace_id: string, user_id: string, equipment_id: string): Promise<Standing | null> {
    const values = [makerspace_id, user_id, equipment_id];
    const { rows } = await this.#pool.query<Standing>({ name: "standing", text: STANDING, values });
    return rows[0] ?? null;
  }

  /** The reservation alone. @throws the exclusion constraint's error, code 23P01, when the slot is taken */
  async book(booking: Booking): Promise<Stored> {
    return this.#one({ name: "book", text: BOOK, values: valuesOf(booking) });
  }

  /** The reservation with key, audit and outbox, in one statement. @throws as `book` does */
  async bookAndTell(booking: Booking, duties: Duties): Promise<Stored> {
    const { scope, key, fingerprint, event_id, request_id } = duties;
    const body = JSON.stringify(booking);
    const envelope = JSON.stringify({ id: event_id, type: "reservation.created", v: 1, request_id, data: booking });
    const values = [...valuesOf(booking), scope, key, fingerprint, body, booking.member_id, event_id, envelope];
    return this.#one({ name: "book_and_tell", text: BOOK_AND_TELL, values });
  }

  async #one(query: { name: string; text: string; values: unknown[] }): Promise<Stored> {
    const { rows } = await this.#pool.query<Stored>(query);
    const [stored] = rows;
    if (!stored) throw new Error("nothing was written");
    return stored;
  }
}

const valuesOf = (booking: Booking): unknown[] => {
  const { makerspace_id, id, equipment_id, member_id, starts_at, ends_at, purpose } = booking;
  return [makerspace_id, id, equipment_id, member_id, starts_at, ends_at, purpose];
};

/** The SQLSTATE of a database error, if it is one. */
export const sqlState = (error: unknown): string | null =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
