/** Makerspaces: born in two databases, read and changed in one. */

import type { z } from "@hono/zod-openapi";
import { and, asc, eq, getTableColumns, gt, inArray, lte, sql } from "drizzle-orm";
import type { SettingsSource, SpaceSettings } from "../../../platform/access/membership.ts";
import { Access } from "../../../platform/access/permissions.ts";
import { KeyTaken, write } from "../../../platform/db/commit.ts";
import { assignShard, directory, shardOf } from "../../../platform/db/driver.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { rememberShard } from "../../../platform/db/shards.ts";
import { SpaceStore } from "../../../platform/db/store.ts";
import { makerspaces, membershipIndex, platformIdempotencyKeys } from "../../../platform/db/tables.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import type { Caller } from "../../../platform/route.ts";
import { readSections, storedSections } from "../../../platform/settings/load.ts";
import { Space } from "../../../platform/space.ts";
import {
  type BookingDefaults,
  bookingDefaults,
  contradictingMachines,
  defaultPolicy,
  isConsistent,
  pushPolicies,
  queuePolicyPushes,
  sharedParts,
} from "../../equipment/index.ts";
import { historyWrite } from "../history/service.ts";
import type { MakerspaceEffects } from "../port.ts";
import { changesBetween } from "../sections/changes.ts";
import { makerspaceSettings } from "../tables.ts";
import type { Makerspace, MakerspaceInput, MakerspacePatch, MakerspaceSummary } from "./contract.ts";
import { viewMakerspace } from "./view.ts";

type Row = typeof makerspaceSettings.$inferSelect;

const toSettings = (row: Row, stored: string): SpaceSettings => ({
  ...readSections(stored),
  name: row.name,
  slug: row.slug,
  timezone: row.timezone,
  currency: row.currency,
  location_hint: row.location_hint,
  booking_defaults: { show_holder: row.show_holder, policy: row.booking_policy } as BookingDefaults,
  closures_version: row.closures_version,
  created_at: row.created_at,
  updated_at: row.updated_at,
  version: row.version,
});

/** How the platform reads settings in the authorisation trip. */
export const settingsSource: SettingsSource = {
  settings: {
    build: (store) =>
      store.db
        .select({
          ...getTableColumns(makerspaceSettings),
          stored: storedSections(sql`${makerspaceSettings.makerspace_id}`),
        })
        .from(makerspaceSettings)
        .where(store.in(makerspaceSettings)),
    read: (rows) => {
      const [row] = rows as (Row & { stored: string })[];
      return row ? toSettings(row, row.stored) : null;
    },
  },
};

/**
 * Creates a makerspace: first its settings, then the directory row that makes it exist. A crash between leaves settings that nobody can reach.
 * @throws slug_taken
 */
export async function createMakerspace(
  caller: Caller,
  input: z.output<typeof MakerspaceInput>,
  effects: MakerspaceEffects,
): Promise<z.output<typeof Makerspace>> {
  const { now, principal, request_id, defer, key } = caller;
  const [taken] = await directory()
    .select({ id: makerspaces.id })
    .from(makerspaces)
    .where(eq(makerspaces.slug, input.slug));
  if (taken) throw problem("slug_taken");
  const id = newId();
  const shard = assignShard();
  const store = new SpaceStore(id, shard);
  const row: Row = {
    makerspace_id: id,
    slug: input.slug,
    name: input.name,
    timezone: input.timezone,
    currency: input.currency,
    location_hint: input.location_hint ?? null,
    show_holder: "initials",
    booking_policy: defaultPolicy,
    closures_version: 0,
    version: 1,
    created_at: now,
    updated_at: now,
  };
  const settings = toSettings(row, "[]");
  const access = new Access("super_admin", [], now);
  const actor = { kind: "platform", id: principal.user_id, membership: null } as const;
  const space = new Space({ id, store, actor, access, settings, request_id, now, defer });
  const body = viewMakerspace(id, settings, true);
  await space.commit(
    { action: "makerspace.created", subject: { type: "makerspace", id, version: 1 }, after: input },
    write(store.db.insert(makerspaceSettings).values(row)),
    ...effects.created(space),
  );
  const { slug, location_hint } = row;
  const db = directory();
  const exists = db
    .insert(makerspaces)
    .values({ id, slug, shard, location_hint, created_at: now, created_by: principal.user_id });
  try {
    const { ttl_ms, ...named } = key ?? { ttl_ms: 0, scope: "", key: "", fingerprint: "" };
    const expired = db
      .delete(platformIdempotencyKeys)
      .where(
        and(
          eq(platformIdempotencyKeys.scope, named.scope),
          eq(platformIdempotencyKeys.key, named.key),
          lte(platformIdempotencyKeys.expires_at, now),
        ),
      );
    const remember = db
      .insert(platformIdempotencyKeys)
      .values({ ...named, status: 201, body, expires_at: now + ttl_ms });
    await db.batch(key ? [expired, remember, exists] : [exists]);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    if (cause.includes("platform_idempotency_keys")) throw new KeyTaken();
    if (cause.includes("makerspaces.slug")) throw problem("slug_taken");
    throw error;
  }
  rememberShard(id, shard);
  return body;
}

/** The makerspaces the caller belongs to; all of them for a super_admin. */
export async function listMakerspaces(
  caller: Caller,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<z.output<typeof MakerspaceSummary>>> {
  const { principal } = caller;
  const list = ["makerspaces", principal.super_admin];
  const after = readCursor(query.cursor, list);
  const db = directory();
  const columns = { id: makerspaces.id, shard: makerspaces.shard };
  const later = after ? gt(makerspaces.id, after.id) : undefined;
  const mine = db
    .select({ id: membershipIndex.makerspace_id })
    .from(membershipIndex)
    .where(eq(membershipIndex.user_id, principal.user_id));
  const rows = await db
    .select(columns)
    .from(makerspaces)
    .where(principal.super_admin ? later : and(inArray(makerspaces.id, mine), later))
    .orderBy(asc(makerspaces.id))
    .limit(query.limit + 1);
  const page = toPage(
    rows,
    query.limit,
    list,
    (row) => ({ value: row.id, id: row.id }),
    (row) => row,
  );
  const found = await Promise.all(
    [...new Set(page.data.map((row) => row.shard))].map((shard) => summaries(shard, page.data)),
  );
  const byId = new Map(found.flat().map((summary) => [summary.id, summary]));
  return { ...page, data: page.data.flatMap((row) => byId.get(row.id) ?? []) };
}

async function summaries(
  shard: string,
  all: { id: string; shard: string }[],
): Promise<z.output<typeof MakerspaceSummary>[]> {
  const ids = all.filter((row) => row.shard === shard).map((row) => row.id);
  const { db } = shardOf(shard, ids);
  const { makerspace_id: id, slug, name, timezone, currency } = makerspaceSettings;
  return db
    .select({ id, slug, name, timezone, currency })
    .from(makerspaceSettings)
    .where(inArray(id, sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`));
}

/** The makerspace of this request. */
export const readMakerspace = (space: Space): z.output<typeof Makerspace> =>
  viewMakerspace(space.id, space.settings, space.scope("settings.read") !== "none");

/** What a change of the makerspace itself is about; sections have entries of their own. */
const audited = (settings: SpaceSettings) => {
  const { name, timezone, currency } = settings;
  const { show_holder, policy } = bookingDefaults(settings);
  return { name, timezone, currency, show_holder, ...policy };
};

/** What machines keep of the settings has changed; a new name alone is nothing to them. */
const concernsMachines = (before: SpaceSettings, after: SpaceSettings): boolean =>
  before.timezone !== after.timezone ||
  JSON.stringify(bookingDefaults(before)) !== JSON.stringify(bookingDefaults(after));

/**
 * Merges settings; machines get their new defaults before the answer, or by the repair within minutes.
 * @throws stale_version when If-Match names another version; invalid_body when the merged policy contradicts itself, or would with what a machine says of its own.
 */
export async function updateMakerspace(
  space: Space,
  if_match: number | null,
  patch: z.output<typeof MakerspacePatch>,
  effects: Pick<MakerspaceEffects, "rezoned">,
): Promise<z.output<typeof Makerspace>> {
  const before = space.settings;
  if (if_match !== before.version) throw problem("stale_version");
  const defaults = bookingDefaults(before);
  const policy = { ...defaults.policy, ...definedOnly(patch.booking_policy ?? {}) };
  const fault = isConsistent(policy);
  if (fault)
    throw problem("invalid_body", { errors: [{ pointer: "/booking_policy", code: "contradiction", detail: fault }] });
  const contradictions = patch.booking_policy ? await contradictingMachines(space, policy) : [];
  if (contradictions.length > 0) {
    throw problem("invalid_body", {
      errors: contradictions.map((detail) => ({ pointer: "/booking_policy", code: "contradiction", detail })),
    });
  }
  const after: SpaceSettings = {
    ...before,
    name: patch.name ?? before.name,
    timezone: patch.timezone ?? before.timezone,
    currency: patch.currency ?? before.currency,
    booking_defaults: { show_holder: patch.show_holder ?? defaults.show_holder, policy } satisfies BookingDefaults,
    updated_at: space.now,
    version: before.version + 1,
  };
  const { name, timezone, currency, updated_at, version } = after;
  const { show_holder } = bookingDefaults(after);
  const pushes = concernsMachines(before, after);
  await space.commit(
    {
      action: "makerspace.updated",
      subject: { type: "makerspace", id: space.id, version },
      before: audited(before),
      after: audited(after),
    },
    write(
      space.db
        .update(makerspaceSettings)
        .set({ name, timezone, currency, show_holder, booking_policy: policy, updated_at, version })
        .where(space.store.in(makerspaceSettings, eq(makerspaceSettings.version, before.version))),
      { expect: "stale_version" },
    ),
    historyWrite(
      space,
      "makerspace",
      version,
      changesBetween(audited(before), audited(after)).map((change) => ({ ...change, withheld: false })),
    ),
    ...(pushes ? [queuePolicyPushes(space)] : []),
    ...(timezone === before.timezone ? [] : effects.rezoned(space, timezone)),
  );
  const policy_applied = pushes ? await pushPolicies(space, sharedParts(after)) : true;
  return { ...viewMakerspace(space.id, after, true), policy_applied };
}
