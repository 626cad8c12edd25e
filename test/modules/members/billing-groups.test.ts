/** Families and companies: who is in them, and one payer, who is one of them. */

import { describe, expect, it } from "vitest";
import { add, at, makeFamily, makeGroup } from "../../support/billing-groups.ts";
import { whenAbout } from "../../support/faults.ts";
import { stepsOf } from "../../support/query-plans.ts";
import { makeSpace, makeTwoSpaces, type Person, type TestSpace, until } from "../../support/space.ts";
import type { BillingGroup, GroupMember, Member, Notification } from "../../support/wire.ts";

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
    const twice = { kind: "company", name: "Byron & Co", payer_member_id: ada.member.id };
    const refused = await space.root.refused("POST", space.path("/billing_groups"), { body: twice });
    expect(refused.code).toBe("in_a_group");
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
    await space.root.patch(at(space, group), { metadata: { note: "The Byrons of Baker Street" } });
    await space.root.delete(at(space, group));
    await space.root.delete(at(space, group));
    const read = await space.root.get<BillingGroup>(at(space, group));
    expect(read).toMatchObject({
      status: "dissolved",
      payer_member_id: null,
      member_count: 0,
      name: "family",
      metadata: {},
    });
    expect((await add(space, group, ben)).problem?.code).toBe("illegal_transition");
    const renamed = await space.root.refused("PATCH", at(space, group), { body: { name: "The Byrons" } });
    expect(renamed.code).toBe("illegal_transition");
    expect((await ben.api.refused("GET", space.path("/members/me/billing_group"))).code).toBe("not_found");
    await join(ben, await plan(100));
    const [due] = await transactions(`member_id=${ben.member.id}`);
    expect(due?.payer_member_id).toBe(ben.member.id);
  });
});

describe("the payer", () => {
  it("is told that they pay, and the others that somebody does", async () => {
    const { space, ada, ben, group } = await makeFamily();
    const told = (person: Person, type: string, times: number) =>
      until(type, async () => {
        const inbox = await person.api.all<Notification>(space.path("/notifications"));
        return inbox.filter((one) => one.type === type && one.subject.id === group.id).length === times;
      });
    await told(ada, "billing_group.payer_named", 1);
    await told(ben, "billing_group.member_added", 1);
    await space.root.post(at(space, group, "/hand_over"), { payer_member_id: ben.member.id });
    await told(ben, "billing_group.payer_named", 1);
    await told(ada, "billing_group.payer_replaced", 1);
    await told(ada, "billing_group.payer_named", 1);
  });

  it("and the others are told when payment goes back to them: taken out, or when the group is dissolved", async () => {
    const { space, ada, ben, group } = await makeFamily();
    const cleo = await space.person();
    await add(space, group, cleo);
    const told = async ({ api }: Person) => {
      const inbox = await api.all<Notification>(space.path("/notifications"));
      return inbox.filter(({ type, subject }) => type === "billing_group.member_removed" && subject.id === group.id);
    };
    await ada.api.delete(at(space, group, `/members/${cleo.member.id}`));
    await until("who was taken out", async () => (await told(cleo)).length === 1);
    expect([...(await told(ada)), ...(await told(ben))]).toEqual([]);
    await space.root.delete(at(space, group));
    await until("everybody", async () => (await told(ada)).length === 1 && (await told(ben)).length === 1);
    expect(await told(cleo)).toHaveLength(1);
    // Who is concerned is nobody else's business.
    expect(JSON.stringify(await told(ben))).not.toContain(ada.member.id);
  });

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
    const both = { ...bulk, member_ids: [ada.member.id, ben.member.id], atomic: true };
    const errors = [{ pointer: "/member_ids/0", code: "payer_of_group" }];
    expect(await space.root.refused("POST", space.path("/members/bulk"), { body: both })).toMatchObject({ errors });
    expect((await remove(ben)).status).toBe(204);
    expect(await space.root.get(at(space, group))).toMatchObject({ member_count: 1, status: "active" });
    expect((await remove(ada)).status).toBe(204);
    const after = await space.root.get(at(space, group));
    expect(after).toMatchObject({ status: "dissolved", payer_member_id: null, name: "family" });
    expect((await makeGroup(space, await space.person())).status).toBe("active");
  });

  it("leaves together, the payer behind those they paid for", async () => {
    const { space, ada, ben, group } = await makeFamily();
    const all = { member_ids: [ben.member.id, ada.member.id], do: { operation: "remove" }, atomic: true };
    await space.root.post(space.path("/members/bulk"), all);
    const after = await space.root.get(at(space, group));
    expect(after).toMatchObject({ status: "dissolved", payer_member_id: null, member_count: 0 });
  });

  it("is suspended like anybody, and pays on", async () => {
    const { space, ada, ben, plan, join, transactions } = await makeFamily();
    await space.root.post(space.path(`/members/${ada.member.id}/suspend`), { reason: "Broken saw" });
    await join(ben, await plan(100));
    expect((await transactions(`member_id=${ben.member.id}`))[0]?.payer_member_id).toBe(ada.member.id);
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
