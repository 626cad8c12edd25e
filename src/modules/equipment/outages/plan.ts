/** A token for what somebody was shown before they took a machine out: it holds for exactly these bookings, as they were, and for ten minutes. */

import { sha256 } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { MINUTE } from "../../../platform/time.ts";
import type { OutageTimes, ReservationRecord } from "../port.ts";

const GOOD_FOR = 10 * MINUTE;

/** What an outage is about to be: of which machine, when, and in place of which. */
export interface Intent extends OutageTimes {
  equipment_id: string;
  /** Null for a new one. */
  outage_id: string | null;
}

/** No secret: who makes one up knows what is in the way. */
const fingerprint = (
  { equipment_id, outage_id, starts_at, ends_at, weekly }: Intent,
  affected: readonly ReservationRecord[],
  expires_at: number,
): Promise<string> => {
  const seen = affected.map(({ id, version }) => `${id} ${version}`).sort();
  return sha256(JSON.stringify([equipment_id, outage_id, starts_at, ends_at, weekly, expires_at, seen]));
};

/** The token of what is in the way now. */
export async function planToken(
  { now }: Space,
  intent: Intent,
  affected: readonly ReservationRecord[],
): Promise<{ plan_token: string; expires_at: number }> {
  const expires_at = now + GOOD_FOR;
  return { plan_token: `${expires_at.toString(36)}.${await fingerprint(intent, affected, expires_at)}`, expires_at };
}

const stale = (detail: string) =>
  problem("plan_stale", { reasons: [{ code: "plan_stale", detail, fix: "Look again who is in the way." }] });

/** @throws plan_stale when the token is old, of another outage, or other bookings are in the way */
export async function requirePlan(
  { now }: Space,
  token: string,
  intent: Intent,
  affected: readonly ReservationRecord[],
): Promise<void> {
  const [expiry = "", digest] = token.split(".");
  const expires_at = Number.parseInt(expiry, 36);
  if (!(expires_at > now && expires_at <= now + GOOD_FOR)) throw stale("The plan is older than ten minutes.");
  if (digest !== (await fingerprint(intent, affected, expires_at)))
    throw stale("Other bookings are in the way than those of the plan.");
}
