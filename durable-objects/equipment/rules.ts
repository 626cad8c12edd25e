/** The booking policy as checks, each with its reason. Pure: every rule that says no is collected, so that one answer helps. */

import type { BookingPolicy, Interval } from "../../src/modules/equipment/model.ts";
import type { ReasonInput } from "../../src/platform/problem.ts";
import { DAY, MINUTE, toIso } from "../../src/platform/time.ts";
import type { Zone } from "../../src/platform/zone.ts";

export interface RuleSetting {
  now: number;
  policy: BookingPolicy;
  zone: Zone;
  /** Staff book without notice and past the horizon. */
  staff: boolean;
}

/** Which sides of the slot are judged: all of a new booking, what changed of an amended one. */
export interface RuleScope {
  start: boolean;
  end: boolean;
  notice: boolean;
}

export const WHOLE: RuleScope = { start: true, end: true, notice: true };

/** Every rule a slot breaks; empty when it may be booked. */
export function brokenRules(slot: Interval, setting: RuleSetting, scope: RuleScope = WHOLE): ReasonInput[] {
  const { now, policy, zone, staff } = setting;
  const { starts_at, ends_at } = slot;
  if (ends_at <= starts_at) return [reason("ends_before_start", "A booking ends after it starts.")];
  const minutes = (ends_at - starts_at) / MINUTE;
  const { granularity_minutes, min_minutes, max_minutes, notice_minutes, horizon_days } = policy;
  const reasons: ReasonInput[] = [];
  if (scope.start && starts_at < now) {
    reasons.push(
      reason("in_the_past", "The start has passed.", { fix: "Choose a later start.", limit: { now: toIso(now) } }),
    );
  } else if (scope.notice && !staff && starts_at < now + notice_minutes * MINUTE) {
    const earliest = toIso(now + notice_minutes * MINUTE);
    reasons.push(
      reason("notice_too_short", `This machine is booked ${notice_minutes} minutes ahead.`, {
        fix: `Start at ${earliest} or later.`,
        limit: { notice_minutes },
      }),
    );
  }
  const isOffGrid = (at: number, judged: boolean): boolean => judged && !zone.isOnGrid(at, granularity_minutes);
  if (isOffGrid(starts_at, scope.start) || isOffGrid(ends_at, scope.end)) {
    reasons.push(
      reason(
        "off_grid",
        `Start and end are multiples of ${granularity_minutes} minutes from midnight (${zone.name}).`,
        {
          limit: { granularity_minutes },
        },
      ),
    );
  }
  if (minutes < min_minutes) {
    reasons.push(reason("too_short", `A booking takes at least ${min_minutes} minutes.`, { limit: { min_minutes } }));
  }
  if (minutes > max_minutes) {
    reasons.push(reason("too_long", `A booking takes at most ${max_minutes} minutes.`, { limit: { max_minutes } }));
  }
  if (scope.start && !staff && starts_at > now + horizon_days * DAY) {
    reasons.push(
      reason("beyond_horizon", `Bookings start at most ${horizon_days} days ahead.`, { limit: { horizon_days } }),
    );
  }
  return reasons;
}

/** One reason. */
export const reason = (code: string, detail: string, more: Pick<ReasonInput, "fix" | "limit"> = {}): ReasonInput => ({
  code,
  detail,
  ...more,
});
