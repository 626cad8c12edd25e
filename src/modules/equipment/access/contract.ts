import { z } from "@hono/zod-openapi";
import { Id, Instant, InstantInput } from "../../../platform/contract.ts";
import { ReasonSchema } from "../../../platform/problem-docs.ts";

const asked = {
  starts_at: InstantInput,
  ends_at: InstantInput,
  member_id: Id.optional().openapi({ description: "Staff: for this member; otherwise oneself." }),
};
const endsLater = ({ starts_at, ends_at }: { starts_at: number; ends_at: number }): boolean => ends_at > starts_at;
const fault = { path: ["ends_at"], message: "must be after starts_at" };

export const ExplainQuery = z.strictObject(asked).refine(endsLater, fault);
export const ExplainMachineQuery = z.strictObject({ ...asked, equipment_id: Id }).refine(endsLater, fault);

const counted = z.strictObject({
  open_bookings: z.int(),
  max_open_bookings: z.int().nullable(),
  minutes_used: z.int().openapi({ description: "In the cycle that holds starts_at." }),
  minutes_per_cycle: z.int().nullable(),
  cycle_from: Instant,
  cycle_to: Instant,
});

export const Explanation = z
  .strictObject({
    equipment_id: Id,
    member_id: Id,
    starts_at: Instant,
    ends_at: Instant,
    allowed: z.boolean().openapi({ description: "True when the member could book this now." }),
    reasons: z.array(ReasonSchema).openapi({ description: "Everything that says no, as a refusal would list it." }),
    warnings: z.array(ReasonSchema).openapi({
      description: "What would be said and let the member through, such as a skill that is only asked for.",
    }),
    staff_may_override: z.boolean().openapi({ description: "True when staff could book all the same." }),
    counted: counted.nullable().openapi({ description: "What the plan counts; null without such limits." }),
  })
  .openapi("AccessExplanation");
