import { z } from "@hono/zod-openapi";
import { anyOf, Id, Instant, line, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";
import { visitStatuses, waiverMethods } from "./model.ts";

const date = z.iso.date().openapi({ example: "2026-11-22" });
const name = line(120).openapi({ example: "Grace Hopper" });
const visit_on = date.openapi({ description: "The day of the visit, on the makerspace's clock." });

export const GuestInput = z
  .strictObject({
    name,
    visit_on,
    host_member_id: Id.optional().openapi({ description: "Oneself unless told; staff name any member." }),
    beyond_plan: z.boolean().default(false).openapi({
      description: "Staff: whatever the host's plan says; it uses up no pass.",
    }),
  })
  .openapi("GuestInput");

export const GuestPatch = z.strictObject({ name }).openapi("GuestPatch");

export const Guest = z
  .strictObject({
    ...resourceFields,
    host_member_id: Id,
    host_display_name: z.string(),
    name: z.string().nullable().openapi({
      description: "Erased `access.guest_names_kept_days` after the visit; the visit stays.",
    }),
    visit_on,
    starts_at: Instant.openapi({ description: "Where that day begins …" }),
    ends_at: Instant.openapi({ description: "… and ends." }),
    status: z.enum(visitStatuses),
    uses_pass: z.boolean().openapi({ description: "It uses up a pass of the host's plan." }),
    arrived_at: Instant.nullable(),
    departed_at: Instant.nullable(),
    invited_by: z.string(),
  })
  .openapi("Guest");
export const GuestPage = pageOf(Guest).openapi("GuestPage");

export const GuestQuery = z.strictObject({
  ...pageQuery,
  status: anyOf(z.enum(visitStatuses)).openapi({ description: "`arrived` are those who are in the house." }),
  host_member_id: z.string().max(80).optional().openapi({ description: "A member, or `me`." }),
  visit_on: z
    .union([z.literal("today"), date])
    .optional()
    .openapi({ description: "A date, or `today`." }),
  visit_from: date.optional().openapi({ description: "From this day on." }),
  visit_to: date.optional().openapi({ description: "Before this day." }),
  sort: z.enum(["visit_on", "-visit_on"]).default("visit_on"),
});

const number = z.int().min(1);

export const WaiverInput = z
  .strictObject({ agreement_id: Id, number, method: z.enum(waiverMethods) })
  .openapi("GuestWaiverInput", {
    description: "The text that the guest was shown: an older one than counts now is refused.",
  });

const SignedWaiver = z
  .strictObject({
    agreement_id: Id,
    number,
    accepted_at: Instant,
    method: z.enum(waiverMethods),
    recorded_by: z.string(),
  })
  .openapi("GuestWaiver");

const OutstandingWaiver = z
  .strictObject({ agreement_id: Id, title: z.string(), number })
  .openapi("OutstandingGuestWaiver");

export const GuestWaivers = z
  .strictObject({ signed: z.array(SignedWaiver), outstanding: z.array(OutstandingWaiver) })
  .openapi("GuestWaivers", { description: "Without the outstanding ones a guest is not let in." });

export const GuestPasses = z
  .strictObject({
    limit: z.int().nullable().openapi({ description: "Of the plan, per cycle; null is any number." }),
    used: z.int(),
    left: z.int().nullable(),
    cycle_from: Instant,
    cycle_to: Instant,
  })
  .openapi("GuestPasses", { description: "Visits count in the cycle that holds their day, no-shows included." });
