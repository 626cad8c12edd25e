import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import { endingOf } from "../model.ts";
import type { certifications } from "../tables.ts";
import type { Certification } from "./contract.ts";

/** A certification with what its skill says of disuse. */
export type CertificationRow = typeof certifications.$inferSelect & { disuse_days: number | null };

const endsAt = (row: CertificationRow): number | null =>
  row.status === "certified" || row.status === "awaiting_cosign" ? (endingOf(row)?.at ?? null) : row.ended_at;

export const viewCertification = (row: CertificationRow): z.output<typeof Certification> => ({
  id: row.id,
  skill_id: row.skill_id,
  member_id: row.member_id,
  level: row.level,
  status: row.status,
  certified_at: toIso(row.certified_at),
  certified_by: row.certified_by,
  cosigned_at: toIsoOrNull(row.cosigned_at),
  cosigned_by: row.cosigned_by,
  expires_at: toIsoOrNull(row.expires_at),
  last_used_at: toIsoOrNull(row.last_used_at),
  ends_at: toIsoOrNull(endsAt(row)),
  ended_by: row.ended_by,
  ended_because: row.ended_because,
  reason: row.reason,
  quiz_score: row.quiz_score,
  evidence: row.evidence,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
