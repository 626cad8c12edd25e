/** The problem schema and the documented error responses of a route. */

import { z } from "@hono/zod-openapi";
import { type ProblemCode, problems } from "./problem.ts";

const codes = Object.keys(problems) as [ProblemCode, ...ProblemCode[]];

export const ReasonSchema = z
  .strictObject({
    code: z.string(),
    detail: z.string(),
    fix: z.string().optional(),
    limit: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  })
  .openapi("Reason");

const Stretch = z.strictObject({ starts_at: z.iso.datetime(), ends_at: z.iso.datetime() });

export const ProblemSchema = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string(),
    code: z.enum(codes),
    request_id: z.string(),
    errors: z.array(z.strictObject({ pointer: z.string(), code: z.string(), detail: z.string() })).optional(),
    reasons: z
      .array(ReasonSchema)
      .optional()
      .openapi({ description: "Every rule that said no, with what would fix it." }),
    conflicts_with: Stretch.optional().openapi({ description: "When the machine is held; never by whom." }),
    conflicts: z
      .array(
        z.strictObject({
          ...Stretch.shape,
          code: z.string(),
          reasons: z.array(ReasonSchema),
          conflicts_with: Stretch.optional(),
        }),
      )
      .optional()
      .openapi({ description: "Each booking of a series that cannot be, and why." }),
    current_status: z.string().optional(),
  })
  .openapi("Problem");

/** Responses by status, each naming its codes. */
export function problemResponses(used: readonly ProblemCode[]): Record<number, object> {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of [...new Set(used)].sort()) {
    const [status] = problems[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, list]) => [
        status,
        {
          description: list.map((code) => `\`${code}\` ${problems[code][1]}`).join("; "),
          content: { "application/problem+json": { schema: ProblemSchema } },
          "x-problem-codes": list,
        },
      ]),
  );
}
