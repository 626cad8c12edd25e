import type { z } from "@hono/zod-openapi";
import type { SkillLevel } from "../../../platform/skills.ts";
import { toIso } from "../../../platform/time.ts";
import type { skillRequirements } from "../tables.ts";
import type { SkillRequirements } from "./contract.ts";

/** A group as it is kept. */
export interface RequirementGroup {
  mode: "all" | "any";
  skills: { skill_id: string; min_level: SkillLevel | null }[];
}

export type RequirementRow = Omit<typeof skillRequirements.$inferSelect, "groups"> & { groups: RequirementGroup[] };

/** What a machine asks for; null when nobody has said anything. */
export const viewRequirements = (
  equipment_id: string,
  row: RequirementRow | null,
  names: ReadonlyMap<string, string>,
): z.output<typeof SkillRequirements> => ({
  equipment_id,
  enforcement: row?.enforcement ?? "block",
  grace_days: row?.grace_days ?? 0,
  groups: (row?.groups ?? []).map(({ mode, skills }) => ({
    mode,
    skills: skills.map(({ skill_id, min_level }) => ({ skill_id, name: names.get(skill_id) ?? skill_id, min_level })),
  })),
  created_at: row && toIso(row.created_at),
  updated_at: row && toIso(row.updated_at),
  version: row?.version ?? 0,
});
