/** What bookings cost: a machine prices what it books, and says what is owed for what was given up or missed. */

import type { Interval } from "../../src/modules/equipment/model.ts";
import type { CommandCall, ReservationRecord } from "../../src/modules/equipment/port.ts";
import {
  estimate,
  type FrozenPrice,
  frozenOf,
  type Pricing,
  skillsAt,
} from "../../src/modules/equipment/prices/model.ts";
import { HOUR } from "../../src/platform/time.ts";
import { Zone } from "../../src/platform/zone.ts";
import type { Machine } from "./machine.ts";
import type { PriceBooks } from "./store/price-books.ts";

/** What is priced. */
interface Priced extends Interval {
  member_id: string;
  project_id: string | null;
}

/** The price of a new booking as JSON, kept with it; null where nothing is charged and no fee is at stake. */
export function freeze(
  books: PriceBooks,
  { policy, zone }: Machine,
  pricing: Pricing | null,
  priced: Priced,
  now: number,
): string | null {
  const { bill_by, cancellation_hours, late_cancel_fee_minor, no_show_fee_minor } = policy;
  const book = pricing?.book ?? null;
  if (!pricing || (!book && late_cancel_fee_minor === 0 && no_show_fee_minor === 0)) return null;
  const { currency, plan_id } = pricing;
  const skills = skillsAt(pricing, priced.starts_at, now);
  if (book) books.keep(book);
  const { total_minor, deposit_minor } = book
    ? estimate(book, priced, { ...priced, plan_id, skills }, zone)
    : { total_minor: 0, deposit_minor: 0 };
  const frozen: FrozenPrice = {
    version: book?.version ?? 0,
    currency,
    timezone: zone.name,
    plan_id,
    skills,
    total_minor,
    deposit_minor,
    bill_by,
    cancellation_hours,
    late_cancel_fee_minor,
    no_show_fee_minor,
  };
  return JSON.stringify(frozen);
}

/** The price of a booking at another time or for another project, under the version that it was made under. */
export function reprice(books: PriceBooks, machine: Machine, price: string | null, priced: Priced): string | null {
  const frozen = frozenOf({ price });
  const book = frozen && frozen.version > 0 ? books.find(frozen.version) : null;
  if (!frozen || !book) return price;
  const zone = frozen.timezone === machine.zone.name ? machine.zone : new Zone(frozen.timezone);
  const { total_minor, deposit_minor } = estimate(book, priced, { ...frozen, ...priced }, zone);
  return JSON.stringify({ ...frozen, total_minor, deposit_minor });
}

const feeOf = (fee_minor: number): number | null => (fee_minor > 0 ? fee_minor : null);

/** What a holder pays who gives up an approved booking too late; nothing while the machine is out, and when staff cancel. */
export function lateFee(machine: Machine, held: ReservationRecord, { actor }: CommandCall, now: number): number | null {
  const frozen = frozenOf(held);
  if (!frozen || actor.authority !== "own" || held.status !== "approved") return null;
  if (machine.isDownFor(held.starts_at, now)) return null;
  return now > held.starts_at - frozen.cancellation_hours * HOUR ? feeOf(frozen.late_cancel_fee_minor) : null;
}

/** What a holder pays who did not come; nothing when the machine was out. */
export function noShowFee(machine: Machine, held: ReservationRecord): number | null {
  const frozen = frozenOf(held);
  return frozen && machine.status === "available" ? feeOf(frozen.no_show_fee_minor) : null;
}
