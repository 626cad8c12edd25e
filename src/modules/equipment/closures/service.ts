/** Days on which the makerspace or a machine is closed, or open at other hours. The objects have them with the opening hours. */

import type { z } from "@hono/zod-openapi";
import { asc, desc, eq, isNull, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import { leads, within } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { machineFact } from "../machines/index.ts";
import { MAX_CLOSURES } from "../model.ts";
import { sharedParts } from "../policy.ts";
import { pushPolicies, queuePolicyPush, queuePolicyPushes } from "../pushes.ts";
import { mayManage } from "../standing.ts";
import { closures } from "../tables.ts";
import type { Closure, ClosureInput, ClosurePatch, ClosureQuery } from "./contract.ts";
import { dayOf, viewClosure } from "./view.ts";

type View = z.output<typeof Closure>;
type Row = typeof closures.$inferSelect;

const taken = { unique: { "closures.external_id": "external_id_taken" } } as const;

/** Only who looks after what is closed may close it: a machine its maintainers, all of it the administrators. @throws forbidden, unknown_reference */
async function requireAuthority(space: Space, equipment_id: string | null): Promise<void> {
  if (equipment_id === null) {
    if (space.scope("settings.manage") === "none") throw problem("forbidden", { detail: "This closes every machine." });
    return;
  }
  const [machine] = await machineFact(space.store, { equipment_id });
  if (!machine || machine.retired_at !== null) {
    throw problem("unknown_reference", {
      errors: [{ pointer: "/equipment_id", code: "unknown", detail: "names no machine" }],
    });
  }
  if (!mayManage(space, machine)) throw problem("forbidden", { detail: "Your duty covers other machines." });
}

/** The objects concerned are owed what the batch changes: their versions grow with it. */
function owed(space: Space, equipment_id: string | null): Write[] {
  if (equipment_id === null) {
    const grow = sql`UPDATE makerspace_settings SET closures_version = closures_version + 1 WHERE makerspace_id = ${space.id}`;
    return [write(space.db.run(grow)), queuePolicyPushes(space)];
  }
  const grow = sql`UPDATE equipment SET policy_version = policy_version + 1
    WHERE makerspace_id = ${space.id} AND id = ${equipment_id}`;
  return [write(space.db.run(grow)), queuePolicyPush(space, equipment_id)];
}

/** Brings the objects up to date. @returns false when one does not answer: the minute cron goes on */
function push(space: Space, equipment_id: string | null): Promise<boolean> {
  const { settings } = space;
  if (equipment_id !== null) return pushPolicies(space, sharedParts(settings), equipment_id);
  return pushPolicies(space, sharedParts({ ...settings, closures_version: settings.closures_version + 1 }));
}

/** What an auditor needs of it. */
const recorded = ({ equipment_id, from_day, to_day, windows, title }: Row) => ({
  equipment_id,
  from_day,
  to_day,
  windows,
  title,
});

/** Closes some days. @throws forbidden, unknown_reference, external_id_taken, too_many_closures */
export async function createClosure(space: Space, input: z.output<typeof ClosureInput>): Promise<View> {
  const { equipment_id, title, external_id, open, starts_on, ends_on } = input;
  await requireAuthority(space, equipment_id);
  const row: Row = {
    makerspace_id: space.id,
    id: newId(),
    equipment_id,
    from_day: dayOf(starts_on),
    to_day: dayOf(ends_on),
    windows: open,
    title,
    external_id,
    created_by: space.actor.id,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  };
  const body = viewClosure(row);
  const insert = sql`INSERT INTO closures
    (makerspace_id, id, equipment_id, from_day, to_day, windows, title, external_id, created_by, version, created_at, updated_at)
    SELECT ${space.id}, ${row.id}, ${equipment_id}, ${row.from_day}, ${row.to_day}, ${JSON.stringify(open)}, ${title}, ${external_id},
      ${row.created_by}, 1, ${space.now}, ${space.now}
    WHERE (SELECT count(*) FROM closures WHERE makerspace_id = ${space.id} AND equipment_id IS ${equipment_id}
      AND to_day >= ${Math.floor(space.now / 86_400_000)}) < ${MAX_CLOSURES}`;
  await space.commit(
    {
      action: "closure.created",
      subject: { type: "closure", id: row.id, version: 1 },
      after: recorded(row),
      answer: { status: 201, body },
    },
    write(space.db.run(insert), { ...taken, expect: "too_many_closures" }),
    ...owed(space, equipment_id),
  );
  return { ...body, policy_applied: await push(space, equipment_id) };
}

/** @throws not_found */
async function closureOf(space: Space, id: string): Promise<Row> {
  const [row] = await space.db
    .select()
    .from(closures)
    .where(space.store.in(closures, eq(closures.id, id)));
  if (!row) throw problem("not_found");
  return row;
}

/** One closure. @throws not_found */
export const readClosure = async (space: Space, id: string): Promise<View> => viewClosure(await closureOf(space, id));

/** Changes a closure; what it closes stays the same thing. @throws not_found, forbidden, stale_version, external_id_taken */
export async function updateClosure(
  space: Space,
  id: string,
  if_match: number | null,
  patch: z.output<typeof ClosurePatch>,
): Promise<View> {
  const before = await closureOf(space, id);
  await requireAuthority(space, before.equipment_id);
  if (if_match !== before.version) throw problem("stale_version");
  const { starts_on, ends_on, open, ...words } = definedOnly(patch);
  const change = {
    ...words,
    from_day: starts_on === undefined ? before.from_day : dayOf(starts_on),
    to_day: ends_on === undefined ? before.to_day : dayOf(ends_on),
    windows: open ?? before.windows,
    version: before.version + 1,
    updated_at: space.now,
  };
  if (change.to_day < change.from_day) {
    throw problem("invalid_body", {
      errors: [{ pointer: "/ends_on", code: "custom", detail: "must not be before starts_on" }],
    });
  }
  const after: Row = { ...before, ...change };
  await space.commit(
    {
      action: "closure.updated",
      subject: { type: "closure", id, version: after.version },
      before: recorded(before),
      after: recorded(after),
    },
    write(
      space.db
        .update(closures)
        .set(change)
        .where(space.store.in(closures, eq(closures.id, id), eq(closures.version, before.version))),
      { ...taken, expect: "stale_version" },
    ),
    ...owed(space, before.equipment_id),
  );
  return { ...viewClosure(after), policy_applied: await push(space, before.equipment_id) };
}

/** Opens again what was closed. @throws not_found, forbidden */
export async function deleteClosure(space: Space, id: string): Promise<void> {
  const before = await closureOf(space, id);
  await requireAuthority(space, before.equipment_id);
  await space.commit(
    {
      action: "closure.deleted",
      subject: { type: "closure", id, version: before.version + 1 },
      before: recorded(before),
    },
    write(space.db.delete(closures).where(space.store.in(closures, eq(closures.id, id))), { expect: "not_found" }),
    ...owed(space, before.equipment_id),
  );
  await push(space, before.equipment_id);
}

/** By their first day; of one machine, or of the makerspace itself. */
export async function listClosures(space: Space, query: z.output<typeof ClosureQuery>): Promise<Page<View>> {
  const { limit, cursor, sort, equipment_id, starts_from, starts_to } = query;
  const list = ["closures", equipment_id, starts_from, starts_to, sort];
  const after = readCursor(cursor, list);
  const direction = sort === "starts_on" ? ("asc" as const) : ("desc" as const);
  const by = direction === "asc" ? asc : desc;
  const of = equipment_id === "none" ? isNull(closures.equipment_id) : undefined;
  const on = of ?? (equipment_id === undefined ? undefined : leads(closures.equipment_id, equipment_id));
  const range = within(closures.from_day, closures.id, {
    from: starts_from === undefined ? undefined : dayOf(starts_from),
    to: starts_to === undefined ? undefined : dayOf(starts_to),
    after,
    direction,
  });
  const rows = await space.db
    .select()
    .from(closures)
    .where(space.store.in(closures, on, range))
    .orderBy(by(closures.from_day), by(closures.id))
    .limit(limit + 1);
  return toPage(rows, limit, list, (row) => ({ value: row.from_day, id: row.id }), viewClosure);
}
