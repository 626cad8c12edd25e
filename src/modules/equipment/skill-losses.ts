/** What the loss of a skill means for bookings: those that could not begin go, unless the makerspace keeps them. At once, and again by the event. */

import { inArray } from "drizzle-orm";
import type { SettingsSource } from "../../platform/access/membership.ts";
import { leads } from "../../platform/db/fan-out.ts";
import { readTogether } from "../../platform/db/ready.ts";
import { describeError, log } from "../../platform/log.ts";
import type { Consumers, EventHandler } from "../../platform/queue.ts";
import type { Space } from "../../platform/space.ts";
import { loadSystemSpace } from "../../platform/system-space.ts";
import { machinesAsking, skillGate } from "../skills/index.ts";
import { FACTS_GOOD_FOR_MS, openGates } from "./model.ts";
import { inParallel, machine } from "./objects.ts";
import { reservations } from "./tables.ts";

/** Of these machines, those that hold something of the member, as far as the lists know. */
async function holdingOf({ db, store }: Space, member_id: string, ids: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectDistinct({ id: reservations.equipment_id })
    .from(reservations)
    .where(
      store.in(
        reservations,
        leads(reservations.member_id, member_id),
        inArray(reservations.status, ["pending", "approved"]),
      ),
    );
  const held = new Set(rows.map((row) => row.id));
  return ids.filter((id) => held.has(id));
}

/** What the member brings to the machine now is all that is left to judge by: facts that were read before are refused from here on. */
async function sweepMachine(space: Space, equipment_id: string, member_id: string): Promise<void> {
  const [rows] = await readTogether(space.store, [skillGate.build], { member_id, equipment_id });
  await machine(space, equipment_id).execute({
    command: { type: "sweep_unskilled", member_id, note: "a skill that the machine asks for is gone" },
    actor: { kind: "system", id: "skills", authority: "any" },
    facts: {
      decide_before: Date.now() + FACTS_GOOD_FOR_MS,
      policy_versions: { makerspace: 0, equipment: 0, hours: 0 },
      holder: null,
      gates: { ...openGates, skills: skillGate.read(rows) },
    },
    key: null,
    request_id: space.request_id,
  });
}

/** Sweeps the machines that ask for the skill. */
async function sweep(space: Space, member_id: string, skill_id: string, reach: "concerned" | "all"): Promise<void> {
  const { skill_gated_access, bookings_on_skill_loss } = space.settings.sections.access;
  if (!skill_gated_access || bookings_on_skill_loss === "keep") return;
  const asking = await machinesAsking(space.store, skill_id);
  const ids = reach === "all" ? asking : await holdingOf(space, member_id, asking);
  await inParallel(ids, (id) => sweepMachine(space, id, member_id));
}

/** The first sweep, inside the request that takes the skill away. What fails here is done by the event a moment later. */
export async function sweepSkillAtOnce(space: Space, member_id: string, skill_id: string): Promise<void> {
  try {
    await sweep(space, member_id, skill_id, "concerned");
  } catch (error) {
    log.warn("skill_sweep_failed", {
      makerspace_id: space.id,
      request_id: space.request_id,
      error: describeError(error),
    });
  }
}

/** On every machine that asks for it: one may have booked with what was read before. */
const sweepLoss = (source: SettingsSource): EventHandler => ({
  name: "sweep_lost_skill",
  async handle({ data, request_id }, { store, now }) {
    const { member_id, skill_id } = data;
    if (typeof member_id !== "string" || typeof skill_id !== "string") return [];
    const space = await loadSystemSpace(store, source, { actor_id: "skills", request_id, now });
    if (space) await sweep(space, member_id, skill_id, "all");
    return [];
  },
});

/** Handlers for events of the skills module. */
export const skillLossConsumers = (
  source: SettingsSource,
): Consumers<"certification.revoked" | "certification.expired"> => ({
  "certification.revoked": [sweepLoss(source)],
  "certification.expired": [sweepLoss(source)],
});
