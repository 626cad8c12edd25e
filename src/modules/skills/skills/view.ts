import type { z } from "@hono/zod-openapi";
import { toIso } from "../../../platform/time.ts";
import type { skills } from "../tables.ts";
import type { Skill } from "./contract.ts";

/** A skill with what it asks for first, and who certifies it. */
export type SkillRow = typeof skills.$inferSelect & { prerequisite_ids: string[]; trainer_ids: string[] };

export const viewSkill = (row: SkillRow): z.output<typeof Skill> => ({
  id: row.id,
  name: row.name,
  category: row.category,
  description: row.description,
  status: row.status,
  prerequisite_ids: row.prerequisite_ids,
  trainer_ids: row.trainer_ids,
  high_risk: row.high_risk,
  validity_months: row.validity_months,
  disuse_days: row.disuse_days,
  warning_days: row.warning_days,
  metadata: row.metadata as Record<string, string>,
  external_id: row.external_id,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
