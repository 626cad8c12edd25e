import { z } from "@hono/zod-openapi";
import { Id, Instant, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";
import { erasureStatuses } from "./model.ts";

const Kept = z
  .strictObject({
    data: z.string().openapi({ description: "The table whose rows are kept.", example: "membership_transactions" }),
    ground: z.string().openapi({ example: "accounting" }),
    about: z.string().openapi({ description: "The ground in words." }),
    keep_until: Instant.nullable().openapi({
      description: "The rows are deleted then. Null where what is left is nobody's any more, or ends by itself.",
    }),
    ended_at: Instant.nullable().openapi({ description: "When they were deleted." }),
  })
  .openapi("KeptData");

export const Erasure = z
  .strictObject({
    ...resourceFields,
    id: Id.openapi({ description: "Of the member." }),
    status: z
      .enum(erasureStatuses)
      .openapi({ description: "`waiting` can be withdrawn; from `running` on it cannot." }),
    requested_at: Instant,
    due_at: Instant.openapi({ description: "When it begins, or began." }),
    done_at: Instant.nullable(),
    job_id: Id.nullable(),
    kept: z.array(Kept).openapi({ description: "What outlives it, on which ground and until when." }),
  })
  .openapi("Erasure");
export const ErasurePage = pageOf(Erasure).openapi("ErasurePage");

export const ErasureQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(erasureStatuses).optional(),
});

export const ErasureInput = z.strictObject({}).openapi("ErasureInput");
