/** What a booking takes along so that its machine can price it. */

import type { Space } from "../../../platform/space.ts";
import type { Applicant } from "../applicants.ts";
import type { Pricing } from "./model.ts";

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
