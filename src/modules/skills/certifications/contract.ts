import { z } from "@hono/zod-openapi";
import {
  anyOf,
  Id,
  Instant,
  InstantInput,
  line,
  pageOf,
  pageQuery,
  prose,
  resourceFields,
} from "../../../platform/contract.ts";
import { skillLevels } from "../../../platform/skills.ts";
import { certificationStatuses, endings } from "../model.ts";

const level = z.enum(skillLevels);

/** What a certifier says: the same with a certification and with the approval of a request. */
export const certificationFields = {
  level: level.optional().openapi({ description: "`beginner` unless told." }),
  expires_at: InstantInput.nullable().optional().openapi({
    description: "When it ends; what the skill says unless told, null for never.",
  }),
  quiz_score: z.int().min(0).max(100).nullable().optional().openapi({ description: "Out of 100." }),
  evidence: prose(1_000).optional().openapi({ description: "What was shown, or where it lies." }),
};

export const CertificationInput = z
  .strictObject({ member_id: Id, ...certificationFields })
  .openapi("CertificationInput");

export const RevokeInput = z.strictObject({ reason: line(1_000) }).openapi("RevokeCertificationInput");

export const Certification = z
  .strictObject({
    ...resourceFields,
    skill_id: Id,
    member_id: Id,
    level,
    status: z.enum(certificationStatuses).openapi({
      description: "`awaiting_cosign` does not count yet; of a high-risk skill a second person signs.",
    }),
    certified_at: Instant,
    certified_by: z.string(),
    cosigned_at: Instant.nullable(),
    cosigned_by: z.string().nullable(),
    expires_at: Instant.nullable(),
    last_used_at: Instant.nullable().openapi({ description: "The last use of a machine that asks for the skill." }),
    ends_at: Instant.nullable().openapi({
      description: "When it ends if nothing happens, by date or by disuse; when it ended; null without an end.",
    }),
    ended_by: z.string().nullable(),
    ended_because: z.enum(endings).nullable(),
    reason: z.string().nullable().openapi({ description: "Why it was revoked." }),
    quiz_score: z.int().nullable(),
    evidence: z.string().nullable(),
  })
  .openapi("Certification");
export const CertificationPage = pageOf(Certification).openapi("CertificationPage");

const status = anyOf(z.enum(certificationStatuses));
const member_id = Id.optional().openapi({ description: "`me` works; others need staff permission." });

export const SkillCertificationQuery = z.strictObject({ ...pageQuery, member_id, status });
export const CertificationQuery = z.strictObject({ ...pageQuery, member_id, skill_id: Id.optional(), status });
