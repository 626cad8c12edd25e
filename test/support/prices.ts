/** Machines that cost something, and what becomes of it. */

import { env } from "cloudflare:workers";
import type { BookingPolicy } from "../../src/modules/equipment/model.ts";
import type { Api } from "./api.ts";
import { type TestSpace, until } from "./space.ts";
import type { CostRule, Equipment, PriceEstimate, Reservation, Settlement } from "./wire.ts";

export const euro = (amount_minor: number) => ({ amount_minor, currency: "EUR" });

/** A rule of so much an hour. */
export const hourly = (amount_minor: number, more: object = {}) => ({
  rule_type: "hourly",
  amount: euro(amount_minor),
  ...more,
});

export const rulesOf = (space: TestSpace, machine: { id: string }, rest = ""): string =>
  space.path(`/equipment/${machine.id}/cost_rules${rest}`);

export const addRule = (space: TestSpace, machine: { id: string }, rule: object): Promise<CostRule> =>
  space.root.post<CostRule>(rulesOf(space, machine), rule);

/** A machine at ten euros an hour, unless told. */
export async function priced(
  space: TestSpace,
  policy: Partial<BookingPolicy> = {},
  rule: object = hourly(1_000),
): Promise<Equipment> {
  const machine = await space.machine(policy);
  await addRule(space, machine, rule);
  return machine;
}

export const estimated = (space: TestSpace, api: Api, machine: { id: string }, body: object): Promise<PriceEstimate> =>
  api.post<PriceEstimate>(space.path(`/equipment/${machine.id}/estimate`), body, { key: null });

export const settlementOf = (space: TestSpace, api: Api, booking: Reservation): Promise<Settlement> =>
  api.get<Settlement>(space.bookings({ id: booking.equipment_id }, `/${booking.id}/settlement`));

/** What billing has been told of a booking or a walk-up. */
export const chargesOf = async (space: TestSpace, subject_id: string) =>
  (
    await env.DB_000.prepare(
      "SELECT kind, status, amount_minor FROM charges WHERE makerspace_id = ? AND subject_id = ? ORDER BY kind",
    )
      .bind(space.id, subject_id)
      .all<{ kind: string; status: string; amount_minor: number }>()
  ).results;

/** The same, once there is something. */
export const charged = (space: TestSpace, subject_id: string) =>
  until("the charge", async () => {
    const found = await chargesOf(space, subject_id);
    return found.length > 0 && found;
  });
