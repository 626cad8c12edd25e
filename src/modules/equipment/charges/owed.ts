/** What is owed for a booking or a walk-up, from its row alone: whoever asks twice gets the same. Pure. */

import { Zone } from "../../../platform/zone.ts";
import { holdsSlot, type Interval } from "../model.ts";
import type { ReservationRecord } from "../port.ts";
import {
  type Estimate,
  estimate,
  type FrozenPrice,
  frozenOf,
  type PriceBook,
  type PriceLine,
} from "../prices/model.ts";

export const chargeKinds = ["use", "late_cancel", "no_show"] as const;
export type ChargeKind = (typeof chargeKinds)[number];

/** As much of a booking, or of a walk-up as one, as money depends on. */
export type Settled = Pick<
  ReservationRecord,
  "member_id" | "project_id" | "status" | "starts_at" | "ends_at" | "counted_minutes" | "price" | "fee_minor"
>;

export interface Owed {
  /** Null for nothing. */
  kind: ChargeKind | null;
  lines: PriceLine[];
  total_minor: number;
}

const nothing: Owed = { kind: null, lines: [], total_minor: 0 };

/** For the time itself. Without a record of use, what was reserved was used. */
function forUse(settled: Settled, frozen: FrozenPrice, used: Interval | null, book: PriceBook): Estimate {
  const zone = new Zone(frozen.timezone);
  const inputs = { ...frozen, member_id: settled.member_id, project_id: settled.project_id };
  const reserved = estimate(book, settled, inputs, zone);
  if (!used || frozen.bill_by === "reserved") return reserved;
  const use = estimate(book, used, inputs, zone);
  return frozen.bill_by === "used" || use.total_minor > reserved.total_minor ? use : reserved;
}

/**
 * What is owed as things stand; while it is not over, what would be. An excused booking whose time went by unused costs nothing.
 * @param used from the start of its use to the end; null without any on record
 * @param book the version that its terms name; null when that says nothing of money
 */
export function owedFor(settled: Settled, used: Interval | null, book: PriceBook | null): Owed {
  const { status, fee_minor, counted_minutes } = settled;
  const frozen = frozenOf(settled);
  if (!frozen) return nothing;
  if (fee_minor !== null) {
    return { kind: status === "no_show" ? "no_show" : "late_cancel", lines: [], total_minor: fee_minor };
  }
  const isExcused = status === "completed" && counted_minutes === 0 && used === null;
  if (!book || isExcused || !(holdsSlot(status) || status === "completed")) return nothing;
  const { lines, total_minor } = forUse(settled, frozen, used, book);
  return { kind: "use", lines, total_minor };
}
