/** Machines: added, shown, changed. Their bookings live in their objects. */

import type { z } from "@hono/zod-openapi";
import { eq, getTableColumns, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { EventDraft } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { effectivePolicy, isConsistent, mergeOverrides, sharedParts } from "../policy.ts";
import { newPriceVersion } from "../prices/versions.ts";
import { pushPolicies, queuePolicyPush } from "../pushes.ts";
import { mayManage } from "../standing.ts";
import { equipment } from "../tables.ts";
import type { Equipment, EquipmentInput, EquipmentPatch } from "./contract.ts";
import { type MachineDetail, type MachineRow, requireMachine, viewMachine } from "./view.ts";

type View = z.output<typeof Equipment>;

/** Subqueries name their columns in full: Drizzle leaves the table out in selects from one table. */
const totals = (column: "use_count" | "use_ms") =>
  sql<number | null>`(
    SELECT c.${sql.raw(column)} FROM projection_cursors c
    WHERE c.makerspace_id = equipment.makerspace_id AND c.equipment_id = equipment.id)`.as(column);
// The index is named: left to itself the planner reads every session of the makerspace for each machine.
export const detailColumns = {
  ...getTableColumns(equipment),
  in_use: sql<number>`EXISTS (
    SELECT 1 FROM sessions s INDEXED BY sessions_by_equipment
    WHERE s.makerspace_id = equipment.makerspace_id AND s.equipment_id = equipment.id AND s.status = 'active' AND s.orphan = 0)`.as(
    "in_use",
  ),
  use_count: totals("use_count"),
  use_ms: totals("use_ms"),
  rating_totals: sql<string | null>`(
    SELECT t.stars || '/' || t.ratings FROM equipment_rating_totals t
    WHERE t.makerspace_id = equipment.makerspace_id AND t.equipment_id = equipment.id)`.as("rating_totals"),
};

type OnMachine = Readonly<{ equipment_id: string }>;

/** The fact that bookings declare: the machine's row. */
export const machineFact = (store: SpaceStore, { equipment_id }: OnMachine) =>
  store.db
    .select()
    .from(equipment)
    .where(store.in(equipment, eq(equipment.id, equipment_id)));

/** The same with what its sessions say, for routes that show the machine. */
export const machineDetailFact = (store: SpaceStore, { equipment_id }: OnMachine) =>
  store.db
    .select(detailColumns)
    .from(equipment)
    .where(store.in(equipment, eq(equipment.id, equipment_id)));

/** A machine as the caller may see it. */
export const view = (space: Space, row: MachineDetail): View =>
  viewMachine(row, effectivePolicy(space, row.policy), mayManage(space, row));

/** One machine as the caller may see it. */
export const readMachine = (space: Space, rows: MachineDetail[]): View => view(space, requireMachine(rows));

const conflicts = {
  unique: { "equipment.code": "code_taken", "equipment.external_id": "external_id_taken" },
} as const;

function checkPolicy(space: Space, own: unknown): void {
  const fault = isConsistent(effectivePolicy(space, own));
  if (fault) throw problem("invalid_body", { errors: [{ pointer: "/policy", code: "contradiction", detail: fault }] });
}

type Prices = Pick<MachineRow, "hourly_rate_minor" | "deposit_minor" | "currency">;

/** Both prices of a machine are in one currency: the makerspace's, unless they say another. */
function prices(space: Space, input: z.output<typeof EquipmentPatch>, before: Prices): Prices {
  const { hourly_rate: rate, deposit_required: deposit } = input;
  const given = [rate, deposit].flatMap((price) => (price ? [price.currency] : []));
  if (new Set(given).size > 1) {
    throw problem("invalid_body", {
      errors: [{ pointer: "/deposit_required/currency", code: "contradiction", detail: "differs from hourly_rate" }],
    });
  }
  const currency = given[0] ?? before.currency ?? space.settings.currency;
  const stays = {
    hourly_rate: rate === undefined && before.hourly_rate_minor,
    deposit_required: deposit === undefined && before.deposit_minor,
  };
  const restated = before.currency === null || before.currency === currency ? [] : Object.entries(stays);
  // An amount that stays would mean other money under another currency.
  const kept = restated.find(([, amount]) => typeof amount === "number");
  if (kept) {
    throw problem("invalid_body", {
      errors: [
        { pointer: `/${kept[0]}`, code: "contradiction", detail: `is in ${before.currency}; change both prices` },
      ],
    });
  }
  return {
    hourly_rate_minor: rate === undefined ? before.hourly_rate_minor : (rate?.amount_minor ?? null),
    deposit_minor: deposit === undefined ? before.deposit_minor : (deposit?.amount_minor ?? null),
    currency,
  };
}

/**
 * Adds a machine and creates its object near the makerspace. A service provider's machine is their own.
 * @throws code_taken, external_id_taken, unknown_reference (owner), forbidden (another's machine), conflict
 */
export async function createMachine(space: Space, input: z.output<typeof EquipmentInput>): Promise<View> {
  checkPolicy(space, input.policy);
  const own = space.scope("equipment.manage") === "own";
  const { hourly_rate: _rate, deposit_required: _deposit, ...fields } = input;
  const row: MachineDetail = {
    makerspace_id: space.id,
    id: newId(),
    sub_category: null,
    location: null,
    requires_certification: false,
    certification_required: null,
    last_maintenance_date: null,
    next_maintenance_date: null,
    maintenance_interval_hours: null,
    manufacturer: null,
    model: null,
    serial_number: null,
    purchase_date: null,
    warranty_expiry: null,
    description: null,
    manual_url: null,
    image_url: null,
    notes: null,
    external_id: null,
    opening_hours: null,
    ...definedOnly(fields),
    code: input.code,
    name: input.name,
    category: input.category,
    status: input.status ?? "available",
    owner_member_id: own ? space.actor.id : (input.owner_member_id ?? null),
    specifications: input.specifications ?? {},
    policy: input.policy ?? {},
    metadata: input.metadata ?? {},
    ...prices(space, input, { hourly_rate_minor: null, deposit_minor: null, currency: null }),
    policy_version: 1,
    retired_at: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
    in_use: 0,
    use_count: null,
    use_ms: null,
    rating_totals: null,
  };
  if (own && input.owner_member_id && input.owner_member_id !== space.actor.id) throw problem("forbidden");
  if (!mayManage(space, row)) throw problem("forbidden", { detail: "Your duty covers other machines." });
  const { in_use: _in_use, use_count: _use_count, use_ms: _use_ms, rating_totals: _totals, ...columns } = row;
  const body = view(space, row);
  await space.commit(
    {
      action: "equipment.created",
      subject: { type: "equipment", id: row.id, version: 1 },
      after: body,
      answer: { status: 201, body },
    },
    write(space.db.insert(equipment).values(columns), conflicts),
    ...(row.hourly_rate_minor === null && row.deposit_minor === null
      ? []
      : [newPriceVersion(space, row.id, "conflict")]),
    queuePolicyPush(space, row.id),
  );
  await pushPolicies(space, sharedParts(space.settings), row.id);
  return body;
}

/** What the object keeps of a machine: a change of these is pushed. */
const kept = ["code", "name", "category", "location", "status", "policy", "opening_hours"] as const;

const isPushed = (before: MachineRow, after: MachineRow): boolean =>
  kept.some((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));

/** The machine's own prices are rules like others: a change is a new version. */
const isRepriced = (before: Prices, after: Prices): boolean =>
  before.hourly_rate_minor !== after.hourly_rate_minor ||
  before.deposit_minor !== after.deposit_minor ||
  before.currency !== after.currency;

/** A machine that goes down or comes back is told to those who booked it. */
const statusEvents = ({ id, status: before }: MachineRow, { status }: MachineRow): EventDraft[] =>
  before === status ? [] : [{ type: "equipment.status_changed", data: { equipment_id: id, before, status } }];

/**
 * Merges fields. The object has the new rules before the answer, or by the repair within minutes (`policy_applied: false`).
 * Existing bookings stay as they are.
 * @throws not_found, forbidden, stale_version, code_taken, external_id_taken, unknown_reference, equipment_retired
 */
export async function updateMachine(
  space: Space,
  rows: MachineDetail[],
  if_match: number | null,
  patch: z.output<typeof EquipmentPatch>,
): Promise<View> {
  const before = requireMachine(rows);
  if (!mayManage(space, before)) throw problem("forbidden");
  if (before.retired_at !== null) throw problem("equipment_retired");
  if (if_match !== null && if_match !== before.version) throw problem("stale_version");
  const own = space.scope("equipment.manage", before.id) === "own";
  if (own && patch.owner_member_id !== undefined && patch.owner_member_id !== space.actor.id)
    throw problem("forbidden");
  const policy = patch.policy ? mergeOverrides(before.policy, patch.policy) : before.policy;
  checkPolicy(space, policy);
  const { hourly_rate: _rate, deposit_required: _deposit, ...fields } = patch;
  const change = { ...definedOnly(fields), policy, ...prices(space, patch, before) };
  const version = before.version + 1;
  const pushes = isPushed(before, { ...before, ...change });
  const policy_version = before.policy_version + (pushes ? 1 : 0);
  const after: MachineDetail = { ...before, ...change, policy_version, updated_at: space.now, version };
  await space.commit(
    {
      action: "equipment.updated",
      subject: { type: "equipment", id: before.id, version },
      before: view(space, before),
      after: view(space, after),
      events: statusEvents(before, after),
    },
    write(
      space.db
        .update(equipment)
        .set({ ...change, policy_version, updated_at: space.now, version })
        .where(space.store.in(equipment, eq(equipment.id, before.id), eq(equipment.version, before.version))),
      { ...conflicts, expect: if_match === null ? "conflict" : "stale_version" },
    ),
    // Refused when rules are there in the currency that it had.
    ...(isRepriced(before, after) ? [newPriceVersion(space, before.id, "currency_mismatch")] : []),
    ...(pushes ? [queuePolicyPush(space, before.id)] : []),
  );
  const policy_applied = pushes ? await pushPolicies(space, sharedParts(space.settings), before.id) : true;
  return { ...view(space, after), policy_applied };
}
