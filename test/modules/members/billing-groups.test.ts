/** Families and companies: one payer, who is one of them, and who is named on what falls due. */

import { describe, expect, it } from "vitest";
import { clockwork, makeClub } from "../../support/club.ts";
import { whenAbout } from "../../support/faults.ts";
import { stepsOf } from "../../support/query-plans.ts";
import { makeSpace, makeTwoSpaces, type Person, type TestSpace } from "../../support/space.ts";
import type { BillingGroup, GroupMember, Member, MembershipTransaction } from "../../support/wire.ts";

const makeGroup = (space: TestSpace, payer: Person, more: object = {}): Promise<BillingGroup> =>
  space.root.post<BillingGroup>(space.path("/billing_groups"), {
    kind: "family",
    name: "The Byrons",
    payer_member_id: payer.member.id,
    ...more,
  });

const at = (space: TestSpace, group: { id: string }, rest = ""): string =>
  space.path(`/billing_groups/${group.id}${rest}`);

const add = (space: TestSpace, group: { id: string }, { member }: Person) =>
  space.root.send<GroupMember>("POST", at(space, group, "/members"), { body: { member_id: member.id } });

/** A family of two: Ada pays for Ben. */
async function makeFamily() {
  const club = await makeClub();
  const { space, ada } = club;
  const ben = await space.person({ first_name: "Ben", last_name: "Okri" });
  const group = await makeGroup(space, ada);
  expect((await add(space, group, ben)).status).toBe(201);
  return { ...club, ben, group };
}

const idsIn = async (person: Person, space: TestSpace, group: BillingGroup): Promise<string[]> =>
  (await person.api.all<GroupMember>(at(space, group, "/members?limit=1"))).map(({ member_id }) => member_id);

describe("a family or company", () => {
  it("begins with its payer, takes members in, and each is in one at most", async () => {
    const { space, ada, ben, group } = await makeFamily();
    expect(group).toMatchObject({
      kind: "family",
      status: "active",
      payer_member_id: ada.member.id,
      payer_display_name: ada.member.display_name,
      member_count: 1,
      version: 1,
    });
    const read = await space.root.get<BillingGroup>(at(space, group));
    expect(read).toMatchObject({ member_count: 2, version: 2 });
    expect(await space.root.get(space.path(`/members/${ben.member.id}/billing_group`))).toEqual(read);
    const other = await makeGroup(space, await space.person(), { kind: "company" });
    expect((await add(space, other, ben)).problem?.code).toBe("in_a_group");
    const body = { kind: "family", name: "Again", payer_member_id: ben.member.id };
    expect((await space.root.refused("POST", space.path("/billing_groups"), { body })).code).toBe("in_a_group");
    const patched = await space.root.patch<BillingGroup>(at(space, group), { name: "The Okris" }, 2);
    expect(patched).toMatchObject({ name: "The Okris", version: 3, member_count: 2 });
    const stale = await space.root.refused("PATCH", at(space, group), { body: { name: "x" }, if_match: 2 });
    expect(stale.code).toBe("stale_version");
  });

  it("takes a member who is asked into many at once into one of them", async () => {
    const space = await makeSpace();
    const ben = await space.person();
    const groups = await Promise.all(Array.from({ length: 6 }, async () => makeGroup(space, await space.person())));
    const answers = await Promise.all(groups.map((group) => add(space, group, ben)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ problem }) => problem?.code === "in_a_group")).toHaveLength(5);
    const all = await space.root.all<BillingGroup>(space.path("/billing_groups"));
    expect(all.map(({ member_count }) => member_count).sort()).toEqual([1, 1, 1, 1, 1, 2]);
  });

  it("is seen by staff, in full by its payer, and by the others as their own; managed by staff alone", async () => {
    const { space, ada, ben, group } = await makeFamily();
    const cleo = await space.person();
    expect((await idsIn(ada, space, group)).sort()).toEqual([ada.member.id, ben.member.id].sort());
    expect(await idsIn(ben, space, group)).toEqual([ben.member.id]);
    const own = await ben.api.all<BillingGroup>(space.path("/billing_groups"));
    expect(own.map(({ id }) => id)).toEqual([group.id]);
    expect(await ben.api.get(space.path("/members/me/billing_group"))).toMatchObject({ id: group.id });
    expect(await cleo.api.all(space.path("/billing_groups"))).toEqual([]);
    for (const path of [
      at(space, group),
      at(space, group, "/members"),
      space.path(`/members/${ben.member.id}/billing_group`),
    ]) {
      expect((await cleo.api.refused("GET", path)).code, path).toBe("not_found");
    }
    const theirs = `/billing_groups?payer_member_id=${ada.member.id}`;
    expect((await ben.api.refused("GET", space.path(theirs))).code).toBe("forbidden");
    const body = { member_id: cleo.member.id };
    expect((await ada.api.refused("POST", at(space, group, "/members"), { body })).code).toBe("forbidden");
    const over = { payer_member_id: ben.member.id };
    expect((await ada.api.refused("POST", at(space, group, "/hand_over"), { body: over })).code).toBe("forbidden");
    expect((await ada.api.refused("DELETE", at(space, group))).code).toBe("forbidden");
    const desk = await space.as("desk");
    expect((await desk.api.send("POST", at(space, group, "/members"), { body })).status).toBe(201);
  });

  it("is another makerspace's business nowhere else", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [ada, stranger] = [await home.person(), await abroad.person()];
    const group = await makeGroup(home, ada);
    expect((await add(home, group, stranger)).problem?.code).toBe("unknown_reference");
    expect((await abroad.root.refused("GET", at(abroad, group))).code).toBe("not_found");
    expect((await add(abroad, group, stranger)).problem?.code).toBe("not_found");
    const body = { kind: "family", name: "x", payer_member_id: stranger.member.id };
    expect((await home.root.refused("POST", home.path("/billing_groups"), { body })).code).toBe("unknown_reference");
  });

  it("is dissolved by staff: everybody pays for themselves then", async () => {
    const { space, ben, group, plan, join, transactions } = await makeFamily();
    await space.root.delete(at(space, group));
    await space.root.delete(at(space, group));
    const read = await space.root.get<BillingGroup>(at(space, group));
    expect(read).toMatchObject({ status: "dissolved", payer_member_id: null, member_count: 0 });
    expect((await add(space, group, ben)).problem?.code).toBe("illegal_transition");
    expect((await ben.api.refused("GET", space.path("/members/me/billing_group"))).code).toBe("not_found");
    await join(ben, await plan(100));
    const [due] = await transactions(`member_id=${ben.member.id}`);
    expect(due?.payer_member_id).toBe(ben.member.id);
  });
});

describe("the payer", () => {
  it("is one of them, and goes by handing over", async () => {
    const { space, ada, ben, group } = await makeFamily();
    const cleo = await space.person();
    const leave = (person: Person) => person.api.send("DELETE", at(space, group, "/members/me"));
    expect((await leave(ada)).problem?.code).toBe("payer_of_group");
    const handOver = (person: Person) =>
      space.root.send<BillingGroup>("POST", at(space, group, "/hand_over"), {
        body: { payer_member_id: person.member.id },
      });
    expect((await handOver(cleo)).problem?.code).toBe("not_in_group");
    expect((await handOver(ben)).body).toMatchObject({ payer_member_id: ben.member.id, member_count: 2 });
    expect((await leave(ada)).status).toBe(204);
    expect(await space.root.get(at(space, group))).toMatchObject({ member_count: 1 });
  });

  it("takes out whom they pay for, and nobody else's", async () => {
    const { space, ada, ben, group } = await makeFamily();
    const cleo = await space.person();
    await add(space, group, cleo);
    const out = (by: Person, who: Person) => by.api.send("DELETE", at(space, group, `/members/${who.member.id}`));
    expect((await out(ben, cleo)).problem?.code).toBe("not_found");
    expect((await out(ada, cleo)).status).toBe(204);
    expect((await out(ada, cleo)).problem?.code).toBe("not_found");
    expect((await out(ben, ben)).status).toBe(204);
    expect((await out(ben, ada)).problem?.code).toBe("not_found");
  });

  it("cannot leave the makerspace, or be removed, while they pay for others; alone they take the group along", async () => {
    const { space, ada, ben, group } = await makeFamily();
    const remove = ({ member }: Person) => space.root.send("DELETE", space.path(`/members/${member.id}`));
    expect((await ada.api.refused("DELETE", space.path("/members/me"))).code).toBe("payer_of_group");
    expect((await remove(ada)).problem?.code).toBe("payer_of_group");
    const bulk = { member_ids: [ada.member.id], do: { operation: "remove" } };
    expect(await space.root.post(space.path("/members/bulk"), bulk)).toMatchObject({
      results: [{ ok: false, problem: { code: "payer_of_group" } }],
    });
    expect((await remove(ben)).status).toBe(204);
    expect(await space.root.get(at(space, group))).toMatchObject({ member_count: 1, status: "active" });
    expect((await remove(ada)).status).toBe(204);
    expect(await space.root.get(at(space, group))).toMatchObject({ status: "dissolved", payer_member_id: null });
    expect((await makeGroup(space, await space.person())).status).toBe("active");
  });

  it("is suspended like anybody, and pays on", async () => {
    const { space, ada, ben, plan, join, transactions } = await makeFamily();
    await space.root.post(space.path(`/members/${ada.member.id}/suspend`), { reason: "Broken saw" });
    await join(ben, await plan(100));
    expect((await transactions(`member_id=${ben.member.id}`))[0]?.payer_member_id).toBe(ada.member.id);
  });

  it("is told with an amount as it is when that falls due, and not as it was read a moment before", async () => {
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

  it("is nobody, and nobody is in a group, who leaves the makerspace at that moment", async () => {
    const { space, group } = await makeFamily();
    const [cleo, dora] = [await space.person(), await space.person()];
    const goes = (person: Person) => () => space.root.delete(space.path(`/members/${person.member.id}`));
    const adding = space.root.by(whenAbout(/INSERT INTO billing_group_members/, goes(cleo)));
    const body = { member_id: cleo.member.id };
    expect((await adding.refused("POST", at(space, group, "/members"), { body })).code).toBe("unknown_reference");
    const making = space.root.by(whenAbout(/INSERT INTO billing_groups/, goes(dora)));
    const input = { kind: "family", name: "x", payer_member_id: dora.member.id };
    const refused = await making.refused("POST", space.path("/billing_groups"), { body: input });
    expect(refused.code).toBe("unknown_reference");
    expect(await space.root.all(at(space, group, "/members"))).toHaveLength(2);
  });

  it("stays one of them, whoever races: leaving the makerspace, being handed to, taking in", async () => {
    for (let round = 0; round < 6; round += 1) {
      const { space, ada, ben, group } = await makeFamily();
      const cleo = await space.person();
      await Promise.all([
        space.root.send("POST", at(space, group, "/hand_over"), { body: { payer_member_id: ben.member.id } }),
        ben.api.send("DELETE", space.path("/members/me")),
        ada.api.send("DELETE", space.path("/members/me")),
        add(space, group, cleo),
      ]);
      const after = await space.root.get<BillingGroup>(at(space, group));
      const people = await space.root.all<GroupMember>(at(space, group, "/members"));
      const payers = people.filter(({ is_payer }) => is_payer).map(({ member_id }) => member_id);
      expect(payers).toEqual(after.status === "active" ? [after.payer_member_id] : []);
      const gone = (await space.root.all<Member>(space.path("/members?status=left"))).map(({ id }) => id);
      expect(people.filter(({ member_id }) => gone.includes(member_id))).toEqual([]);
    }
  });
});

describe("what falls due in a family or company", () => {
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

describe("two records of one person", () => {
  const added = (space: TestSpace) =>
    space.root.post<Member>(space.path("/members"), {
      email: `${crypto.randomUUID()}@example.org`,
      first_name: "Ada",
      last_name: "Byron",
      role: "user",
    });
  const merge = (space: TestSpace, into: { id: string }, from: { id: string }) =>
    space.root.send("POST", space.path(`/members/${into.id}/merge`), { body: { from_member_id: from.id } });

  it("keep their place in the family, the payer's too; in two families they stay two", async () => {
    const { space, ada, ben, group, plan, join, transactions } = await makeFamily();
    await join(ben, await plan(100));
    const [one, two] = [await added(space), await added(space)];
    expect((await merge(space, one, ada.member)).status).toBe(200);
    expect(await space.root.get(at(space, group))).toMatchObject({ payer_member_id: one.id, member_count: 2 });
    expect((await transactions(`member_id=${ben.member.id}`))[0]?.payer_member_id).toBe(one.id);
    const other = await makeGroup(space, { ...ben, member: two });
    expect((await merge(space, two, one)).problem?.code).toBe("in_a_group");
    await space.root.delete(at(space, other));
    // Both in the same: one place, and who goes on pays.
    await space.root.post(at(space, group, "/members"), { member_id: two.id });
    expect((await merge(space, two, one)).status).toBe(200);
    expect(await space.root.get(at(space, group))).toMatchObject({ payer_member_id: two.id, member_count: 2 });
  });
});

describe("the list", () => {
  it("is filtered by kind, status, payer and external id, page by page, by its indexes", async () => {
    const space = await makeSpace();
    const people = await Promise.all(Array.from({ length: 6 }, () => space.person()));
    const groups: BillingGroup[] = [];
    for (const [index, person] of people.entries())
      groups.push(
        await makeGroup(space, person, { kind: index % 2 === 0 ? "family" : "company", external_id: `x-${index}` }),
      );
    const [first] = groups;
    await space.root.delete(at(space, first as BillingGroup));
    const idsOf = async (query: string) =>
      (await space.root.all<BillingGroup>(space.path(`/billing_groups?limit=2&${query}`))).map(({ id }) => id);
    const ids = groups.map(({ id }) => id);
    expect(await idsOf("")).toEqual(ids.slice(1));
    expect(await idsOf("kind=family")).toEqual([ids[2], ids[4]]);
    expect(await idsOf("kind=family&status=active&status=dissolved")).toEqual([ids[0], ids[2], ids[4]]);
    expect(await idsOf(`payer_member_id=${people[3]?.member.id}`)).toEqual([ids[3]]);
    expect(await idsOf("external_id=x-0")).toEqual([ids[0]]);
    const paths = ["", "kind=family", "status=dissolved", "payer_member_id=x", "external_id=x"].map(
      (query) => `/billing_groups?${query}`,
    );
    for (const path of [...paths, `/billing_groups/${ids[1]}/members`]) {
      const steps = await stepsOf(space.root, space.path(path), /from "billing_group/);
      expect(steps.filter((step) => /: SCAN |TEMP B-TREE/.test(step))).toEqual([]);
    }
  });
});
