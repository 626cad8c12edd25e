/** What memberships do when something else has happened. */

import { inArray } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { leads } from "../../../platform/db/fan-out.ts";
import type { Consumers, EventHandler } from "../../../platform/queue.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import type { PaymentsPort } from "../port.ts";
import { endAt } from "./steps.ts";
import { memberships } from "./tables.ts";
import { loadMembership } from "./writes.ts";

/** Who was removed is on no plan: what runs ends, what waits is taken back. */
const endWithMember = (source: SettingsSource, payments: PaymentsPort): EventHandler => ({
  name: "end_memberships",
  async handle({ subject, request_id }, { store, now }) {
    const space = await loadSystemSpace(store, source, { actor_id: "memberships", request_id, now });
    if (!space) return [];
    const open = await store.db
      .select({ id: memberships.id })
      .from(memberships)
      .where(
        store.in(
          memberships,
          leads(memberships.member_id, subject.id),
          inArray(memberships.status, ["pending", "active", "paused"]),
        ),
      );
    for (const { id } of open) {
      const loaded = await loadMembership(space, id);
      // Back before the message came: nothing ends.
      if (loaded.member.status !== "left") continue;
      await endAt(space, payments, loaded, now, { reason: "The member left.", refund: false, waive_fee: true });
    }
    return [];
  },
});

/** Handlers of the module for memberships; people are told by the notifications module. */
export const membershipConsumers = (source: SettingsSource, payments: PaymentsPort): Consumers<"member.removed"> => ({
  "member.removed": [endWithMember(source, payments)],
});
