/** Who is told that a skill waits for a trainer. */

import { eq } from "drizzle-orm";
import type { SpaceStore } from "../../platform/db/store.ts";
import { staffIds } from "../members/index.ts";
import { skillTrainers } from "./tables.ts";

/** Those whom the skill names; without any, administrators and everybody whose duty it is. */
export async function trainersOf(store: SpaceStore, skill_id: string, now: number): Promise<string[]> {
  const named = await store.db
    .select({ id: skillTrainers.member_id })
    .from(skillTrainers)
    .where(store.in(skillTrainers, eq(skillTrainers.skill_id, skill_id)));
  return named.length > 0 ? named.map((row) => row.id) : staffIds(store, ["trainer"], now);
}
