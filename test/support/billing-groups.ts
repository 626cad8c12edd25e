/** Families and companies for tests. */

import { makeClub } from "./club.ts";
import type { Person, TestSpace } from "./space.ts";
import type { BillingGroup, GroupMember } from "./wire.ts";

/** A family, unless told, with its payer. */
export const makeGroup = (space: TestSpace, payer: Person, more: object = {}): Promise<BillingGroup> =>
  space.root.post<BillingGroup>(space.path("/billing_groups"), {
    kind: "family",
    name: "The Byrons",
    payer_member_id: payer.member.id,
    ...more,
  });

/** Where it is. */
export const at = (space: TestSpace, group: { id: string }, rest = ""): string =>
  space.path(`/billing_groups/${group.id}${rest}`);

/** Brings somebody into it. */
export const add = (space: TestSpace, group: { id: string }, { member }: Person) =>
  space.root.send<GroupMember>("POST", at(space, group, "/members"), { body: { member_id: member.id } });

/** A family of two: Ada pays for Ben. */
export async function makeFamily() {
  const club = await makeClub();
  const { space, ada } = club;
  const ben = await space.person({ first_name: "Ben", last_name: "Okri" });
  const group = await makeGroup(space, ada);
  await space.root.post(at(space, group, "/members"), { member_id: ben.member.id });
  return { ...club, ben, group };
}
