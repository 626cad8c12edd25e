import { z } from "@hono/zod-openapi";
import { Id, Instant, InstantInput } from "../../../platform/contract.ts";

export const HoldInput = z
  .strictObject({
    starts_at: InstantInput,
    ends_at: InstantInput,
    member_id: Id.optional().openapi({ description: "Staff: on behalf of this member." }),
  })
  .refine((input) => input.ends_at > input.starts_at, { path: ["ends_at"], message: "must be after starts_at" })
  .openapi("HoldInput");

export const Hold = z
  .strictObject({
    hold_token: Id.openapi({ description: "Goes with the reservation that takes the slot up." }),
    makerspace_id: Id,
    equipment_id: Id,
    member_id: Id,
    starts_at: Instant,
    ends_at: Instant,
    expires_at: Instant.openapi({ description: "Never past the start." }),
    renewals_left: z.int(),
    created_at: Instant,
  })
  .openapi("Hold");
