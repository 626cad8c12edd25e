/** What a time would cost, asked without booking. */

import type { z } from "@hono/zod-openapi";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso } from "../../../platform/time.ts";
import { Zone } from "../../../platform/zone.ts";
import { type CallerFacts, callerAsApplicant, readApplicant } from "../applicants.ts";
import { type MachineRow, requireMachine } from "../machines/index.ts";
import { reachesAll } from "../standing.ts";
import type { EstimateInput, PriceEstimate } from "./contract.ts";
import { priceForUser } from "./facts.ts";
import { estimate, skillsAt } from "./model.ts";
import { pricingOf } from "./pricing.ts";
import { viewLines } from "./view.ts";

/** What a route that estimates has read. */
interface EstimateFacts extends CallerFacts {
  machine: MachineRow[];
}

/**
 * What a time would cost under the newest rules. Who is no member asks as nobody in particular.
 * @throws not_found, forbidden when a member asks for somebody else, unknown_reference, booking_refused
 */
export async function estimatePrice(
  space: Space,
  facts: EstimateFacts,
  { starts_at, ends_at, member_id, project_id }: z.output<typeof EstimateInput>,
): Promise<z.output<typeof PriceEstimate>> {
  const row = requireMachine(facts.machine);
  const caller = callerAsApplicant(space, facts);
  const isOther = member_id !== undefined && member_id !== space.actor.membership?.id;
  if (isOther && !reachesAll(space, "reservations.read", row)) throw problem("forbidden");
  const isRead = member_id === undefined || caller?.holder.member_id === member_id;
  const applicant = isRead ? caller : await readApplicant(space, member_id, row.id);
  const nobody = { ...priceForUser.read(facts.caller_price), plan_id: null, skills: [] };
  const { book, plan_id, skills } = pricingOf(space, row, applicant) ?? nobody;
  const currency = book?.currency ?? row.currency ?? space.settings.currency;
  const inputs = {
    member_id: applicant?.holder.member_id ?? null,
    plan_id,
    project_id,
    skills: skillsAt({ skills }, starts_at, space.now),
  };
  const zone = new Zone(space.settings.timezone);
  const none = { version: 0, currency, rules: [] };
  const { lines, total_minor, deposit_minor } = estimate(book ?? none, { starts_at, ends_at }, inputs, zone);
  return {
    equipment_id: row.id,
    starts_at: toIso(starts_at),
    ends_at: toIso(ends_at),
    lines: viewLines(lines, currency),
    total: { amount_minor: total_minor, currency },
    deposit: { amount_minor: deposit_minor, currency },
    price_version: book?.version ?? 0,
  };
}
