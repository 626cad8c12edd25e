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
import { type CountedLimits, type Cycle, type Demand, exceeded, minutesIn, type Quotas, type Used } from "./demand.ts";

/** Who claims what, under which limits. */
export interface Claimant {
  member_id: string;
  equipment_id: string;
  limits: CountedLimits;
  cycle: Cycle;
  quotas: Quotas;
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
export function claimKey(key: Space["key"], booking_id: string, settled_by: number, part = ""): Promise<string> {
  return sha256(
    key
      ? `${key.scope}\n${key.key}\n${key.fingerprint}${part}`
      : `${booking_id}\n${settled_by}\n${crypto.randomUUID()}`,
  );
}

const fewer = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.min(one, other);

const statuses = sql.raw(reservationStatuses.map((status) => `'${status}'`).join(", "));

/** What a member has booked: rows, and claims that are on their way, but for one claim. Each sum walks an index of the member's own. */
const usedBy = (makerspace_id: string, claimant: Claimant, key: string) => {
  const { member_id, equipment_id, cycle, quotas } = claimant;
  const mine = sql`makerspace_id = ${makerspace_id} AND member_id = ${member_id}`;
  const inside = ({ from, to }: Cycle, column: "starts_at" | "started_at") =>
    sql`${sql.raw(column)} >= ${from} AND ${sql.raw(column)} < ${to}`;
  const claims = (column: "bookings" | "minutes") =>
    sql`SELECT coalesce(sum(${sql.raw(column)}), 0) FROM booking_claims WHERE ${mine} AND NOT (equipment_id = ${equipment_id} AND key = ${key})`;
  const minutes = (when: Cycle): SQL => sql`((SELECT coalesce(sum(counted_minutes), 0) FROM reservations
        WHERE ${mine} AND status IN (${statuses}) AND ${inside(when, "starts_at")} AND orphan = 0)
      + (SELECT coalesce(sum(counted_minutes), 0) FROM sessions
        WHERE ${mine} AND status IN ('active', 'completed') AND ${inside(when, "started_at")} AND orphan = 0)
      + (${claims("minutes")} AND ${inside(when, "starts_at")}))`;
  return {
    bookings: sql`((SELECT count(*) FROM reservations WHERE ${mine} AND status IN ('pending', 'approved', 'active') AND orphan = 0)
      + (${claims("bookings")}))`,
    minutes: minutes(cycle),
    windows: quotas.windows.map((window) => ({ window, minutes: minutes(window) })),
  };
};

/** What is asked of D1. `decide_before` (epoch milliseconds): the machine decides nothing for this claim after that. */
interface Asked {
  claimant: Claimant;
  key: string;
  demand: Demand;
  decide_before: number;
}

/** Writes a claim where there is room under the limits, or nothing. */
function insertOf({ id: makerspace_id }: Space, { claimant, key, demand, decide_before }: Asked): SQL {
  const { member_id, equipment_id, limits, quotas, isForced } = claimant;
  const used = usedBy(makerspace_id, claimant, key);
  const { kind, booking_id, settled_by, bookings, minutes, starts_at } = demand;
  const [most_bookings, most_minutes] = isForced
    ? [null, null]
    : [fewer(limits.max_open_bookings, quotas.open_bookings), limits.minutes_per_cycle];
  const windows = used.windows.map((each) => ({ ...each, wanted: minutesIn(demand, each.window) }));
  const within = windows
    .filter(({ wanted }) => wanted > 0 && !isForced)
    .map(({ minutes: spent, wanted, window }) => sql`AND ${spent} + ${wanted} <= ${window.limit}`);
  // What is on its way counts in each window as much as it may come to there.
  const claimed = Math.max(minutes, ...windows.map(({ wanted }) => wanted));
  return sql`
    INSERT INTO booking_claims (makerspace_id, member_id, equipment_id, key, kind, booking_id, settled_by, bookings, minutes, starts_at,
                                waiting, decide_before, created_at)
    SELECT ${makerspace_id}, ${member_id}, ${equipment_id}, ${key}, ${kind}, ${booking_id}, ${settled_by}, ${bookings}, ${claimed},
           ${starts_at}, 0, ${decide_before}, ${Date.now()}
    WHERE EXISTS (SELECT 1 FROM members WHERE makerspace_id = ${makerspace_id} AND id = ${member_id} AND status = 'active')
      AND (${most_bookings} IS NULL OR ${bookings} = 0 OR ${used.bookings} + ${bookings} <= ${most_bookings})
      AND (${most_minutes} IS NULL OR ${minutes} = 0 OR ${used.minutes} + ${minutes} <= ${most_minutes})
      ${sql.join(within, sql.raw("\n"))}
    ON CONFLICT DO NOTHING`;
}

/** Claims of one member on one machine, by their keys. */
const claimsBy = ({ id }: Space, { member_id, equipment_id }: Claimant | Claim, keys: readonly string[]): SQL =>
  sql`makerspace_id = ${id} AND member_id = ${member_id} AND equipment_id = ${equipment_id}
    AND key IN (SELECT value FROM json_each(${JSON.stringify(keys)}))`;

const lookAt = (makerspace_id: string, claimant: Claimant, key: string): SQL => {
  const used = usedBy(makerspace_id, claimant, key);
  const windows = used.windows.map(
    ({ window, minutes }) => sql`, ${minutes} AS ${sql.raw(`minutes_per_${window.span}`)}`,
  );
  return sql`SELECT ${used.bookings} AS bookings, ${used.minutes} AS minutes ${sql.join(windows)}`;
};

const join = (isMine: SQL, decide_before: number): SQL =>
  sql`UPDATE booking_claims SET waiting = waiting + 1, decide_before = max(decide_before, ${decide_before})
    WHERE ${isMine} RETURNING key, booking_id`;

/**
 * Asks D1 for room under the limits: one trip. A claim that a first try of the same request has left is taken over with its id.
 * @param decide_before epoch milliseconds: the machine decides nothing for this claim after that
 * @throws whatever D1 throws; nothing is known then, and the sweep looks after what may be left
 */
export async function takeClaim(
  space: Space,
  claimant: Claimant,
  key: string,
  demand: Demand,
  decide_before: number,
): Promise<Claim> {
  const { member_id, equipment_id, isForced } = claimant;
  const [, joined, looked] = await together(
    space.store,
    insertOf(space, { claimant, key, demand, decide_before }),
    join(claimsBy(space, claimant, [key]), decide_before),
    lookAt(space.id, claimant, key),
  );
  const [row] = (joined?.results ?? []) as { booking_id: string }[];
  const [now] = (looked?.results ?? []) as Used[];
  const reasons = now && (isForced || !row) ? exceeded(claimant, demand, now) : [];
  return { member_id, equipment_id, key, booking_id: row?.booking_id ?? null, reasons };
}

/** A demand of somebody. */
interface Wanted {
  claimant: Claimant;
  demand: Demand;
}

/**
 * The same for several demands of one member on one machine, which count for each other in their order: one trip with a statement for each,
 * and a second one when something is to be said of limits.
 */
export async function takeClaims(
  space: Space,
  wanted: readonly Wanted[],
  decide_before: number,
): Promise<Map<string, Claim>> {
  const asked = await Promise.all(
    wanted.map(async ({ claimant, demand }): Promise<Asked> => {
      const key = await claimKey(space.key, demand.booking_id, demand.settled_by, `\n${demand.starts_at}`);
      return { claimant, demand, key, decide_before };
    }),
  );
  const [first] = asked;
  if (!first) return new Map();
  const isTheirs = claimsBy(
    space,
    first.claimant,
    asked.map(({ key }) => key),
  );
  const inserts = asked.map((one) => insertOf(space, one));
  const results = await together(space.store, ...inserts, join(isTheirs, decide_before));
  const joined = (results.at(-1)?.results ?? []) as { key: string; booking_id: string }[];
  const ids = new Map(joined.map(({ key, booking_id }) => [key, booking_id]));
  const used = await usedInCycles(
    space,
    asked.filter(({ claimant, key }) => claimant.isForced || !ids.has(key)),
  );
  return new Map(
    asked.map(({ claimant, demand, key }) => {
      const { member_id, equipment_id, isForced } = claimant;
      const now = used.get(whenOf(claimant));
      const isSaid = now && (isForced || !ids.has(key));
      const reasons = isSaid ? exceeded(claimant, demand, now) : [];
      return [demand.booking_id, { member_id, equipment_id, key, booking_id: ids.get(key) ?? null, reasons }];
    }),
  );
}

/** The cycle and the windows of a claimant: what is in use there is read once. */
const whenOf = ({ cycle, quotas }: Claimant): string => [cycle, ...quotas.windows].map(({ from }) => from).join();

/** What the member has in use, by cycle and windows of those demands about which something is to be said. */
async function usedInCycles(space: Space, said: readonly Asked[]): Promise<Map<string, Used>> {
  const cycles = new Map(said.map((one) => [whenOf(one.claimant), one]));
  if (cycles.size === 0) return new Map();
  const looks = [...cycles.values()].map(({ claimant, key }) => lookAt(space.id, claimant, key));
  const looked = await together(space.store, ...looks);
  const nothing = { bookings: 0, minutes: 0 };
  return new Map([...cycles.keys()].map((when, index) => [when, (looked[index]?.results[0] as Used) ?? nothing]));
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
  const [row] = await space.db.all<Used>(lookAt(space.id, claimant, ""));
  return row ?? { bookings: 0, minutes: 0 };
}

/**
 * Takes claims of one member on one machine back after the answer. Of several requests that count on one only the last takes it away: another
 * may be getting its booking at this moment. Should this fail, the sweep asks the machine.
 */
export function releaseClaims(space: Space, claims: readonly Claim[]): void {
  const [first] = claims;
  if (!first) return;
  const isTheirs = claimsBy(
    space,
    first,
    claims.map(({ key }) => key),
  );
  const leave = sql`UPDATE booking_claims SET waiting = waiting - 1 WHERE ${isTheirs}`;
  const drop = sql`DELETE FROM booking_claims WHERE ${isTheirs} AND waiting <= 0`;
  const { equipment_id } = first;
  space.defer(
    together(space.store, leave, drop).then(
      () => undefined,
      (error: unknown) =>
        log.warn("claim_not_released", { request_id: space.request_id, equipment_id, error: describeError(error) }),
    ),
  );
}

/** Takes back the claims of bookings that were given up before anybody booked them. Should this fail, the sweep asks the machines. */
export function dropClaims(space: Space, booking_ids: readonly string[]): void {
  const drop = space.db.run(sql`DELETE FROM booking_claims WHERE makerspace_id = ${space.id}
    AND booking_id IN (SELECT value FROM json_each(${JSON.stringify(booking_ids)}))`);
  space.defer(
    drop.then(
      () => undefined,
      (error: unknown) => log.warn("claims_not_dropped", { request_id: space.request_id, error: describeError(error) }),
    ),
  );
}
