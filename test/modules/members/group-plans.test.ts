/** What falls due in families and companies, and plans that are theirs alone. */

import { describe, expect, it } from "vitest";
import { at, makeFamily, makeGroup } from "../../support/billing-groups.ts";
import { clockwork } from "../../support/club.ts";
import { whenAbout } from "../../support/faults.ts";
import type { MembershipTransaction } from "../../support/wire.ts";

describe("what falls due in a family or company", () => {
  it("names the payer as of that moment, and not as they were read a moment before", async () => {
    const { space, ada, ben, group, plan, own, transactions } = await makeFamily();
    const body = { plan_id: (await plan(9_900)).id };
    const handOver = () => space.root.post(at(space, group, "/hand_over"), { payer_member_id: ben.member.id });
    const asked = space.root.by(whenAbout(/insert into "membership_transactions"/i, handOver));
    expect((await asked.refused("POST", own(ben), { body })).code).toBe("conflict");
    await space.root.post(own(ben), body);
    const payers = (await transactions("kind=join")).map(({ payer_member_id }) => payer_member_id);
    expect(payers).toEqual([ben.member.id]);
    expect(payers).not.toContain(ada.member.id);
  });

  it("names who pays, as it was then, and the payer sees it", async () => {
    const { space, ada, ben, group, plan, join, step, transactions } = await makeFamily();
    const row = await join(ben, await plan(9_900));
    const own = await join(ada, await plan(500));
    const body = { payer_member_id: ben.member.id };
    await space.root.post(at(space, group, "/hand_over"), body);
    await step(row, "renew");
    await step(own, "renew");
    const payers = async (id: string) =>
      (await transactions(`membership_id=${id}`)).map(({ payer_member_id }) => payer_member_id);
    expect(await payers(row.id)).toEqual([ada.member.id, ben.member.id]);
    expect(await payers(own.id)).toEqual([ada.member.id, ben.member.id]);
    const path = space.path("/membership_transactions");
    const forOthers = await ada.api.all<MembershipTransaction>(`${path}?payer_member_id=me`);
    expect(forOthers.map(({ membership_id }) => membership_id)).toEqual([row.id]);
    expect(await ada.api.get(`${path}/${forOthers[0]?.id}`)).toEqual(forOthers[0]);
    const cleo = await space.person();
    expect((await cleo.api.refused("GET", `${path}/${forOthers[0]?.id}`)).code).toBe("not_found");
    expect((await cleo.api.refused("GET", `${path}?payer_member_id=${ada.member.id}`)).code).toBe("forbidden");
    const both = `${path}?payer_member_id=${ada.member.id}&member_id=${ben.member.id}&kind=join`;
    expect((await space.root.all<MembershipTransaction>(both)).map(({ id }) => id)).toEqual([forOthers[0]?.id]);
  });
});

describe("a plan for families", () => {
  it("is joined by members of a family alone, by every door", async () => {
    const { space, ada, ben, plan, own, join, step } = await makeFamily();
    const cleo = await space.person();
    const family = await plan(2_000, { group_kind: "family" });
    expect(family.group_kind).toBe("family");
    const body = { plan_id: family.id };
    expect((await space.root.refused("POST", own(cleo), { body })).code).toBe("group_required");
    await makeGroup(space, cleo, { kind: "company" });
    expect((await cleo.api.refused("POST", own(cleo), { body })).code).toBe("group_required");
    const other = await join(cleo, await plan(100));
    const change = space.path(`/memberships/${other.id}/change_plan`);
    expect((await space.root.refused("POST", change, { body })).code).toBe("group_required");
    const later = { ...body, when: "period_end" };
    expect((await space.root.refused("POST", change, { body: later })).code).toBe("group_required");
    const quote = space.path(`/memberships/${other.id}/quote?plan_id=${family.id}`);
    expect((await cleo.api.refused("GET", quote)).code).toBe("group_required");
    const strict = await plan(2_000, { group_kind: "family", requires_approval: true });
    expect((await cleo.api.refused("POST", own(cleo), { body: { plan_id: strict.id } })).code).toBe("group_required");
    expect((await join(ada, family)).status).toBe("active");
    const waiting = await ben.api.post<{ id: string }>(own(ben), { plan_id: strict.id });
    expect((await step(waiting, "approve")).status).toBe("active");
  });

  it("does not renew for who has left the family", async () => {
    const { space, ada, ben, group, plan, join, read } = await makeFamily();
    const family = await plan(2_000, { group_kind: "family", auto_renew: true });
    const [row, other] = [await join(ben, family), await join(ada, family)];
    await space.root.delete(at(space, group, `/members/${ben.member.id}`));
    const renew = space.path(`/memberships/${row.id}/renew`);
    expect((await space.root.refused("POST", renew, {})).code).toBe("group_required");
    await clockwork(space, row.ends_at ?? "");
    expect((await read(row)).status).toBe("expired");
    const goesOn = await read(other);
    expect([goesOn.status, goesOn.ends_at === other.ends_at]).toEqual(["active", false]);
  });
});
