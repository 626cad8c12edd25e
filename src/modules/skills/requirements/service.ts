/** What machines ask for. Bookings there are stay; whoever lacks a skill is stopped when use begins. */

import type { z } from "@hono/zod-openapi";
import { eq, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { type FieldError, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { skillNames, unknownSkills } from "../skills/reads.ts";
import { skillRequirementSkills, skillRequirements } from "../tables.ts";
import type { SkillRequirements, SkillRequirementsInput } from "./contract.ts";
import { type RequirementGroup, type RequirementRow, viewRequirements } from "./view.ts";

type View = z.output<typeof SkillRequirements>;

/** What a machine asks for, and whether there is such a machine, in one read. @throws not_found */
async function find(space: Space, equipment_id: string): Promise<RequirementRow | null> {
  const machine = space.db.all<{ id: string }>(
    sql`SELECT id FROM equipment WHERE makerspace_id = ${space.id} AND id = ${equipment_id} AND retired_at IS NULL`,
  );
  const asked = space.db
    .select()
    .from(skillRequirements)
    .where(space.store.in(skillRequirements, eq(skillRequirements.equipment_id, equipment_id)));
  const [[there], [row]] = await Promise.all([machine, asked]);
  if (!there) throw problem("not_found");
  return row ? { ...row, groups: row.groups as RequirementGroup[] } : null;
}

const idsOf = (groups: readonly RequirementGroup[]): string[] => [
  ...new Set(groups.flatMap(({ skills }) => skills.map(({ skill_id }) => skill_id))),
];

const view = async (space: Space, equipment_id: string, row: RequirementRow | null): Promise<View> =>
  viewRequirements(equipment_id, row, row ? await skillNames(space, idsOf(row.groups)) : new Map());

/** What a machine asks for. @throws not_found */
export const readRequirements = async (space: Space, equipment_id: string): Promise<View> =>
  view(space, equipment_id, await find(space, equipment_id));

/** @throws unknown_reference with the place of each skill that nobody can learn */
async function refuseUnknown(space: Space, groups: readonly RequirementGroup[]): Promise<void> {
  const unknown = new Set(await unknownSkills(space, idsOf(groups)));
  const errors = groups.flatMap(({ skills }, at) =>
    skills.flatMap(({ skill_id }, index): FieldError[] => {
      if (!unknown.has(skill_id)) return [];
      const pointer = `/groups/${at}/skills/${index}/skill_id`;
      return [{ pointer, code: "unknown", detail: "names no skill that can be learnt" }];
    }),
  );
  if (errors.length > 0) throw problem("unknown_reference", { errors });
}

/**
 * Says what a machine asks for.
 * @throws not_found, unknown_reference, stale_version, conflict
 */
export async function setRequirements(
  space: Space,
  equipment_id: string,
  if_match: number | null,
  input: z.output<typeof SkillRequirementsInput>,
): Promise<View> {
  const before = await find(space, equipment_id);
  const known = before?.version ?? 0;
  if (if_match !== null && if_match !== known) throw problem("stale_version");
  const { enforcement, grace_days } = input;
  const groups = input.groups.map(({ mode, skills }) => ({
    mode,
    skills: skills.map(({ skill_id, min_level = null }) => ({ skill_id, min_level })),
  }));
  await refuseUnknown(space, groups);
  const created_at = before?.created_at ?? space.now;
  const change = { enforcement, grace_days, groups, updated_at: space.now, version: known + 1 };
  const row: RequirementRow = space.store.row({ equipment_id, ...change, created_at });
  const wanted = JSON.stringify(idsOf(groups));
  const { db, store, id: space_id } = space;
  await space.commit(
    {
      action: "skill_requirements.set",
      subject: { type: "equipment", id: equipment_id, version: row.version },
      before: before && { enforcement: before.enforcement, grace_days: before.grace_days, groups: before.groups },
      after: { enforcement, grace_days, groups },
    },
    // Somebody else's first word is a conflict of the key, a later one a version that is not there.
    before
      ? write(
          db
            .update(skillRequirements)
            .set(change)
            .where(
              store.in(
                skillRequirements,
                eq(skillRequirements.equipment_id, equipment_id),
                eq(skillRequirements.version, known),
              ),
            ),
          { expect: if_match === null ? "conflict" : "stale_version" },
        )
      : write(db.insert(skillRequirements).values(row), {
          unique: { "skill_requirements.equipment_id": if_match === null ? "conflict" : "stale_version" },
        }),
    write(
      db
        .delete(skillRequirementSkills)
        .where(store.in(skillRequirementSkills, eq(skillRequirementSkills.equipment_id, equipment_id))),
    ),
    write(
      db.run(sql`
        INSERT INTO skill_requirement_skills (makerspace_id, equipment_id, skill_id)
        SELECT s.makerspace_id, ${equipment_id}, s.id FROM skills s
        WHERE s.makerspace_id = ${space_id} AND s.status = 'active' AND s.id IN (SELECT value FROM json_each(${wanted}))`),
    ),
    // None of them was put away meanwhile.
    write(
      db.run(sql`
        UPDATE skill_requirements SET version = version
        WHERE makerspace_id = ${space_id} AND equipment_id = ${equipment_id} AND json_array_length(${wanted}) =
          (SELECT count(*) FROM skill_requirement_skills l WHERE l.makerspace_id = ${space_id} AND l.equipment_id = ${equipment_id})`),
      { expect: "unknown_reference" },
    ),
  );
  return view(space, equipment_id, row);
}
