/** What a booking takes along so that its machine can price it. */

import type { Space } from "../../../platform/space.ts";
import { Zone } from "../../../platform/zone.ts";
import type { Applicant } from "../applicants.ts";
import type { Interval } from "../model.ts";
import { estimate, type Pricing, skillsAt } from "./model.ts";

/** Null when it is for nobody. */
export const pricingOf = (
  { settings }: Space,
  machine: { currency: string | null },
  applicant: Applicant | null,
): Pricing | null =>
  applicant && {
    currency: applicant.price.book?.currency ?? machine.currency ?? settings.currency,
    plan_id: applicant.rights?.plan_id ?? null,
    ...applicant.price,
  };

/** What a time on a machine would cost somebody under its newest rules. */
export function costOf(
  space: Space,
  machine: { currency: string | null },
  applicant: Applicant,
  { starts_at, ends_at, project_id }: Interval & { project_id: string | null },
): { total_minor: number; deposit_minor: number; currency: string } {
  const pricing = pricingOf(space, machine, applicant);
  const currency = pricing?.currency ?? space.settings.currency;
  if (!pricing?.book) return { total_minor: 0, deposit_minor: 0, currency };
  const { member_id } = applicant.holder;
  const inputs = { member_id, plan_id: pricing.plan_id, project_id, skills: skillsAt(pricing, starts_at, space.now) };
  const { total_minor, deposit_minor } = estimate(
    pricing.book,
    { starts_at, ends_at },
    inputs,
    new Zone(space.settings.timezone),
  );
  return { total_minor, deposit_minor, currency };
}
