/** Lists of plans: one bounded index walk per combination of filters. */

import type { z } from "@hono/zod-openapi";
import type { SQL } from "drizzle-orm";
import { asc, gt, or, sql } from "drizzle-orm";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { directoryShardOf } from "../../../platform/db/shards.ts";
import { SpaceStore } from "../../../platform/db/store.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type { PlanOrPublic, PlanQuery, PublicPlan } from "./contract.ts";
import { planStatuses, planTypes, planVisibilities } from "./model.ts";
import { plans } from "./tables.ts";
import { toPlanRow, viewFor, viewPublicPlan } from "./view.ts";

type Filter = Omit<z.output<typeof PlanQuery>, "limit" | "cursor">;
type Row = typeof plans.$inferSelect;

/** What anybody may join at this moment. */
const onOffer = (now: number): SQL =>
  sql`${or(sql`${plans.valid_from} IS NULL`, sql`${plans.valid_from} <= ${now}`)}
      AND ${or(sql`${plans.valid_until} IS NULL`, sql`${plans.valid_until} > ${now}`)}`;

/** A kind's index carries the status after type and visibility, so without one of them it is walked once for each. */
const walksOf = ({ status, plan_type, visibility, external_id }: Filter) =>
  combinations(
    external_id === undefined && (plan_type || visibility)
      ? {
          plan_type: plan_type ?? planTypes,
          visibility: visibility ?? planVisibilities,
          status: status ?? planStatuses,
        }
      : { plan_type, visibility, status },
  );

async function walk(store: SpaceStore, filter: Filter, after: string | null, limit: number, more?: SQL) {
  const walks = walksOf(filter).map(({ status, plan_type, visibility }) =>
    store.db
      .select()
      .from(plans)
      .where(
        store.in(
          plans,
          filter.external_id === undefined ? undefined : leads(plans.external_id, filter.external_id),
          plan_type === undefined ? undefined : sql`${plans.plan_type} = ${plan_type}`,
          visibility === undefined ? undefined : sql`${plans.visibility} = ${visibility}`,
          status === undefined ? undefined : sql`${plans.status} = ${status}`,
          after === null ? undefined : gt(plans.id, after),
          more,
        ),
      )
      .orderBy(asc(plans.id))
      .limit(limit + 1),
  );
  return mergeWalks<Row>(store.db, walks, (a, b) => (a.id < b.id ? -1 : 1), limit + 1);
}

const key = (row: Row) => ({ value: row.id, id: row.id });
const offered: Filter = { status: ["active"], visibility: ["public"] };

/**
 * Plans in the order in which they were made. Members see what they can join, and cannot filter.
 * @throws forbidden for a member's filter
 */
export async function listPlans(
  space: Space,
  query: z.output<typeof PlanQuery>,
): Promise<Page<z.output<typeof PlanOrPublic>>> {
  const { limit, cursor, ...filter } = query;
  const all = space.scope("plans.read") === "any";
  if (!all && Object.values(filter).some((value) => value !== undefined))
    throw problem("forbidden", { detail: "Filters on plans need plans.read for all." });
  const list = ["plans", filter, all];
  const after = readCursor(cursor, list)?.id ?? null;
  const found = all
    ? walk(space.store, filter, after, limit)
    : walk(space.store, offered, after, limit, onOffer(space.now));
  const view = viewFor(space);
  return toPage(await space.time("db", found), limit, list, key, (row) => view(toPlanRow(row)));
}

/** What a visitor may know: the public plans that one can join now. @throws not_found for an unknown makerspace */
export async function listPublicPlans(
  makerspace_id: string,
  query: { limit: number; cursor?: string | undefined },
  now: number,
): Promise<Page<z.output<typeof PublicPlan>>> {
  const shard = await directoryShardOf(makerspace_id);
  if (shard === null) throw problem("not_found");
  const list = ["public_plans", makerspace_id];
  const after = readCursor(query.cursor, list)?.id ?? null;
  const rows = await walk(new SpaceStore(makerspace_id, shard), offered, after, query.limit, onOffer(now));
  return toPage(rows, query.limit, list, key, (row) => viewPublicPlan(toPlanRow(row), now));
}
