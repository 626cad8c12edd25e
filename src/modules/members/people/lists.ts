/** Lists of members: one bounded index walk per combination of filters, in the order of that index. */

import type { z } from "@hono/zod-openapi";
import { asc, desc, gt, inArray, type SQL, sql } from "drizzle-orm";
import { type MembershipStatus, membershipStatuses } from "../../../platform/access/statuses.ts";
import { type Count, countUpTo } from "../../../platform/db/count.ts";
import {
  afterText,
  byNumberAndId,
  byTextAndId,
  combinations,
  leads,
  mergeWalks,
  within,
} from "../../../platform/db/fan-out.ts";
import { type Cursor, type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { searchWords } from "../model.ts";
import { members } from "../tables.ts";
import type { MemberOrEntry, MemberQuery } from "./contract.ts";
import { memberColumns, toMemberRow } from "./reads.ts";
import { type Found, type FoundRow, labelled, onPlan, placedBy, searched } from "./search.ts";
import { viewFor } from "./view.ts";

type Query = z.output<typeof MemberQuery>;
type Filter = Omit<Query, "limit" | "cursor" | "count">;
type Field = keyof Filter;

/** What leads a list, and which other filters its index can carry. The first that is given leads. */
const companions = {
  external_id: ["role", "status"],
  updated_since: [],
  q: ["status"],
  tag: ["status"],
  plan_id: [],
  joined_from: ["joined_to", "status", "sort"],
  joined_to: ["joined_from", "status", "sort"],
} as const satisfies Partial<Record<Field, readonly Field[]>>;
type Leader = keyof typeof companions;

/** Sort → the column and the filters that go with it. */
const sorts = {
  name: { column: members.sort_name, isText: true, filters: ["role", "status"] },
  joined_at: { column: members.joined_at, isText: false, filters: ["status", "joined_from", "joined_to"] },
  last_seen_at: { column: members.last_seen_at, isText: false, filters: ["status"] },
} as const;
type SortName = keyof typeof sorts;

const sortOf = (text: string): { name: SortName; direction: "asc" | "desc" } => ({
  name: text.replace("-", "") as SortName,
  direction: text.startsWith("-") ? "desc" : "asc",
});

/** @throws invalid_parameter for filters that no index carries together */
function refuseStrangers(filter: Partial<Filter>, leader: string, allowed: readonly string[]): void {
  const strangers = Object.keys(definedOnly(filter)).filter((name) => name !== leader && !allowed.includes(name));
  if (strangers.length === 0) return;
  const detail = `${leader} goes with ${allowed.join(", ") || "no other filter"}; not with ${strangers.join(", ")}.`;
  throw problem("invalid_parameter", { detail });
}

/** Members by age, name, joining or last visit, filtered by role and status. */
function inOrder(space: Space, filter: Filter): Found {
  const { db, store } = space;
  const { role, status, joined_from: from, joined_to: to } = filter;
  const sort = filter.sort ?? (from !== undefined || to !== undefined ? "joined_at" : undefined);
  if (sort === undefined) return byAge(space, filter);
  const { name, direction } = sortOf(sort);
  const { column, isText, filters } = sorts[name];
  refuseStrangers({ ...filter, sort: undefined }, `sort=${sort}`, filters);
  const found = combinations({ role, status: status ?? membershipStatuses });
  const position = (after: Cursor | null): SQL | undefined =>
    isText
      ? afterText(members.sort_name, members.id, after, direction)
      : within(column, members.id, { from, to, after, direction });
  const order = direction === "asc" ? asc : desc;
  return {
    rows: (limit, after) => {
      const walks = found.map((one) =>
        db
          .select({ ...memberColumns, ...placedBy(column, members.id) })
          .from(members)
          .where(store.in(members, equals(one), position(after)))
          .orderBy(order(column), order(members.id))
          .limit(limit),
      );
      const compare = isText
        ? byTextAndId<FoundRow>((row) => String(row.at), direction)
        : byNumberAndId<FoundRow>((row) => Number(row.at), direction);
      return mergeWalks(db, walks, compare, limit);
    },
    count: () => countOf(space, filter, position(null)),
  };
}

const equals = (one: Partial<Record<"role" | "status", string>>): SQL | undefined => {
  const parts = [one.role && leads(members.role, one.role), one.status && leads(members.status, one.status)];
  const given = parts.filter((part): part is SQL => typeof part === "object");
  return given.length > 0 ? sql.join(given, sql` AND `) : undefined;
};

/** Counting asks for no order: one statement looks at each combination in turn, and ends where it is enough. */
const countOf = ({ db, store }: Space, { role, status, external_id }: Filter, more?: SQL): Promise<Count> =>
  countUpTo(
    db,
    db
      .select({ id: members.id })
      .from(members)
      .where(
        store.in(
          members,
          external_id === undefined ? undefined : leads(members.external_id, external_id),
          role && inArray(members.role, role),
          (role || more) && !status
            ? inArray(members.status, [...membershipStatuses])
            : status && inArray(members.status, status),
          more,
        ),
      )
      .$dynamic(),
  );

/** Members by id, which sorts by time of birth. */
function byAge(space: Space, filter: Filter): Found {
  const { db, store } = space;
  const { role, status, external_id } = filter;
  // Without a status, a role's index is walked once for each, so that rows stay in order.
  const found = combinations({ role, status: status ?? (role && !external_id ? membershipStatuses : undefined) });
  return {
    rows: (limit, after) => {
      const walks = found.map((one) =>
        db
          .select({ ...memberColumns, ...placedBy(members.id, members.id) })
          .from(members)
          .where(
            store.in(
              members,
              external_id === undefined ? undefined : leads(members.external_id, external_id),
              one.role === undefined ? undefined : sql`${members.role} = ${one.role}`,
              one.status === undefined ? undefined : sql`${members.status} = ${one.status}`,
              after ? gt(members.id, after.id) : undefined,
            ),
          )
          .orderBy(asc(members.id))
          .limit(limit),
      );
      return mergeWalks(db, walks, (a: FoundRow, b: FoundRow) => (a.id < b.id ? -1 : 1), limit);
    },
    count: () => countOf(space, filter),
  };
}

/** What changed since a moment, oldest change first: for those who keep a copy. */
function changedSince({ db, store }: Space, since: number): Found {
  return {
    rows: (limit, after) =>
      db
        .select({ ...memberColumns, ...placedBy(members.updated_at, members.id) })
        .from(members)
        .where(store.in(members, within(members.updated_at, members.id, { from: since, after, direction: "asc" })))
        .orderBy(asc(members.updated_at), asc(members.id))
        .limit(limit),
    count: () =>
      countUpTo(
        db,
        db
          .select({ id: members.id })
          .from(members)
          .where(store.in(members, sql`${members.updated_at} >= ${since}`))
          .$dynamic(),
      ),
  };
}

/** What members may ask of each other: names, of those who are active. */
const forEverybody: readonly Field[] = ["q", "sort"];

function found(space: Space, filter: Filter): Found {
  const all = space.scope("members.read") === "any";
  const isNamed = filter.sort === undefined || sortOf(filter.sort).name === "name";
  if (!all && (!isNamed || Object.keys(definedOnly(filter)).some((name) => !forEverybody.includes(name as Field)))) {
    throw problem("forbidden", {
      detail: "Filters on members need members.read for all; everybody may use q and sort=name.",
    });
  }
  const leader = (Object.keys(companions) as Leader[]).find((name) => filter[name] !== undefined);
  if (leader) refuseStrangers(filter, leader, companions[leader]);
  const statuses: readonly MembershipStatus[] = all ? (filter.status ?? membershipStatuses) : ["active"];
  if (filter.q !== undefined) {
    const words = searchWords(filter.q);
    if (words.length === 0) throw problem("invalid_parameter", { detail: "q holds no word." });
    return searched(space, words, all ? "names email" : "names", statuses);
  }
  if (filter.tag !== undefined) return labelled(space, filter.tag, statuses);
  if (filter.plan_id !== undefined) return onPlan(space, filter.plan_id);
  if (filter.updated_since !== undefined) return changedSince(space, filter.updated_since);
  return inOrder(space, all ? filter : { ...filter, status: ["active"] });
}

/**
 * Members, filtered and sorted. Without staff permission others are directory entries, only active ones, found by name alone.
 * @throws forbidden for a filter that would tell what an entry hides; invalid_parameter for filters that do not go together
 */
export async function listMembers(space: Space, query: Query): Promise<Page<z.output<typeof MemberOrEntry>>> {
  const { limit, cursor, count, ...filter } = query;
  const list = ["members", filter];
  const after = readCursor(cursor, list);
  const what = found(space, filter);
  const [rows, counted] = await space.time(
    "db",
    Promise.all([what.rows(limit + 1, after), count ? what.count() : undefined]),
  );
  const view = viewFor(space);
  const page = toPage(
    rows,
    limit,
    list,
    (row) => ({ value: row.at, id: row.by }),
    (row) => view(toMemberRow(row)),
  );
  return counted ? { ...page, count: counted } : page;
}
