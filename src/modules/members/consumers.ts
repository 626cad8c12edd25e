import type { Consumers, EventHandler } from "../../platform/queue.ts";
import type { MemberEventType } from "./events.ts";
import { indexMembership } from "./people/reads.ts";

/** Repeats what adding and linking do at once, in case the directory was away then. */
const index: EventHandler = {
  name: "index_membership",
  async handle(envelope) {
    const { user_id } = envelope.data;
    if (typeof user_id === "string") await indexMembership(user_id, envelope.makerspace_id, envelope.subject.id);
    return [];
  },
};

/** Suspension's effects on machines are the equipment module's; it adds its own handlers. */
export const memberConsumers: Consumers<MemberEventType> = {
  "member.added": [index],
  "member.linked": [index],
  "member.renamed": [],
  "member.suspended": [],
  "member.reactivated": [],
  "member.removed": [],
  "invite.created": [],
  "invite.resent": [],
  "invite.readdressed": [],
  "invite.accepted": [],
  "invite.cancelled": [],
  "invite.expired": [],
  "agreement.text_published": [],
  "agreement.accepted": [],
};
