/** What a booking costs in the end. */

import type { z } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { type MachineRow, requireMachine } from "../machines/index.ts";
import { holdsSlot, minutesOf } from "../model.ts";
import { frozenOf } from "../prices/model.ts";
import { viewLines } from "../prices/view.ts";
import { reachesAll } from "../standing.ts";
import type { Settlement } from "./contract.ts";
import { owedFor } from "./owed.ts";
import { readReservationAccount } from "./reads.ts";
import { charges } from "./tables.ts";

/** For the holder and for staff; while the booking is not over, what it would cost. @throws not_found, forbidden */
export async function readSettlement(
  space: Space,
  rows: MachineRow[],
  reservation_id: string,
): Promise<z.output<typeof Settlement>> {
  const machine = requireMachine(rows);
  const recorded = space.db
    .select()
    .from(charges)
    .where(space.store.in(charges, eq(charges.subject_id, reservation_id)));
  const [account, told] = await space.time(
    "db",
    Promise.all([readReservationAccount(space.store, reservation_id), recorded]),
  );
  if (!account || account.equipment_id !== machine.id) throw problem("not_found");
  const { settled, used, book } = account;
  if (settled.member_id !== space.actor.id && !reachesAll(space, "reservations.read", machine))
    throw problem("forbidden");
  const frozen = frozenOf(settled);
  const currency = frozen?.currency ?? space.settings.currency;
  const { kind, lines, total_minor } = owedFor(settled, used, book);
  return {
    reservation_id,
    equipment_id: machine.id,
    member_id: settled.member_id,
    reservation_status: settled.status,
    final: !holdsSlot(settled.status),
    kind,
    bill_by: frozen?.bill_by ?? null,
    reserved_minutes: minutesOf(settled),
    used_minutes: used && minutesOf(used),
    lines: viewLines(lines, currency),
    total: { amount_minor: total_minor, currency },
    deposit: { amount_minor: frozen?.deposit_minor ?? 0, currency },
    price_version: frozen?.version ?? 0,
    charges: told.map((charge) => ({
      kind: charge.kind,
      status: charge.status,
      amount: { amount_minor: charge.amount_minor, currency: charge.currency },
    })),
  };
}
