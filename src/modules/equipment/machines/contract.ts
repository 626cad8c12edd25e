import { z } from "@hono/zod-openapi";
import {
  anyOf,
  ExternalId,
  Id,
  Instant,
  line,
  Metadata,
  Money,
  orNull,
  pageOf,
  pageQuery,
  prose,
  resourceFields,
} from "../../../platform/contract.ts";
import { WeeklyWindowsOrNull } from "../../../platform/settings/windows.ts";
import { equipmentCategories, equipmentStatuses } from "../model.ts";
import { BookingPolicySchema, PolicyOverridesPatchSchema, PolicyOverridesSchema } from "../policy.ts";

const webUrl = z.url({ protocol: /^https?$/ }).max(2_000);
const day = z.iso.date();
const Specifications = z
  .record(z.string().min(1).max(80), z.union([z.string().max(500), z.number(), z.boolean()]))
  .refine((pairs) => Object.keys(pairs).length <= 100, "has more than 100 entries")
  .openapi({ example: { bed_mm: "400x300", watts: 60 } });

/** Fields a client may write; the status `in_use` is derived. */
const writable = {
  name: line(120),
  category: z.enum(equipmentCategories),
  sub_category: line(80).nullable(),
  status: z.enum(equipmentStatuses),
  location: line(120).nullable(),
  owner_member_id: Id.nullable().openapi({ description: "The service provider whose machine it is." }),
  requires_certification: z.boolean(),
  certification_required: line(200).nullable(),
  last_maintenance_date: day.nullable(),
  next_maintenance_date: day.nullable(),
  maintenance_interval_hours: z.int().min(1).max(100_000).nullable(),
  manufacturer: line(120).nullable(),
  model: line(120).nullable(),
  serial_number: line(120).nullable(),
  purchase_date: day.nullable(),
  warranty_expiry: day.nullable(),
  hourly_rate: orNull(Money),
  deposit_required: orNull(Money),
  description: prose(5_000),
  specifications: Specifications,
  manual_url: webUrl.nullable(),
  image_url: webUrl.nullable(),
  notes: prose(5_000),
  opening_hours: WeeklyWindowsOrNull.openapi({
    description: "Its own hours, inside of the makerspace's; null is whenever that is open.",
  }),
  policy: PolicyOverridesSchema.openapi({ description: "Overrides of the makerspace's booking policy." }),
  metadata: Metadata,
  external_id: ExternalId.nullable(),
};
const code = z
  .string()
  .trim()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, "must be letters, digits, dots, dashes and underscores")
  .openapi({ example: "LASER-1" });

const { name, category, ...optional } = writable;

export const EquipmentInput = z
  .strictObject({ code, name, category })
  .extend(z.strictObject(optional).partial().shape)
  .openapi("EquipmentInput");

export const EquipmentPatch = z
  .strictObject({
    code,
    ...writable,
    policy: PolicyOverridesPatchSchema.openapi({
      description: "Changes single overrides; null takes one back, and the makerspace's rule holds again.",
    }),
  })
  .partial()
  .openapi("EquipmentPatch");

export const Equipment = z
  .strictObject({
    ...resourceFields,
    ...writable,
    code: z.string(),
    in_use: z.boolean().openapi({ description: "Derived: a session is running." }),
    usage_count: z.int().openapi({ description: "Derived: completed sessions." }),
    total_usage_hours: z.number().openapi({ description: "Derived: hours of completed sessions, to two decimals." }),
    rating: z
      .strictObject({ average: z.number().nullable(), count: z.int() })
      .openapi({ description: "Derived: of the ratings that are seen, to two decimals." }),
    effective_policy: BookingPolicySchema,
    retired_at: Instant.nullable(),
    policy_applied: z
      .boolean()
      .optional()
      .openapi({ description: "After a change: whether the machine has it already." }),
  })
  .openapi("Equipment");
export const EquipmentPage = pageOf(Equipment).openapi("EquipmentPage");

export const EquipmentQuery = z.strictObject({
  ...pageQuery,
  category: anyOf(z.enum(equipmentCategories)),
  status: anyOf(z.enum(equipmentStatuses)),
  owner_member_id: Id.optional().openapi({ description: "`me` works." }),
  external_id: z.string().max(200).optional(),
  retired: z.enum(["exclude", "include"]).default("exclude"),
});
