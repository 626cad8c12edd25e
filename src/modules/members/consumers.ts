import type { Consumers, EventHandler } from "../../platform/queue.ts";
import type { MemberEventType } from "./events.ts";
import { findMember, indexMembership } from "./people/reads.ts";

/** Repeats what adding, linking and registering do at once, in case the directory was away then; for the user whom the row knows still. */
const index: EventHandler = {
  name: "index_membership",
  async handle({ makerspace_id, subject }, { store }) {
    const member = await findMember(store, subject.id);
    if (member?.user_id) await indexMembership(member.user_id, makerspace_id, member.id);
    return [];
  },
};

/** Suspension's effects on machines are the equipment module's; it adds its own handlers. */
export const memberConsumers: Consumers<MemberEventType> = {
  "member.added": [index],
  "member.linked": [index],
  "member.renamed": [],
  "member.joined": [index],
  "member.approved": [],
  "member.declined": [],
  "member.suspended": [],
  "member.reactivated": [],
  "member.removed": [],
  "member.erasure_requested": [],
  "member.erasure_put_off": [],
  "member.erased": [],
  "member.data_exported": [],
  "invite.created": [],
  "invite.resent": [],
  "invite.readdressed": [],
  "invite.accepted": [],
  "invite.cancelled": [],
  "invite.expired": [],
  "agreement.text_published": [],
  "agreement.accepted": [],
};
