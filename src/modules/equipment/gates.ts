/**
 * The gates of a booking as the worker sees them: what the settings, the membership and the plan say, and the claims under limits that count
 * across machines. They go with the facts to the machine, which adds its own and answers all reasons at once.
 */

import { describeError, log } from "../../platform/log.ts";
import { problem, type ReasonInput } from "../../platform/problem.ts";
import type { Space } from "../../platform/space.ts";
import { Zone } from "../../platform/zone.ts";
import { type BookingRights, concerning, countedCycleAt, needsConsent } from "../members/index.ts";
import type { Applicant } from "./applicants.ts";
import { type Cycle, type Demand, isCounted, type Quotas } from "./claims/demand.ts";
import { coolingDown, windowsAt } from "./claims/quotas.ts";
import { type Claim, type Claimant, claimKey, takeClaim, takeClaims } from "./claims/service.ts";
import { type Gates, openGates, type PlanLimits } from "./model.ts";

/** As much of a machine as a plan names. */
interface Bookable {
  id: string;
}

const planLimits = (rights: BookingRights): PlanLimits => ({
  covers: { from: rights.period.from, to: rights.renews ? null : rights.lapses_at },
  advance_days: rights.advance_days,
  max_duration_minutes: rights.max_duration_minutes,
  access_windows: rights.access_windows,
  cancellation_hours: rights.cancellation_hours,
});

const isIncluded = (
  { included_equipment_ids: included, excluded_equipment_ids: excluded }: BookingRights,
  id: string,
) => (included === null || included.includes(id)) && !excluded.includes(id);

/** What this person has to accept before they use this machine. */
const toAccept = (machine: Bookable, { outstanding }: Applicant): ReasonInput[] =>
  concerning(outstanding, machine.id).map(({ id, title, number }) => ({
    code: "agreement_missing",
    detail: `"${title}" has not been accepted.`,
    fix: "Read and accept it first.",
    limit: { agreement_id: id, number },
  }));

/** A minor uses machines with a guardian's consent alone. */
const withoutConsent = (space: Space, { guardianship }: Applicant): ReasonInput[] =>
  needsConsent(space, guardianship)
    ? [
        {
          code: "guardian_consent_missing",
          detail: "A minor needs the consent of a guardian, and none is in force.",
          fix: "A guardian consents here, or signs for the staff.",
        },
      ]
    : [];

/** What the membership says against this person on this machine, whatever the time. */
function aboutMembership({ settings }: Space, machine: Bookable, { isExpired, rights }: Applicant): ReasonInput[] {
  const renew = { fix: "Renew the membership, or join a plan." };
  if (isExpired) return [{ code: "membership_expired", detail: "The membership has run out.", ...renew }];
  if (!rights) {
    if (!settings.sections.access.membership_required) return [];
    return [{ code: "membership_required", detail: "Only members with a running membership may book.", ...renew }];
  }
  const reasons: ReasonInput[] = [];
  if (rights.status === "paused") {
    reasons.push({ code: "membership_paused", detail: "The membership is paused.", fix: "Resume it first." });
  }
  if (!isIncluded(rights, machine.id)) {
    const fix = "Choose another machine, or a plan that includes it.";
    reasons.push({ code: "equipment_not_in_plan", detail: "The plan does not include this machine.", fix });
  }
  return reasons;
}

/** The gates before a step for this person; nobody has nothing in the way but the settings. */
export function gatesOf(
  space: Space,
  machine: Bookable,
  applicant: Applicant | null,
  claimed: readonly ReasonInput[] = [],
): Gates {
  const bookings_enabled = space.settings.sections.access.enable_reservations;
  if (!applicant) return { ...openGates, bookings_enabled };
  const { rights } = applicant;
  return {
    bookings_enabled,
    reasons: [
      ...aboutMembership(space, machine, applicant),
      ...toAccept(machine, applicant),
      ...withoutConsent(space, applicant),
      ...coolingDown(space.settings.sections.access.no_show_cool_down, applicant.missed, space.now),
      ...claimed,
    ],
    plan: rights && planLimits(rights),
    skills: space.settings.sections.access.skill_gated_access ? applicant.skills : null,
  };
}

/** The cycle of the plan that an instant falls into, in the makerspace's zone. */
export const cycleOf = ({ settings }: Space, rights: BookingRights, at: number): Cycle =>
  countedCycleAt(rights, at, settings.timezone);

const noLimits = { max_open_bookings: null, minutes_per_cycle: null };

/** What the makerspace says of each member, for a time that begins then. */
export function quotasAt({ settings }: Space, starts_at: number): Quotas {
  const { member_quotas } = settings.sections.access;
  let zone: Zone | null = null;
  const zoneOf = (): Zone => {
    zone ??= new Zone(settings.timezone);
    return zone;
  };
  return { open_bookings: member_quotas.open_bookings, windows: windowsAt(member_quotas, zoneOf, starts_at) };
}

/** Who claims, when a limit of their plan or of the makerspace counts this demand; otherwise null, and D1 is not asked. */
export function claimantOf(
  space: Space,
  machine: Bookable,
  { holder, rights }: Applicant,
  demand: Demand,
  isForced: boolean,
): Claimant | null {
  const [limits, quotas] = [rights ?? noLimits, quotasAt(space, demand.starts_at)];
  if (!isCounted(limits, quotas, demand)) return null;
  const { member_id } = holder;
  const { starts_at } = demand;
  const cycle = rights ? cycleOf(space, rights, starts_at) : { from: starts_at, to: starts_at + 1 };
  return { member_id, equipment_id: machine.id, limits, cycle, quotas, isForced };
}

/**
 * Claims room for a demand before the machine is asked; null when nothing counts it.
 * @throws unavailable when D1 does not answer: whether the claim is there is unknown, so nothing is booked
 */
export async function claim(
  space: Space,
  claimant: Claimant | null,
  demand: Demand,
  decide_before: number,
  key: Space["key"],
): Promise<Claim | null> {
  if (!claimant) return null;
  try {
    const under = await claimKey(key, demand.booking_id, demand.settled_by);
    return await space.time("claim", takeClaim(space, claimant, under, demand, decide_before));
  } catch (error) {
    log.error("claim_failed", { request_id: space.request_id, error: describeError(error) });
    throw problem("unavailable", { retry_after: 2 });
  }
}

/** How a claim is made. */
interface Claiming {
  /** Staff pass over the limits. */
  isForced: boolean;
  decide_before: number;
}

/**
 * The same for several demands of one person at once, in one trip: claims by booking id. A demand that nothing counts has none.
 * @throws unavailable
 */
export async function claimEach(
  space: Space,
  machine: Bookable,
  applicant: Applicant,
  demands: readonly Demand[],
  { isForced, decide_before }: Claiming,
): Promise<Map<string, Claim>> {
  const wanted = demands.flatMap((demand) => {
    const claimant = claimantOf(space, machine, applicant, demand, isForced);
    return claimant ? [{ claimant, demand }] : [];
  });
  if (wanted.length === 0) return new Map();
  try {
    return await space.time("claim", takeClaims(space, wanted, decide_before));
  } catch (error) {
    log.error("claim_failed", { request_id: space.request_id, error: describeError(error) });
    throw problem("unavailable", { retry_after: 2 });
  }
}
