import { z } from "@hono/zod-openapi";
import {
  anyOf,
  ExternalId,
  Id,
  Instant,
  InstantInput,
  line,
  Metadata,
  Money,
  orNull,
  pageOf,
  pageQuery,
  prose,
  resourceFields,
} from "../../../platform/contract.ts";
import { WeeklyWindows } from "../../../platform/settings/windows.ts";
import { groupKinds } from "../billing_groups/model.ts";
import { billingCycles } from "../memberships/cycles.ts";
import { membershipStates } from "../memberships/model.ts";
import { planStatuses, planTypes, planVisibilities, promoCode, reservedLimits } from "./model.ts";

const amount = z.int().min(0).max(1_000_000_000_000);
const inPlanCurrency = "In the smallest unit of the price's currency.";
const code = line(40).transform(promoCode);

const promoShape = {
  code: code.nullable().openapi({ description: "Who names it has the discount; null gives it to everybody." }),
  percent_basis_points: z.int().min(1).max(10_000).nullable().openapi({ description: "Hundredths of a percent." }),
  amount_minor: amount.min(1).nullable().openapi({ description: inPlanCurrency }),
};

const PromoInput = z
  .strictObject({
    code: promoShape.code.default(null),
    percent_basis_points: promoShape.percent_basis_points.default(null),
    amount_minor: promoShape.amount_minor.default(null),
    starts_at: InstantInput.nullable().default(null),
    ends_at: InstantInput.nullable().default(null),
  })
  .refine((promo) => (promo.percent_basis_points === null) !== (promo.amount_minor === null), {
    error: "is a percentage or an amount",
    path: ["percent_basis_points"],
  })
  .refine(({ starts_at, ends_at }) => starts_at === null || ends_at === null || starts_at < ends_at, {
    error: "must end after it starts",
    path: ["ends_at"],
  })
  .openapi("PromoInput", {
    description: "A discount on the first period's price. A percentage is rounded half up to the smallest unit.",
  });

const Promo = z
  .strictObject({
    ...promoShape,
    code: z.string().nullable(),
    starts_at: Instant.nullable(),
    ends_at: Instant.nullable(),
  })
  .openapi("Promo");

const reservedNote = (name: keyof typeof reservedLimits): string => {
  const { reserved_for, initial } = reservedLimits[name];
  return `Reserved for the module "${reserved_for}": ${initial} until it is there.`;
};

const equipmentIds = z.array(Id).max(200);

/** What a plan says of itself and its limits, the same in requests and answers. */
const shape = {
  name: line(120).openapi({ example: "Maker" }),
  description: prose(4_000),
  plan_type: z.enum(planTypes),
  price: Money,
  setup_fee_minor: amount.openapi({
    description: `Due with the first paid period on this plan, once per member: setup fees that they have paid before, of this plan or another one in its currency, count. Who changes to a plan with a higher fee pays the difference, and nobody gets one back. ${inPlanCurrency}`,
  }),
  billing_cycle: z.enum(billingCycles).openapi({
    description:
      "`daily` without `auto_renew` is a day pass: its holder is a member until the day ends on the makerspace's clock.",
  }),
  contract_months: z.int().min(0).max(60).openapi({ description: "How long one binds oneself; 0 not at all." }),
  early_termination_fee_minor: amount.openapi({
    description: `Due when a membership ends before its contract. ${inPlanCurrency}`,
  }),
  access_windows: orNull(WeeklyWindows).openapi({ description: "When machines may be booked; null is always." }),
  included_equipment_ids: equipmentIds.nullable().openapi({ description: "Only these machines; null is all." }),
  excluded_equipment_ids: equipmentIds.openapi({ description: "Not these machines." }),
  advance_days: z.int().min(0).max(730).nullable().openapi({ description: "How far ahead one may book." }),
  max_duration_minutes: z.int().min(1).max(44_640).nullable().openapi({ description: "Of one booking." }),
  max_open_bookings: z.int().min(0).max(1_000).nullable(),
  minutes_per_cycle: z.int().min(0).max(5_270_400).nullable().openapi({
    description: "Booked minutes per billing cycle; per month on a plan for life.",
  }),
  cancellation_hours: z.int().min(0).max(720).openapi({
    description: "Cancelled this long before the start, a booking gives its minutes back.",
  }),
  priority: z
    .int()
    .min(0)
    .max(100)
    .openapi({
      description: `Orders a waitlist, higher first; it never bumps. ${reservedNote("priority")}`,
    }),
  project_limit: z
    .int()
    .min(0)
    .max(100_000)
    .nullable()
    .openapi({
      description: `Projects at a time. ${reservedNote("project_limit")}`,
    }),
  storage_mb: z
    .int()
    .min(0)
    .max(1_000_000_000)
    .nullable()
    .openapi({
      description: `Room for files of projects, in MB. ${reservedNote("storage_mb")}`,
    }),
  guest_passes_per_cycle: z.int().min(0).max(10_000).nullable().openapi({
    description:
      "Guests one may invite per billing cycle, counted by the day of their visit; per month on a plan for life.",
  }),
  group_kind: z.enum(groupKinds).nullable().openapi({
    description: "Only for members of a family, or of a company (see billing groups); null for everybody.",
  }),
  max_members: z.int().min(0).max(1_000_000).nullable().openapi({ description: "Places; null has no bound." }),
  trial_days: z.int().min(0).max(366).openapi({
    description:
      "Free days before the first period, for who has had no trial here yet: one per member, of whichever plan.",
  }),
  grace_days: z.int().min(0).max(90).openapi({ description: "Days after the period in which it still counts." }),
  auto_renew: z.boolean().openapi({ description: "What memberships start with; not for plans by the hour." }),
  visibility: z.enum(planVisibilities).openapi({ description: "`staff`: only staff put members on it." }),
  requires_approval: z.boolean().openapi({ description: "Members apply; staff decide." }),
  features: z.array(line(200)).max(50).openapi({ description: "What one gets, in words." }),
};

const inputs = {
  ...shape,
  valid_from: InstantInput.nullable().openapi({ description: "One can join from then on." }),
  valid_until: InstantInput.nullable(),
  promo: orNull(PromoInput),
  metadata: Metadata,
  external_id: ExternalId.nullable(),
};

const PlanFields = z.strictObject({
  ...inputs,
  description: inputs.description.default(null),
  plan_type: inputs.plan_type.default("standard"),
  setup_fee_minor: inputs.setup_fee_minor.default(0),
  billing_cycle: inputs.billing_cycle.default("monthly"),
  contract_months: inputs.contract_months.default(0),
  early_termination_fee_minor: inputs.early_termination_fee_minor.default(0),
  access_windows: inputs.access_windows.default(null),
  included_equipment_ids: inputs.included_equipment_ids.default(null),
  excluded_equipment_ids: inputs.excluded_equipment_ids.default([]),
  advance_days: inputs.advance_days.default(null),
  max_duration_minutes: inputs.max_duration_minutes.default(null),
  max_open_bookings: inputs.max_open_bookings.default(null),
  minutes_per_cycle: inputs.minutes_per_cycle.default(null),
  cancellation_hours: inputs.cancellation_hours.default(24),
  priority: inputs.priority.default(0),
  project_limit: inputs.project_limit.default(null),
  storage_mb: inputs.storage_mb.default(null),
  guest_passes_per_cycle: inputs.guest_passes_per_cycle.default(null),
  group_kind: inputs.group_kind.default(null),
  max_members: inputs.max_members.default(null),
  trial_days: inputs.trial_days.default(0),
  grace_days: inputs.grace_days.default(0),
  auto_renew: inputs.auto_renew.default(false),
  visibility: inputs.visibility.default("public"),
  requires_approval: inputs.requires_approval.default(false),
  features: inputs.features.default([]),
  valid_from: inputs.valid_from.default(null),
  valid_until: inputs.valid_until.default(null),
  promo: inputs.promo.default(null),
  metadata: inputs.metadata.default({}),
  external_id: inputs.external_id.default(null),
});

export const PlanInput = PlanFields.openapi("PlanInput");

export const PlanPatch = z
  .strictObject(inputs)
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, "changes nothing")
  .openapi("PlanPatch", { description: "Memberships keep their period; what changes counts from the next one." });

export const Plan = z
  .strictObject({
    ...resourceFields,
    ...shape,
    status: z.enum(planStatuses),
    effective_price: Money.openapi({ description: "For the first period now, without a code." }),
    current_members: z.int().openapi({ description: "Places taken." }),
    valid_from: Instant.nullable(),
    valid_until: Instant.nullable(),
    promo: orNull(Promo),
    metadata: Metadata,
    external_id: z.string().nullable(),
  })
  .openapi("Plan");

export const PublicPlan = z
  .strictObject({
    id: Id,
    ...shape,
    effective_price: Money,
    is_full: z.boolean().openapi({ description: "No place is left." }),
    valid_until: Instant.nullable(),
  })
  .openapi("PublicPlan", { description: "What members and visitors see of a plan." });

export const PlanOrPublic = z.union([Plan, PublicPlan]).openapi("PlanOrPublic");
export const PlanPage = pageOf(PlanOrPublic).openapi("PlanPage");
export const PublicPlanPage = pageOf(PublicPlan).openapi("PublicPlanPage");
export const PublicPlanQuery = z.strictObject(pageQuery);

export const PlanQuery = z.strictObject({
  ...pageQuery,
  status: anyOf(z.enum(planStatuses)),
  plan_type: anyOf(z.enum(planTypes)),
  visibility: anyOf(z.enum(planVisibilities)),
  external_id: z.string().max(200).optional(),
});

export const DuplicateInput = z.strictObject({ name: shape.name }).openapi("PlanDuplicateInput");

export const DefaultPlans = z.strictObject({ data: z.array(Plan) }).openapi("DefaultPlans");

export const PlanMember = z
  .strictObject({
    member_id: Id,
    display_name: z.string(),
    membership_id: Id,
    status: z.enum(membershipStates),
    starts_at: Instant,
    ends_at: Instant.nullable(),
  })
  .openapi("PlanMember");
export const PlanMemberPage = pageOf(PlanMember).openapi("PlanMemberPage");
export const PlanMemberQuery = z.strictObject({
  ...pageQuery,
  status: anyOf(z.enum(membershipStates)).openapi({ description: "Current ones (active, paused) unless told." }),
});
