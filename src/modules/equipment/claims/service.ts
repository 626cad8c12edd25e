/**
 * Claims: what a limit across machines counts before the machine is asked, so that of any number who ask at once no more get through than
 * the plan allows. D1 decides in one statement; the machine's row takes the claim's place in the batch that brings it home.
 */

import { type SQL, sql } from "drizzle-orm";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { sha256 } from "../../../platform/ids.ts";
import { describeError, log } from "../../../platform/log.ts";
import type { ReasonInput } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { reservationStatuses } from "../model.ts";
import { type CountedLimits, type Cycle, type Demand, exceeded, type Used } from "./demand.ts";

/** Who claims what, under which limits. */
export interface Claimant {
  member_id: string;
  equipment_id: string;
  limits: CountedLimits;
  cycle: Cycle;
  /** Staff book past the limits; what they book counts all the same. */
  isForced: boolean;
}

/** A claim that was asked for. */
export interface Claim {
  member_id: string;
  equipment_id: string;
  key: string;
  /** Null when it was refused; otherwise the id to book under: a retry gets that of its first try. */
  booking_id: string | null;
  /** The limits in the way. With a forced claim: those passed over. */
  reasons: ReasonInput[];
}

/** The same for the same request, so that a retry finds its claim. Without an Idempotency-Key every request is another. */
export function claimKey({ key }: Space, booking_id: string, settled_by: number): Promise<string> {
  return sha256(
    key ? `${key.scope}\n${key.key}\n${key.fingerprint}` : `${booking_id}\n${settled_by}\n${crypto.randomUUID()}`,
  );
}

const statuses = sql.raw(reservationStatuses.map((status) => `'${status}'`).join(", "));

/** What a member has booked: rows, and claims that are on their way, but for one claim. Each sum walks an index of the member's own. */
const usedBy = (makerspace_id: string, claimant: Claimant, key: string) => {
  const { member_id, equipment_id, cycle } = claimant;
  const mine = sql`makerspace_id = ${makerspace_id} AND member_id = ${member_id}`;
  const inCycle = (column: "starts_at" | "started_at") =>
    sql`${sql.raw(column)} >= ${cycle.from} AND ${sql.raw(column)} < ${cycle.to}`;
  const claims = (column: "bookings" | "minutes") =>
    sql`SELECT coalesce(sum(${sql.raw(column)}), 0) FROM booking_claims WHERE ${mine} AND NOT (equipment_id = ${equipment_id} AND key = ${key})`;
  return {
    bookings: sql`((SELECT count(*) FROM reservations WHERE ${mine} AND status IN ('pending', 'approved', 'active') AND orphan = 0)
      + (${claims("bookings")}))`,
    minutes: sql`((SELECT coalesce(sum(counted_minutes), 0) FROM reservations
        WHERE ${mine} AND status IN (${statuses}) AND ${inCycle("starts_at")} AND orphan = 0)
      + (SELECT coalesce(sum(counted_minutes), 0) FROM sessions
        WHERE ${mine} AND status IN ('active', 'completed') AND ${inCycle("started_at")} AND orphan = 0)
      + (${claims("minutes")} AND ${inCycle("starts_at")}))`,
  };
};

/**
 * Asks D1 for room under the limits: one trip. A claim that a first try of the same request has left is taken over with its id.
 * @param decide_before epoch milliseconds: the machine decides nothing for this claim after that
 * @throws whatever D1 throws; nothing is known then, and the sweep looks after what may be left
 */
export async function takeClaim(
  { store, id: makerspace_id }: Space,
  claimant: Claimant,
  key: string,
  demand: Demand,
  decide_before: number,
): Promise<Claim> {
  const { member_id, equipment_id, limits, cycle, isForced } = claimant;
  const used = usedBy(makerspace_id, claimant, key);
  const { kind, booking_id, settled_by, bookings, minutes, starts_at } = demand;
  const [most_bookings, most_minutes] = isForced ? [null, null] : [limits.max_open_bookings, limits.minutes_per_cycle];
  const isMine = sql`makerspace_id = ${makerspace_id} AND member_id = ${member_id} AND equipment_id = ${equipment_id} AND key = ${key}`;
  const insert = sql`
    INSERT INTO booking_claims (makerspace_id, member_id, equipment_id, key, kind, booking_id, settled_by, bookings, minutes, starts_at,
                                waiting, decide_before, created_at)
    SELECT ${makerspace_id}, ${member_id}, ${equipment_id}, ${key}, ${kind}, ${booking_id}, ${settled_by}, ${bookings}, ${minutes},
           ${starts_at}, 0, ${decide_before}, ${Date.now()}
    WHERE EXISTS (SELECT 1 FROM members WHERE makerspace_id = ${makerspace_id} AND id = ${member_id} AND status = 'active')
      AND (${most_bookings} IS NULL OR ${bookings} = 0 OR ${used.bookings} + ${bookings} <= ${most_bookings})
      AND (${most_minutes} IS NULL OR ${minutes} = 0 OR ${used.minutes} + ${minutes} <= ${most_minutes})
    ON CONFLICT DO NOTHING`;
  const join = sql`UPDATE booking_claims SET waiting = waiting + 1, decide_before = max(decide_before, ${decide_before})
    WHERE ${isMine} RETURNING booking_id`;
  const look = sql`SELECT ${used.bookings} AS bookings, ${used.minutes} AS minutes`;
  const [, joined, looked] = await together(store, insert, join, look);
  const [row] = (joined?.results ?? []) as { booking_id: string }[];
  const [now] = (looked?.results ?? []) as Used[];
  const reasons = now && (isForced || !row) ? exceeded(limits, demand, now, cycle) : [];
  return { member_id, equipment_id, key, booking_id: row?.booking_id ?? null, reasons };
}

/** Statements as one batch: Drizzle's own cannot bind the parameters of raw SQL on D1. */
const together = ({ db, d1 }: SpaceStore, ...statements: SQL[]): Promise<D1Result[]> =>
  d1.batch(
    statements.map((statement) => {
      const { sql: text, params } = db.run(statement).getQuery();
      return d1.prepare(text).bind(...params);
    }),
  );

/** What a member has in use in a cycle. */
export async function readUsed(space: Space, claimant: Claimant): Promise<Used> {
  const used = usedBy(space.id, claimant, "");
  const [row] = await space.db.all<Used>(sql`SELECT ${used.bookings} AS bookings, ${used.minutes} AS minutes`);
  return row ?? { bookings: 0, minutes: 0 };
}

/**
 * Takes a claim back after the answer. Of several requests that count on it only the last takes it away: another may be getting its booking
 * at this moment. Should this fail, the sweep asks the machine.
 */
export function releaseClaim(space: Space, { member_id, equipment_id, key }: Claim): void {
  const isMine = sql`makerspace_id = ${space.id} AND member_id = ${member_id} AND equipment_id = ${equipment_id} AND key = ${key}`;
  const leave = sql`UPDATE booking_claims SET waiting = waiting - 1 WHERE ${isMine}`;
  const drop = sql`DELETE FROM booking_claims WHERE ${isMine} AND waiting <= 0`;
  space.defer(
    together(space.store, leave, drop).then(
      () => undefined,
      (error: unknown) =>
        log.warn("claim_not_released", { request_id: space.request_id, equipment_id, error: describeError(error) }),
    ),
  );
}
