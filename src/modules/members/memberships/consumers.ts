/** What memberships do when something else has happened. */

import { inArray } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { messageTo } from "../../../platform/broadcast.ts";
import { leads } from "../../../platform/db/fan-out.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { type Consumers, type EventHandler, toOutbox } from "../../../platform/queue.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import type { PaymentsPort } from "../port.ts";
import { endAt } from "./steps.ts";
import { memberships } from "./tables.ts";
import { loadMembership } from "./writes.ts";

const openOf = (store: SpaceStore, member_id: string): Promise<{ id: string }[]> =>
  store.db
    .select({ id: memberships.id })
    .from(memberships)
    .where(
      store.in(
        memberships,
        leads(memberships.member_id, member_id),
        inArray(memberships.status, ["pending", "active", "paused"]),
      ),
    );

/** Who was removed is on no plan. To end one takes many statements: it has an invocation of its own. */
const callForEnd: EventHandler = {
  name: "end_memberships",
  async handle({ subject, request_id }, { store, now, sendAfter }) {
    if ((await openOf(store, subject.id)).length === 0) return [];
    const due = [{ ...messageTo(store.makerspace_id, "memberships.end_due", now), subject, request_id }];
    sendAfter(due);
    return toOutbox(store, due, now);
  },
};

/** What runs ends, what waits is taken back. */
const end = (source: SettingsSource, payments: PaymentsPort): EventHandler => ({
  name: "end_memberships_of_removed",
  async handle({ subject, request_id }, { store, now }) {
    const space = await loadSystemSpace(store, source, { actor_id: "memberships", request_id, now });
    if (!space) return [];
    for (const { id } of await openOf(store, subject.id)) {
      const loaded = await loadMembership(space, id);
      // Back before the message came: nothing ends.
      if (loaded.member.status !== "left") continue;
      await endAt(space, payments, loaded, now, { reason: "The member left.", refund: false, waive_fee: true });
    }
    return [];
  },
});

/** Handlers of the module for memberships; people are told by the notifications module. */
export const membershipConsumers = (
  source: SettingsSource,
  payments: PaymentsPort,
): Consumers<"member.removed" | "memberships.end_due"> => ({
  "member.removed": [callForEnd],
  "memberships.end_due": [end(source, payments)],
});
