import { z } from "@hono/zod-openapi";
import { anyOf, Id, Instant, pageOf, pageQuery, prose, resourceFields } from "../../../platform/contract.ts";
import { certificationFields } from "../certifications/contract.ts";
import { MAX_EVIDENCE, requestStatuses } from "../model.ts";

const text = prose(1_000);

export const SkillRequestInput = z
  .strictObject({
    skill_id: Id,
    file_ids: z
      .array(Id)
      .max(MAX_EVIDENCE)
      .default([])
      .openapi({ description: "Evidence: files of one's own, uploaded for `skill_request`." }),
    message: text.default(null).openapi({ description: "For who decides: what one can do already." }),
  })
  .openapi("SkillRequestInput");

export const ApproveSkillRequestInput = z
  .strictObject({ ...certificationFields, note: text.optional() })
  .openapi("ApproveSkillRequestInput");

export const RejectSkillRequestInput = z
  .strictObject({ note: text.optional().openapi({ description: "Why, for the member." }) })
  .openapi("RejectSkillRequestInput");

export const SkillRequest = z
  .strictObject({
    ...resourceFields,
    skill_id: Id,
    member_id: Id,
    status: z.enum(requestStatuses),
    message: z.string().nullable(),
    decided_by: z.string().nullable(),
    decided_at: Instant.nullable(),
    note: z.string().nullable(),
    file_ids: z.array(Id).openapi({ description: "Evidence that came with it." }),
    certification_id: Id.nullable().openapi({ description: "What came of an approval." }),
  })
  .openapi("SkillRequest");
export const SkillRequestPage = pageOf(SkillRequest).openapi("SkillRequestPage");

export const SkillRequestQuery = z.strictObject({
  ...pageQuery,
  member_id: Id.optional().openapi({ description: "`me` works; others need staff permission." }),
  skill_id: Id.optional(),
  status: anyOf(z.enum(requestStatuses)),
});
