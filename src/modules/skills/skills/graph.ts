/** What a skill asks for first. The statements stand in the commit that needs them: two changes that would close a cycle together do not both pass. */

import { eq, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import { type Problem, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { cycleThrough } from "../model.ts";
import { skillPrerequisites, skillTrainers } from "../tables.ts";
import { readPrerequisites, skillNames } from "./reads.ts";

/** Sets what a skill asks for: all of it is there and can be learnt, and none of it leads back to the skill. */
export function prerequisiteWrites(
  { db, store, id: space_id }: Space,
  skill_id: string,
  ids: readonly string[],
): Write[] {
  const wanted = JSON.stringify([...new Set(ids)]);
  return [
    write(db.delete(skillPrerequisites).where(store.in(skillPrerequisites, eq(skillPrerequisites.skill_id, skill_id)))),
    write(
      db.run(sql`
        INSERT INTO skill_prerequisites (makerspace_id, skill_id, prerequisite_id)
        SELECT s.makerspace_id, ${skill_id}, s.id FROM skills s
        WHERE s.makerspace_id = ${space_id} AND s.status = 'active' AND s.id IN (SELECT value FROM json_each(${wanted}))`),
    ),
    write(
      db.run(sql`
        UPDATE skills SET version = version
        WHERE makerspace_id = ${space_id} AND id = ${skill_id} AND json_array_length(${wanted}) =
          (SELECT count(*) FROM skill_prerequisites p WHERE p.makerspace_id = ${space_id} AND p.skill_id = ${skill_id})`),
      { expect: "unknown_reference" },
    ),
    write(
      db.run(sql`
        UPDATE skills SET version = version
        WHERE makerspace_id = ${space_id} AND id = ${skill_id} AND id NOT IN (
          WITH RECURSIVE before(id) AS (
            SELECT p.prerequisite_id FROM skill_prerequisites p WHERE p.makerspace_id = ${space_id} AND p.skill_id = ${skill_id}
            UNION
            SELECT p.prerequisite_id FROM skill_prerequisites p JOIN before ON p.skill_id = before.id
            WHERE p.makerspace_id = ${space_id})
          SELECT id FROM before)`),
      { expect: "prerequisite_cycle" },
    ),
  ];
}

/** Sets who certifies a skill. */
export const trainerWrites = (
  { db, store, id: space_id }: Space,
  skill_id: string,
  ids: readonly string[],
): Write[] => [
  write(db.delete(skillTrainers).where(store.in(skillTrainers, eq(skillTrainers.skill_id, skill_id)))),
  write(
    db.run(sql`
      INSERT INTO skill_trainers (makerspace_id, skill_id, member_id)
      SELECT DISTINCT ${space_id}, ${skill_id}, value FROM json_each(${JSON.stringify(ids)})`),
  ),
];

/** The cycle that these prerequisites would close, as a problem that shows the way; null when they close none. */
export async function cycleProblem(space: Space, skill_id: string, ids: readonly string[]): Promise<Problem | null> {
  const path = cycleThrough(skill_id, ids, await readPrerequisites(space));
  if (!path) return null;
  const names = await skillNames(space, path);
  const shown = path.map((id) => names.get(id) ?? id).join(" → ");
  return problem("prerequisite_cycle", {
    detail: `A skill would come before itself: ${shown}.`,
    reasons: [
      {
        code: "prerequisite_cycle",
        detail: shown,
        fix: "Leave out one of these prerequisites.",
        limit: { path: path.join(" ") },
      },
    ],
  });
}
