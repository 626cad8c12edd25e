import { z } from "@hono/zod-openapi";
import { Instant, pageOf, pageQuery, resourceFields } from "../contract.ts";
import { jobStatuses } from "../db/tables.ts";
import { ProblemSchema } from "../problem-docs.ts";

export const Health = z.strictObject({ status: z.literal("ok") }).openapi("Health");

export const Ready = z.strictObject({ status: z.literal("ready") }).openapi("Ready");

export const DevTokenInput = z
  .strictObject({
    sub: z.string().min(1).max(200).openapi({ example: "ada" }),
    email: z.email().max(254).optional(),
    name: z.string().min(1).max(200).optional(),
    realm_roles: z
      .array(z.string().max(60))
      .max(20)
      .optional()
      .openapi({ example: ["super_admin"] }),
  })
  .openapi("DevTokenInput");

export const DevToken = z
  .strictObject({
    access_token: z.string(),
    token_type: z.literal("Bearer"),
    expires_in: z.int().openapi({ description: "Seconds" }),
  })
  .openapi("DevToken");

export const Job = z
  .strictObject({
    ...resourceFields,
    kind: z.string(),
    status: z.enum(jobStatuses),
    progress: z.strictObject({ done: z.int(), total: z.int().nullable() }),
    result: z.record(z.string(), z.union([z.number(), z.string()])).nullable(),
    result_url: z.string().nullable().openapi({
      description: "A download, on a single job and for whoever started it; works for a while without sign-in.",
    }),
    problem: ProblemSchema.partial().nullable(),
  })
  .openapi("Job");
export const JobPage = pageOf(Job).openapi("JobPage");

export const DeadLetter = z
  .strictObject({
    ...resourceFields,
    status: z.enum(["parked", "replayed"]),
    event: z.strictObject({
      id: z.string(),
      type: z.string(),
      subject: z.strictObject({ type: z.string(), id: z.string() }),
      occurred_at: Instant,
    }),
  })
  .openapi("DeadLetter");
export const DeadLetterPage = pageOf(DeadLetter).openapi("DeadLetterPage");

export const PageQuery = z.strictObject(pageQuery);
