/** Reading skills, with what they ask for and who certifies them in the same statement. */

import { eq, getTableColumns, sql } from "drizzle-orm";
import { among } from "../../../platform/db/columns.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type { Prerequisites } from "../model.ts";
import { skillPrerequisites, skills } from "../tables.ts";
import type { SkillRow } from "./view.ts";

/** Names its columns in full: Drizzle leaves the table out in selects from one table. */
const idsFrom = (
  table: "skill_prerequisites" | "skill_trainers",
  column: "prerequisite_id" | "member_id",
) => sql<string>`(
  SELECT coalesce(json_group_array(x.${sql.raw(column)}), '[]') FROM ${sql.raw(table)} x
  WHERE x.makerspace_id = skills.makerspace_id AND x.skill_id = skills.id)`;

export const skillColumns = {
  ...getTableColumns(skills),
  prerequisite_ids: idsFrom("skill_prerequisites", "prerequisite_id").as("prerequisite_ids"),
  trainer_ids: idsFrom("skill_trainers", "member_id").as("trainer_ids"),
};

/** A row of `skillColumns` as it is selected. */
export type SelectedSkill = typeof skills.$inferSelect & { prerequisite_ids: string; trainer_ids: string };

export const toSkillRow = (row: SelectedSkill): SkillRow => ({
  ...row,
  prerequisite_ids: JSON.parse(row.prerequisite_ids) as string[],
  trainer_ids: JSON.parse(row.trainer_ids) as string[],
});

/** One skill, or null. */
export async function findSkill({ db, store }: Space, id: string): Promise<SkillRow | null> {
  const [row] = await db
    .select(skillColumns)
    .from(skills)
    .where(store.in(skills, eq(skills.id, id)));
  return row ? toSkillRow(row) : null;
}

/** One skill. @throws not_found */
export async function requiredSkill(space: Space, id: string): Promise<SkillRow> {
  const found = await findSkill(space, id);
  if (!found) throw problem("not_found");
  return found;
}

/** Those of the ids that name no skill that one can learn now. */
export async function unknownSkills({ db, store }: Space, ids: readonly string[]): Promise<string[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .select({ id: skills.id })
    .from(skills)
    .where(store.in(skills, eq(skills.status, "active"), among(skills.id, ids)));
  const known = new Set(rows.map((row) => row.id));
  return ids.filter((id) => !known.has(id));
}

/** Names of skills by id. */
export async function skillNames({ db, store }: Space, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await db
    .select({ id: skills.id, name: skills.name })
    .from(skills)
    .where(store.in(skills, among(skills.id, ids)));
  return new Map(rows.map((row) => [row.id, row.name]));
}

/** All of the graph: read where a cycle has to be shown, and nowhere else. */
export async function readPrerequisites({ db, store }: Space): Promise<Prerequisites> {
  const { skill_id, prerequisite_id } = skillPrerequisites;
  const edges = await db
    .select({ skill_id, prerequisite_id })
    .from(skillPrerequisites)
    .where(store.in(skillPrerequisites));
  const graph = new Map<string, string[]>();
  for (const edge of edges) graph.set(edge.skill_id, [...(graph.get(edge.skill_id) ?? []), edge.prerequisite_id]);
  return graph;
}
