/**
 * Policy on its way to the objects. A change writes down, in its own batch, which versions each machine is owed; the row goes when the
 * object says that it has them. Whoever finds a row may push it, and nobody can settle a debt with older settings than it was made for.
 */

import { env } from "cloudflare:workers";
import { and, asc, eq, isNull, lt, lte, min, type SQL, sql } from "drizzle-orm";
import type { SettingsSource, SpaceSettings } from "../../platform/access/membership.ts";
import { type Write, write } from "../../platform/db/commit.ts";
import { describeError, log } from "../../platform/log.ts";
import { rounds } from "../../platform/ops/rounds.ts";
import type { Space } from "../../platform/space.ts";
import { loadSystemSpace } from "../../platform/system-space.ts";
import { SECOND } from "../../platform/time.ts";
import { partsOf } from "./closures/parts.ts";
import { inParallel } from "./objects.ts";
import { type SharedParts, sharedParts } from "./policy.ts";
import type { EquipmentPort, PolicyParts } from "./port.ts";
import { equipment, policyPushes } from "./tables.ts";

/**
 * Notes what machines are owed after the writes before it in the same batch. The settings' version is read by SQL, not taken from the
 * request: of two changes at once, each may have read its settings before the other wrote.
 */
const queue = (space: Space, which: SQL): Write =>
  write(
    space.db.run(sql`
      INSERT INTO policy_pushes (makerspace_id, equipment_id, makerspace_version, equipment_version, hours_version, created_at)
      SELECT e.makerspace_id, e.id, s.version, e.policy_version,
        coalesce((SELECT version FROM settings_sections WHERE makerspace_id = e.makerspace_id AND section = 'general'), 1) + s.closures_version, ${space.now}
      FROM equipment e JOIN makerspace_settings s ON s.makerspace_id = e.makerspace_id
      WHERE e.makerspace_id = ${space.id} AND e.retired_at IS NULL AND ${which}
      ON CONFLICT DO UPDATE SET created_at = excluded.created_at, makerspace_version = excluded.makerspace_version,
        equipment_version = excluded.equipment_version, hours_version = excluded.hours_version`),
  );

/** Every machine is owed the makerspace's settings: part of the batch that changes them. */
export const queuePolicyPushes = (space: Space): Write => queue(space, sql`1`);

/** One machine is owed its rules: part of the batch that adds or changes it. */
export const queuePolicyPush = (space: Space, equipment_id: string): Write => queue(space, sql`e.id = ${equipment_id}`);

/** A machine that is gone is owed nothing: part of the batch that retires it. */
export const dropPolicyPush = (space: Space, equipment_id: string): Write =>
  write(space.db.delete(policyPushes).where(space.store.in(policyPushes, eq(policyPushes.equipment_id, equipment_id))));

/** Machines that a request brings up to date before it answers, and a message before it lets others run. */
const PUSHES_PER_REQUEST = 60;
const PUSHES_PER_MESSAGE = 240;

interface Owed {
  machine: typeof equipment.$inferSelect;
  makerspace_version: number;
  equipment_version: number;
  hours_version: number;
}

/**
 * Brings objects that are owed a push up to date, those that wait longest first.
 * @param shared the settings to push: those just written, or those of the request
 * @param equipment_id only this machine
 * @returns false when an object did not answer, is owed newer settings than these, or more machines wait; the minute cron goes on.
 */
export async function pushPolicies(
  space: Space,
  shared: SharedParts,
  equipment_id?: string,
  limit = PUSHES_PER_REQUEST,
): Promise<boolean> {
  const only = equipment_id === undefined ? undefined : eq(policyPushes.equipment_id, equipment_id);
  const { makerspace_version, equipment_version, hours_version } = policyPushes;
  const owed = space.db
    .select({ machine: equipment, makerspace_version, equipment_version, hours_version })
    .from(policyPushes)
    .innerJoin(
      equipment,
      and(eq(equipment.makerspace_id, policyPushes.makerspace_id), eq(equipment.id, policyPushes.equipment_id)),
    )
    .where(space.store.in(policyPushes, only, isNull(equipment.retired_at)))
    .orderBy(asc(policyPushes.created_at))
    .limit(limit + 1);
  const unread = (error: unknown): null => {
    // The change is made all the same; the minute cron pushes it.
    log.warn("policy_push_failed", { makerspace_id: space.id, error: describeError(error) });
    return null;
  };
  const rows = await owed.then((found) => found, unread);
  if (!rows) return false;
  const found = rows.slice(0, limit);
  const parts = await partsOf(
    space,
    shared,
    found.map((each) => each.machine),
  ).catch(unread);
  if (!parts) return false;
  const settled = await inParallel(found, (row) => pushOne(space, parts(row.machine), row));
  return rows.length <= limit && settled.every(Boolean);
}

async function pushOne(space: Space, parts: PolicyParts, owed: Owed): Promise<boolean> {
  const { id } = owed.machine;
  const mine = space.store.in(policyPushes, eq(policyPushes.equipment_id, id));
  try {
    // The first call decides where an object is born: near its makerspace.
    const object = space.object<EquipmentPort>(env.EQUIPMENT, id, space.settings.location_hint);
    const has = await object.configure(parts);
    const paid = and(
      mine,
      lte(policyPushes.makerspace_version, has.makerspace),
      lte(policyPushes.equipment_version, has.equipment),
      lte(policyPushes.hours_version, has.hours),
    );
    await space.db.delete(policyPushes).where(paid);
    return (
      owed.makerspace_version <= has.makerspace &&
      owed.equipment_version <= has.equipment &&
      owed.hours_version <= has.hours
    );
  } catch (error) {
    log.warn("policy_push_failed", { makerspace_id: space.id, equipment_id: id, error: describeError(error) });
    // To the end of the line, so that machines which do not answer keep nobody else waiting.
    await space.db
      .update(policyPushes)
      .set({ created_at: Date.now() })
      .where(mine)
      .catch(() => undefined);
    return false;
  }
}

const movesHours = (section: string, before: SpaceSettings, after: SpaceSettings): boolean =>
  section === "general" &&
  JSON.stringify(before.sections.general.opening_hours) !== JSON.stringify(after.sections.general.opening_hours);

/**
 * What a change of settings means for machines: new opening hours are owed in the change's own batch and pushed before its answer. Another
 * general setting is nothing to them; the version they lack is given to them with their next command.
 */
export const hoursEffects = {
  writes: (space: Space, section: string, before: SpaceSettings, after: SpaceSettings): Write[] =>
    movesHours(section, before, after) ? [queuePolicyPushes(space)] : [],
  changed: async (space: Space, section: string, before: SpaceSettings, after: SpaceSettings): Promise<boolean> =>
    !movesHours(section, before, after) || pushPolicies(space, sharedParts(after)),
};

/** A request pushes its own; what is older than this was left behind. */
const LEFT_BEHIND_AFTER = 5 * SECOND;

/** Each minute: makerspaces with machines that were left behind. */
export const policyRounds = (settings: SettingsSource) =>
  rounds({
    name: "push_policies",
    schedule: "minute",
    type: "policy.push_due",
    waiting: (db, now, limit) =>
      db
        .select({ makerspace_id: policyPushes.makerspace_id, oldest: min(policyPushes.created_at).as("oldest") })
        .from(policyPushes)
        .where(lt(policyPushes.created_at, now - LEFT_BEHIND_AFTER))
        .groupBy(policyPushes.makerspace_id)
        .orderBy(sql`oldest`)
        .limit(limit),
    async work({ store, request_id, now }) {
      const space = await loadSystemSpace(store, settings, { actor_id: "policy", request_id, now });
      if (space) await pushPolicies(space, sharedParts(space.settings), undefined, PUSHES_PER_MESSAGE);
      return {};
    },
  });
