/** Skills: made, changed, put away. */

import type { z } from "@hono/zod-openapi";
import { eq, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import { newId } from "../../../platform/ids.ts";
import { definedOnly } from "../../../platform/merge.ts";
import { nameKey } from "../../../platform/names.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { certifications, skills } from "../tables.ts";
import type { Skill, SkillInput, SkillPatch } from "./contract.ts";
import { cycleProblem, prerequisiteWrites, trainerWrites } from "./graph.ts";
import { requiredSkill, unknownSkills } from "./reads.ts";
import { type SkillRow, viewSkill } from "./view.ts";

type View = z.output<typeof Skill>;

const unique = { "skills.name_key": "name_taken", "skills.external_id": "external_id_taken" } as const;

/** @throws unknown_reference for prerequisites that nobody can learn */
async function refuseUnknown(space: Space, ids: readonly string[]): Promise<void> {
  const unknown = await unknownSkills(space, ids);
  if (unknown.length === 0) return;
  const errors = unknown.map((id) => ({
    pointer: `/prerequisite_ids/${ids.indexOf(id)}`,
    code: "unknown",
    detail: "names no skill that can be learnt",
  }));
  throw problem("unknown_reference", { errors });
}

/** What an auditor needs of a skill. */
const audited = ({ name, category, status, prerequisite_ids, trainer_ids, high_risk }: SkillRow) => ({
  name,
  category,
  status,
  prerequisite_ids,
  trainer_ids,
  high_risk,
});

/** Makes a skill. @throws name_taken, external_id_taken, unknown_reference */
export async function createSkill(space: Space, input: z.output<typeof SkillInput>): Promise<View> {
  const { prerequisite_ids, trainer_ids, ...fields } = input;
  await refuseUnknown(space, prerequisite_ids);
  const columns = space.store.row({
    ...fields,
    name_key: nameKey(input.name),
    id: newId(),
    status: "active" as const,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const row: SkillRow = {
    ...columns,
    prerequisite_ids: [...new Set(prerequisite_ids)].sort(),
    trainer_ids: [...new Set(trainer_ids)].sort(),
  };
  const body = viewSkill(row);
  await space.commit(
    {
      action: "skill.created",
      subject: { type: "skill", id: row.id, version: 1 },
      after: audited(row),
      answer: { status: 201, body },
    },
    write(space.db.insert(skills).values(columns), { unique }),
    ...(prerequisite_ids.length > 0 ? prerequisiteWrites(space, row.id, prerequisite_ids) : []),
    ...(trainer_ids.length > 0 ? trainerWrites(space, row.id, trainer_ids) : []),
  );
  return body;
}

/** One skill. @throws not_found */
export const readSkill = async (space: Space, id: string): Promise<View> => viewSkill(await requiredSkill(space, id));

/** When certifications are looked at again: their end may have moved. */
const lookAgain = ({ db, store, now }: Space, skill_id: string): Write =>
  write(
    db
      .update(certifications)
      .set({ due_at: now })
      .where(store.in(certifications, eq(certifications.skill_id, skill_id), eq(certifications.status, "certified"))),
  );

/**
 * Merges fields. What people have been certified for stays; disuse and warnings follow the new rules.
 * @throws not_found, stale_version, conflict, name_taken, external_id_taken, unknown_reference, illegal_transition; prerequisite_cycle, with the way that leads back
 */
export async function changeSkill(
  space: Space,
  id: string,
  if_match: number | null,
  patch: z.output<typeof SkillPatch>,
): Promise<View> {
  const before = await requiredSkill(space, id);
  if (if_match !== null && if_match !== before.version) throw problem("stale_version");
  if (before.status === "archived") throw problem("illegal_transition", { current_status: "archived" });
  const { prerequisite_ids, trainer_ids, ...fields } = definedOnly(patch);
  if (prerequisite_ids) {
    const cycle = await cycleProblem(space, id, prerequisite_ids);
    if (cycle) throw cycle;
    await refuseUnknown(space, prerequisite_ids);
  }
  const change = {
    ...fields,
    ...(fields.name !== undefined && { name_key: nameKey(fields.name) }),
    updated_at: space.now,
    version: before.version + 1,
  };
  const after: SkillRow = {
    ...before,
    ...change,
    ...(prerequisite_ids && { prerequisite_ids: [...new Set(prerequisite_ids)].sort() }),
    ...(trainer_ids && { trainer_ids: [...new Set(trainer_ids)].sort() }),
  };
  const movesEnds = fields.disuse_days !== undefined || fields.warning_days !== undefined;
  try {
    await space.commit(
      {
        action: "skill.changed",
        subject: { type: "skill", id, version: change.version },
        before: audited(before),
        after: { ...audited(after), changed: Object.keys(patch) },
      },
      write(
        space.db
          .update(skills)
          .set(change)
          .where(space.store.in(skills, eq(skills.id, id), eq(skills.version, before.version))),
        { expect: if_match === null ? "conflict" : "stale_version", unique },
      ),
      ...(prerequisite_ids ? prerequisiteWrites(space, id, prerequisite_ids) : []),
      ...(trainer_ids ? trainerWrites(space, id, trainer_ids) : []),
      ...(movesEnds ? [lookAgain(space, id)] : []),
    );
  } catch (error) {
    // Somebody closed the other half of it a moment ago: now it can be shown.
    if (!(error instanceof Problem) || error.code !== "prerequisite_cycle") throw error;
    throw (await cycleProblem(space, id, prerequisite_ids ?? [])) ?? error;
  }
  return viewSkill(after);
}

/**
 * Puts a skill away: nobody is certified for it any more; what was certified stays on record.
 * @throws not_found; skill_in_use while a machine asks for it, or another skill comes after it
 */
export async function archiveSkill(space: Space, id: string): Promise<void> {
  const before = await requiredSkill(space, id);
  if (before.status === "archived") return;
  const version = before.version + 1;
  const isFree = sql`NOT EXISTS (
      SELECT 1 FROM skill_requirement_skills r WHERE r.makerspace_id = ${space.id} AND r.skill_id = ${id})
    AND NOT EXISTS (
      SELECT 1 FROM skill_prerequisites p JOIN skills s ON s.makerspace_id = p.makerspace_id AND s.id = p.skill_id
      WHERE p.makerspace_id = ${space.id} AND p.prerequisite_id = ${id} AND s.status = 'active')`;
  await space.commit(
    {
      action: "skill.archived",
      subject: { type: "skill", id, version },
      before: { status: before.status },
      after: { status: "archived" },
    },
    write(
      space.db
        .update(skills)
        .set({ status: "archived", updated_at: space.now, version })
        .where(space.store.in(skills, eq(skills.id, id), eq(skills.status, "active"), isFree)),
      { expect: "skill_in_use" },
    ),
  );
}
