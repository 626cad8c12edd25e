/** Reads what money depends on: the booking or walk-up with its terms, its use, and the version of the price that they name. One trip. */

import { eq, sql } from "drizzle-orm";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { CHECK_IN_OPENS_MINUTES, type Interval } from "../model.ts";
import type { PriceBook } from "../prices/model.ts";
import { bookOf } from "../prices/versions.ts";
import { reservations, sessions } from "../tables.ts";
import type { Settled } from "./owed.ts";

export interface Account {
  id: string;
  subject_type: "reservation" | "session";
  version: number;
  equipment_id: string;
  settled: Settled;
  used: Interval | null;
  book: PriceBook | null;
}

const bookJson = (of: "reservations" | "sessions") => {
  const table = sql.raw(of);
  return sql<string | null>`(
    SELECT json_object('version', v.version, 'body', v.body) FROM price_versions v
    WHERE v.makerspace_id = ${table}.makerspace_id AND v.equipment_id = ${table}.equipment_id
      AND v.version = ${table}.price ->> '$.version')`.as("book");
};

/** A booking is used from shortly before its start on, so that its sessions are found by their time. */
const use = (column: "min(s.started_at)" | "max(s.ended_at)") => sql<number | null>`(
  SELECT ${sql.raw(column)} FROM sessions s INDEXED BY sessions_by_member_and_equipment
  WHERE s.makerspace_id = reservations.makerspace_id AND s.member_id = reservations.member_id
    AND s.equipment_id = reservations.equipment_id AND s.status = 'completed'
    AND s.started_at >= reservations.starts_at - ${sql.raw(String(CHECK_IN_OPENS_MINUTES * 60_000))}
    AND s.started_at < reservations.ends_at AND s.reservation_id = reservations.id AND s.orphan = 0)`;

const bookFrom = (text: string | null): PriceBook | null =>
  text === null ? null : bookOf(JSON.parse(text) as { version: number; body: string });

/** A booking as D1 has it; null for one that is not there. */
export async function readReservationAccount(store: SpaceStore, id: string): Promise<Account | null> {
  const [row] = await store.db
    .select({
      row: reservations,
      from: use("min(s.started_at)").as("used_from"),
      to: use("max(s.ended_at)").as("used_to"),
      book: bookJson("reservations"),
    })
    .from(reservations)
    .where(store.in(reservations, eq(reservations.id, id), eq(reservations.orphan, false)));
  if (!row) return null;
  const { row: settled, from, to } = row;
  const used = from === null || to === null ? null : { starts_at: from, ends_at: to };
  const { version, equipment_id } = settled;
  return { id, subject_type: "reservation", version, equipment_id, settled, used, book: bookFrom(row.book) };
}

/** A walk-up that has ended, as a booking of the time that it took; null for anything else. */
export async function readWalkUpAccount(store: SpaceStore, id: string): Promise<Account | null> {
  const [row] = await store.db
    .select({ row: sessions, book: bookJson("sessions") })
    .from(sessions)
    .where(store.in(sessions, eq(sessions.id, id), eq(sessions.orphan, false)));
  const session = row?.row;
  if (!session || session.reservation_id !== null || session.ended_at === null) return null;
  const { started_at: starts_at, ended_at: ends_at, member_id, project_id, version, equipment_id } = session;
  const { price, counted_minutes } = session;
  const used = { starts_at, ends_at };
  const settled: Settled = {
    member_id,
    project_id,
    ...used,
    price,
    counted_minutes,
    status: "completed",
    fee_minor: null,
  };
  return { id, subject_type: "session", version, equipment_id, settled, used, book: bookFrom(row.book) };
}
