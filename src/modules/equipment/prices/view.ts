import type { z } from "@hono/zod-openapi";
import type { Money } from "../../../platform/contract.ts";
import type { BookingPrice, PriceLine as PriceLineSchema } from "./contract.ts";
import { frozenOf, type PriceLine } from "./model.ts";

/** The terms of a booking → JSON. */
export function viewPrice(price: string | null): z.output<typeof BookingPrice> | null {
  const frozen = frozenOf({ price });
  if (!frozen) return null;
  const money = (amount_minor: number) => ({ amount_minor, currency: frozen.currency });
  return {
    total: money(frozen.total_minor),
    deposit: money(frozen.deposit_minor),
    price_version: frozen.version,
    bill_by: frozen.bill_by,
    cancellation_hours: frozen.cancellation_hours,
    late_cancel_fee: money(frozen.late_cancel_fee_minor),
    no_show_fee: money(frozen.no_show_fee_minor),
  };
}

/** What is owed for a late cancellation or for not coming; null for nothing. */
export function viewFee(price: string | null, fee_minor: number | null): z.output<typeof Money> | null {
  const frozen = frozenOf({ price });
  return frozen && fee_minor !== null ? { amount_minor: fee_minor, currency: frozen.currency } : null;
}

/** Lines → JSON. */
export const viewLines = (lines: readonly PriceLine[], currency: string): z.output<typeof PriceLineSchema>[] =>
  lines.map(({ rule_id, rule_type, minutes, amount_minor }) => ({
    rule_id,
    rule_type,
    minutes,
    amount: { amount_minor, currency },
  }));
