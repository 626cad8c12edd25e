import { z } from "@hono/zod-openapi";
import { Id, Money, orNull } from "../../../platform/contract.ts";
import { billings, reservationStatuses } from "../model.ts";
import { PriceLine } from "../prices/contract.ts";
import { chargeKinds } from "./owed.ts";

export const Settlement = z
  .strictObject({
    reservation_id: Id,
    equipment_id: Id,
    member_id: Id,
    reservation_status: z.enum(reservationStatuses),
    final: z.boolean().openapi({ description: "False while the booking is not over: then it is what it would cost." }),
    kind: z.enum(chargeKinds).nullable().openapi({ description: "What is paid for; null for nothing." }),
    bill_by: z.enum(billings).nullable(),
    reserved_minutes: z.int(),
    used_minutes: z.int().nullable().openapi({ description: "Null without a recorded session." }),
    lines: z.array(PriceLine),
    total: Money,
    deposit: Money,
    price_version: z.int(),
    charges: z
      .array(z.strictObject({ kind: z.enum(chargeKinds), status: z.enum(["due", "lifted"]), amount: orNull(Money) }))
      .openapi({ description: "What billing has been told: at most one of each kind." }),
  })
  .openapi("Settlement");
