import { z } from "@hono/zod-openapi";
import { line, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";
import { isTimeZone } from "../../../platform/time.ts";
import { BookingPolicySchema, holderDisplays } from "../../equipment/index.ts";

const locationHints = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;

const slug = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,58}[a-z0-9])?$/, "must be lower-case letters, digits and dashes")
  .openapi({ example: "fab-lab-pune" });
const timezone = z.string().max(60).refine(isTimeZone, "is not an IANA time zone").openapi({ example: "Asia/Kolkata" });
const currency = z
  .string()
  .regex(/^[A-Z]{3}$/, "must be an ISO 4217 code")
  .openapi({ example: "INR" });
const showHolder = z.enum(holderDisplays).openapi({ description: "How tablets name the holder of a slot." });

export const MakerspaceInput = z
  .strictObject({
    name: line(120).openapi({ example: "Fab Lab Pune" }),
    slug,
    timezone,
    currency,
    location_hint: z
      .enum(locationHints)
      .optional()
      .openapi({ description: "Where its objects are born; defaults to the caller's region." }),
  })
  .openapi("MakerspaceInput");

export const MakerspacePatch = z
  .strictObject({
    name: line(120).optional(),
    timezone: timezone.optional(),
    currency: currency.optional(),
    show_holder: showHolder.optional(),
    booking_policy: BookingPolicySchema.partial().optional(),
  })
  .openapi("MakerspacePatch");

export const Makerspace = z
  .strictObject({
    ...resourceFields,
    slug: z.string(),
    name: z.string(),
    timezone: z.string(),
    currency: z.string(),
    show_holder: showHolder.optional().openapi({ description: "With settings.read only." }),
    booking_policy: BookingPolicySchema.optional().openapi({
      description: "Defaults of every machine. With settings.read only.",
    }),
    policy_applied: z.boolean().optional().openapi({
      description: "After a change: whether every machine has it already; the rest follows within minutes.",
    }),
  })
  .openapi("Makerspace");

export const MakerspaceSummary = z
  .strictObject({ id: z.string(), slug: z.string(), name: z.string(), timezone: z.string(), currency: z.string() })
  .openapi("MakerspaceSummary");
export const MakerspacePage = pageOf(MakerspaceSummary).openapi("MakerspacePage");
export const MakerspaceQuery = z.strictObject(pageQuery);
