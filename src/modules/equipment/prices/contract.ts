import { z } from "@hono/zod-openapi";
import { Id, Instant, InstantInput, Money } from "../../../platform/contract.ts";
import { billings } from "../model.ts";
import { ruleTypes } from "./model.ts";

export const EstimateInput = z
  .strictObject({
    starts_at: InstantInput,
    ends_at: InstantInput,
    member_id: Id.optional().openapi({ description: "Staff: as this member would pay; otherwise as oneself." }),
    project_id: Id.nullable().default(null),
  })
  .refine(({ starts_at, ends_at }) => ends_at > starts_at, { path: ["ends_at"], message: "must be after starts_at" })
  .refine(({ starts_at, ends_at }) => ends_at - starts_at <= 31 * 86_400_000, {
    path: ["ends_at"],
    message: "is more than 31 days after starts_at",
  })
  .openapi("EstimateInput");

/** An amount that may be a discount. */
const SignedMoney = z
  .strictObject({ amount_minor: z.int(), currency: z.string() })
  .openapi("SignedMoney", { example: { amount_minor: -250, currency: "EUR" } });

/** What a booking costs, and under which terms: as it was made. */
export const BookingPrice = z
  .strictObject({
    total: Money.openapi({ description: "For the time that is reserved." }),
    deposit: Money,
    price_version: z.int().openapi({ description: "Of the machine's price; moving the booking keeps it." }),
    bill_by: z.enum(billings),
    cancellation_hours: z.int(),
    late_cancel_fee: Money,
    no_show_fee: Money,
  })
  .openapi("BookingPrice");

export const PriceLine = z
  .strictObject({
    rule_id: Id.nullable().openapi({ description: "Null for the machine's own rate." }),
    rule_type: z.enum(ruleTypes),
    minutes: z.int().nullable().openapi({ description: "Of a rate: for how much of the time." }),
    amount: SignedMoney,
  })
  .openapi("PriceLine");

export const PriceEstimate = z
  .strictObject({
    equipment_id: Id,
    starts_at: Instant,
    ends_at: Instant,
    lines: z.array(PriceLine),
    total: Money.openapi({ description: "The sum of the lines." }),
    deposit: Money.openapi({ description: "Taken and given back: no part of the total." }),
    price_version: z.int().openapi({ description: "Of the machine's price; 0 when it costs nothing." }),
  })
  .openapi("PriceEstimate");
