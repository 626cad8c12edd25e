/** Plans: made, changed, copied, put away. */

import type { z } from "@hono/zod-openapi";
import { and, asc, eq, inArray, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { nameKey } from "../../../platform/names.ts";
import { type FieldError, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { mayRenewItself } from "../memberships/cycles.ts";
import { memberships } from "../memberships/tables.ts";
import type { MachineCheck } from "../port.ts";
import type { Plan, PlanInput, PlanOrPublic, PlanPatch } from "./contract.ts";
import { defaultPlans } from "./defaults.ts";
import { reservedLimitNames, reservedLimits } from "./model.ts";
import { plans } from "./tables.ts";
import { type PlanRow, toPlanRow, viewFor, viewPlan } from "./view.ts";

type View = z.output<typeof Plan>;
type Input = z.output<typeof PlanInput>;

const unique = { "plans.name_key": "name_taken", "plans.external_id": "external_id_taken" } as const;

/** One plan. @throws not_found */
export async function requiredPlan(space: Space, id: string): Promise<PlanRow> {
  const [row] = await space.db
    .select()
    .from(plans)
    .where(space.store.in(plans, eq(plans.id, id)));
  if (!row) throw problem("not_found");
  return toPlanRow(row);
}

/** Limits that no module keeps yet. */
const reservedFaults = (plan: PlanRow): FieldError[] =>
  reservedLimitNames.flatMap((name) => {
    const { initial, reserved_for } = reservedLimits[name];
    const detail = `${name} belongs to the module "${reserved_for}", which is not there yet`;
    return plan[name] === initial ? [] : [{ pointer: `/${name}`, code: "reserved", detail }];
  });

/** What contradicts itself in a plan, or names machines that are not there. @throws invalid_body with each fault */
async function refuseFaults(space: Space, plan: PlanRow, machines: MachineCheck): Promise<void> {
  const faults = reservedFaults(plan);
  const fault = (pointer: string, detail: string): number => faults.push({ pointer, code: "contradiction", detail });
  const { valid_from, valid_until, promo, price_minor } = plan;
  if (valid_from !== null && valid_until !== null && valid_from >= valid_until)
    fault("/valid_until", "must be after valid_from");
  if (plan.auto_renew && !mayRenewItself(plan.billing_cycle))
    fault("/auto_renew", `a plan billed ${plan.billing_cycle} does not renew by itself`);
  if (plan.trial_days > 0 && plan.billing_cycle === "hourly") fault("/trial_days", "is not for plans by the hour");
  if (promo?.amount_minor != null && promo.amount_minor > price_minor)
    fault("/promo/amount_minor", "is more than the price");
  if (plan.plan_type === "free" && price_minor > 0) fault("/price", "a free plan costs nothing");
  const both = plan.included_equipment_ids?.filter((id) => plan.excluded_equipment_ids.includes(id)) ?? [];
  if (both.length > 0) fault("/excluded_equipment_ids", `also included: ${both.join(", ")}`);
  for (const name of ["included_equipment_ids", "excluded_equipment_ids"] as const) {
    const unknown = plan[name]?.length ? await machines.unknown(space, plan[name]) : [];
    for (const id of unknown) faults.push({ pointer: `/${name}`, code: "unknown", detail: `${id} names no machine` });
  }
  if (faults.length > 0) throw problem("invalid_body", { errors: faults });
}

/** The columns that a request names. */
function columnsOf<T extends Partial<Input>>({ price, ...rest }: T) {
  return {
    ...rest,
    ...(price && { price_minor: price.amount_minor, currency: price.currency }),
    ...(rest.name !== undefined && { name_key: nameKey(rest.name) }),
  };
}

async function insertPlan(space: Space, row: PlanRow, action: string): Promise<View> {
  const body = viewPlan(row, space.now);
  const { name, plan_type, price_minor, currency, billing_cycle } = row;
  await space.commit(
    {
      action,
      subject: { type: "plan", id: row.id, version: 1 },
      after: { name, plan_type, price_minor, currency, billing_cycle },
      answer: { status: 201, body },
    },
    write(space.db.insert(plans).values(row), { unique }),
  );
  return body;
}

/** Makes a plan. @throws name_taken, external_id_taken; invalid_body for what contradicts itself or names unknown machines */
export async function createPlan(space: Space, input: Input, machines: MachineCheck): Promise<View> {
  const row: PlanRow = space.store.row({
    ...columnsOf(input),
    // The columns of the name and the price, which every input has.
    name_key: nameKey(input.name),
    price_minor: input.price.amount_minor,
    currency: input.price.currency,
    id: newId(),
    places_taken: 0,
    status: "active" as const,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  await refuseFaults(space, row, machines);
  return insertPlan(space, row, "plan.created");
}

/** One plan; to members those on offer, and their own. @throws not_found */
export async function readPlan(space: Space, id: string): Promise<z.output<typeof PlanOrPublic>> {
  const row = await requiredPlan(space, id);
  const isOnOffer = row.status === "active" && row.visibility === "public";
  if (space.scope("plans.read") !== "any" && !isOnOffer) {
    const mine = space.store.in(
      memberships,
      eq(memberships.member_id, space.actor.id),
      sql`${id} IN (${memberships.plan_id}, ${memberships.next_plan_id})`,
    );
    const [own] = await space.db.select({ id: memberships.id }).from(memberships).where(mine).limit(1);
    if (!own) throw problem("not_found");
  }
  return viewFor(space)(row);
}

/** Writes a change of a plan's row under its version. */
async function update(
  space: Space,
  before: PlanRow,
  change: Partial<PlanRow>,
  told: { action: string; after: object; before?: object; expect?: Write["expect"]; only?: ReturnType<typeof sql> },
): Promise<View> {
  const next = { ...change, updated_at: space.now, version: before.version + 1 };
  const body = viewPlan({ ...before, ...next }, space.now);
  await space.commit(
    {
      action: told.action,
      subject: { type: "plan", id: before.id, version: next.version },
      ...(told.before && { before: told.before }),
      after: told.after,
      answer: { status: 200, body },
    },
    write(
      space.db
        .update(plans)
        .set(next)
        .where(and(space.store.in(plans, eq(plans.id, before.id), eq(plans.version, before.version)), told.only)),
      { expect: told.expect ?? "conflict", unique },
    ),
  );
  return body;
}

/** What changes about money, as the audit tells it. */
const prices = ({ price_minor, setup_fee_minor, currency, billing_cycle }: PlanRow) => ({
  price_minor,
  setup_fee_minor,
  currency,
  billing_cycle,
});

/**
 * Merges fields. Memberships keep what they paid for; a new price or limit counts for them from the next period or booking on.
 * @throws stale_version, name_taken, external_id_taken; plan_in_use for another currency, or for a cycle by the hour or for life; invalid_body
 */
export async function changePlan(
  space: Space,
  id: string,
  if_match: number | null,
  patch: z.output<typeof PlanPatch>,
  machines: MachineCheck,
): Promise<View> {
  const before = await requiredPlan(space, id);
  if (if_match !== before.version) throw problem("stale_version");
  const change = columnsOf(definedOnly(patch));
  const after: PlanRow = { ...before, ...change };
  await refuseFaults(space, after, machines);
  // What members of the plan have paid cannot be compared with another currency, and none of them asked for hours, or for a life.
  const isOther =
    after.currency !== before.currency ||
    (mayRenewItself(before.billing_cycle) && !mayRenewItself(after.billing_cycle));
  return update(space, before, change, {
    action: "plan.updated",
    before: prices(before),
    after: { changed: Object.keys(change), ...prices(after) },
    ...(isOther ? { expect: "plan_in_use", only: unused(space, id) } : { expect: "stale_version" }),
  });
}

/** Nobody is on the plan, applies for it, or changes to it. */
const unused = (space: Space, id: string) => sql`${plans.places_taken} = 0
  AND NOT EXISTS (SELECT 1 FROM memberships waiting
    WHERE waiting.makerspace_id = ${space.id} AND waiting.plan_id = ${id} AND waiting.status = 'pending')
  AND NOT EXISTS (SELECT 1 FROM memberships coming
    WHERE coming.makerspace_id = ${space.id} AND coming.next_plan_id = ${id})`;

/** Puts a plan away for good. @throws plan_in_use while somebody is on it, applies for it or changes to it */
export async function deletePlan(space: Space, id: string): Promise<void> {
  const before = await requiredPlan(space, id);
  if (before.status === "archived" && before.places_taken === 0) return;
  await update(
    space,
    before,
    { status: "archived" },
    {
      action: "plan.archived",
      before: { status: before.status },
      after: { status: "archived" },
      expect: "plan_in_use",
      only: unused(space, id),
    },
  );
}

/** Takes a plan off offer, or puts it on offer again; whoever is on it stays and may renew. @throws illegal_transition */
export async function setPlanStatus(space: Space, id: string, status: "active" | "archived"): Promise<View> {
  const before = await requiredPlan(space, id);
  if (before.status === status) throw problem("illegal_transition", { current_status: before.status });
  const action = status === "archived" ? "plan.archived" : "plan.unarchived";
  return update(space, before, { status }, { action, before: { status: before.status }, after: { status } });
}

/** A copy under another name, with nobody on it. @throws name_taken */
export async function duplicatePlan(space: Space, id: string, name: string): Promise<View> {
  const original = await requiredPlan(space, id);
  const row: PlanRow = {
    ...original,
    id: newId(),
    name,
    name_key: nameKey(name),
    external_id: null,
    places_taken: 0,
    status: "active",
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  };
  return insertPlan(space, row, "plan.duplicated");
}

const insertMissing = (space: Space, rows: readonly PlanRow[]): Write[] =>
  rows.map((row) => write(space.db.insert(plans).values(row).onConflictDoNothing()));

/** What a new makerspace begins with, for the commit that makes it. */
export const defaultPlanWrites = (space: Space): Write[] =>
  insertMissing(space, defaultPlans(space.id, space.settings.currency, space.now));

/** The default set; those of these names that are there already stay as they are. Running it twice changes nothing. */
export async function addDefaultPlans(space: Space): Promise<{ data: View[] }> {
  const rows = defaultPlans(space.id, space.settings.currency, space.now);
  const names = rows.map((row) => row.name_key);
  await space.commit(
    {
      action: "plans.defaults_added",
      subject: { type: "makerspace", id: space.id, version: space.settings.version },
      after: { names: rows.map((row) => row.name) },
    },
    ...insertMissing(space, rows),
  );
  const found = await space.db
    .select()
    .from(plans)
    .where(space.store.in(plans, inArray(plans.name_key, names)))
    .orderBy(asc(plans.id));
  return { data: found.map((row) => viewPlan(toPlanRow(row), space.now)) };
}
