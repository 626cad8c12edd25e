/**
 * What is owed is written when a booking or a walk-up is over, from its rows: events that come twice or in another order lead to the same.
 */

import { eq, lt, ne } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { Consumers, EventHandler } from "../../../platform/queue.ts";
import { frozenOf } from "../prices/model.ts";
import { owedFor } from "./owed.ts";
import type { Charge, ChargePort } from "./port.ts";
import { type Account, readReservationAccount, readWalkUpAccount } from "./reads.ts";
import { charges } from "./tables.ts";

const over = ["completed", "cancelled", "no_show"];

/** What is due of it now; null while it is not over, and where nothing was agreed. */
function chargeOf(
  { id, subject_type, version, equipment_id, settled, used, book }: Account,
  now: number,
): Charge | null {
  const frozen = frozenOf(settled);
  if (!frozen) return null;
  const { kind, lines, total_minor } = owedFor(settled, used, book);
  const isDue = over.includes(settled.status) && kind !== null && total_minor > 0;
  const { currency, version: price_version } = frozen;
  return {
    subject: { type: subject_type, id, version },
    equipment_id,
    member_id: settled.member_id,
    due: isDue ? { kind, lines, amount_minor: total_minor } : null,
    currency,
    price_version,
    occurred_at: now,
  };
}

/** Keeps charges in the makerspace's own table, from which billing takes them. */
export const keptAsDue: ChargePort = {
  charge(store: SpaceStore, { subject, due, ...charge }, now): BatchItem<"sqlite">[] {
    const { version: subject_version } = subject;
    const told = { subject_version, updated_at: now };
    const isOlder = lt(charges.subject_version, subject_version);
    const other = due ? ne(charges.kind, due.kind) : undefined;
    const lift = store.db
      .update(charges)
      .set({ ...told, status: "lifted" })
      .where(store.in(charges, eq(charges.subject_id, subject.id), eq(charges.status, "due"), other, isOlder));
    if (!due) return [lift];
    const said = { ...told, status: "due" as const, amount_minor: due.amount_minor, lines: JSON.stringify(due.lines) };
    const row = store.row({
      ...charge,
      ...said,
      kind: due.kind,
      subject_type: subject.type,
      subject_id: subject.id,
      created_at: now,
    });
    const target = [charges.makerspace_id, charges.subject_id, charges.kind];
    const put = store.db.insert(charges).values(row).onConflictDoUpdate({ target, set: said, setWhere: isOlder });
    return [lift, put];
  },
};

const settling = (
  name: string,
  port: ChargePort,
  read: (store: SpaceStore, id: string) => Promise<Account | null>,
): EventHandler => ({
  name,
  async handle({ subject, occurred_at }, { store, now }) {
    const account = await read(store, subject.id);
    const charge = account && chargeOf(account, occurred_at);
    return charge ? port.charge(store, charge, now) : [];
  },
});

type Over =
  | "reservation.completed"
  | "reservation.cancelled"
  | "reservation.no_show"
  | "reservation.excused"
  | "session.ended";

/** Settles what is over. */
export function chargeConsumers(port: ChargePort): Consumers<Over> {
  const booking = settling("settle_booking", port, readReservationAccount);
  return {
    "reservation.completed": [booking],
    "reservation.cancelled": [booking],
    "reservation.no_show": [booking],
    "reservation.excused": [booking],
    "session.ended": [settling("settle_walk_up", port, readWalkUpAccount)],
  };
}
