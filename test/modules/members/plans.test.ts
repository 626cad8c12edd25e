/** Plans: one model, names and prices, who sees what of them, and how they are put away. */

import { describe, expect, it } from "vitest";
import { Api, type Page } from "../../support/api.ts";
import { makeSpace, makeTwoSpaces, type TestSpace } from "../../support/space.ts";
import type { DefaultPlans, Membership, Plan, PlanMember, PublicPlan } from "../../support/wire.ts";

const eur = (amount_minor: number) => ({ amount_minor, currency: "EUR" });

const planIn = (space: TestSpace, more: object = {}): Promise<Plan> =>
  space.root.post<Plan>(space.path("/plans"), { name: `Plan ${crypto.randomUUID()}`, price: eur(9_900), ...more });

const refusal = (space: TestSpace, body: object) =>
  space.root.refused("POST", space.path("/plans"), { body: { name: "A", price: eur(100), ...body } });

describe("a plan", () => {
  it("is what was said, with defaults for the rest, and starts at version 1", async () => {
    const space = await makeSpace();
    const machine = await space.machine();
    const whole = {
      name: "Evenings",
      description: "For evenings",
      plan_type: "premium",
      price: eur(19_900),
      setup_fee_minor: 2_500,
      billing_cycle: "quarterly",
      contract_months: 12,
      early_termination_fee_minor: 5_000,
      access_windows: { mon: [{ from: "17:00", to: "24:00" }] },
      included_equipment_ids: [machine.id],
      excluded_equipment_ids: [],
      advance_days: 30,
      max_duration_minutes: 240,
      max_open_bookings: 4,
      minutes_per_cycle: 1_200,
      cancellation_hours: 12,
      priority: 0,
      project_limit: null,
      storage_mb: null,
      guest_passes_per_cycle: 2,
      max_members: 40,
      trial_days: 14,
      grace_days: 5,
      auto_renew: true,
      visibility: "staff",
      requires_approval: true,
      features: ["A locker"],
      valid_from: "2026-01-01T00:00:00.000Z",
      valid_until: "2099-01-01T00:00:00.000Z",
      promo: {
        code: "SUMMER",
        percent_basis_points: 1_000,
        amount_minor: null,
        starts_at: null,
        ends_at: "2098-01-01T00:00:00.000Z",
      },
      metadata: { ledger: "4100" },
      external_id: "crm-7",
    };
    const answer = await space.root.send<Plan>("POST", space.path("/plans"), {
      body: { ...whole, promo: { ...whole.promo, code: " summer " } },
    });
    expect(answer.status).toBe(201);
    expect(answer.headers.get("location")).toBe(space.path(`/plans/${answer.body?.id}`));
    expect(answer.body).toMatchObject({ ...whole, status: "active", current_members: 0, version: 1 });
    expect(await space.root.get<Plan>(space.path(`/plans/${answer.body?.id}`))).toEqual(answer.body);
    const plain = await planIn(space);
    expect(plain).toMatchObject({
      plan_type: "standard",
      billing_cycle: "monthly",
      visibility: "public",
      max_members: null,
    });
  });

  it("promises nothing that nobody keeps yet: limits of modules to come are refused with the module's name", async () => {
    const space = await makeSpace();
    const modules = { priority: "waitlist", project_limit: "projects", storage_mb: "projects" };
    for (const [name, module] of Object.entries(modules)) {
      const refused = await refusal(space, { [name]: 5 });
      expect(refused).toMatchObject({ code: "invalid_body", errors: [{ pointer: `/${name}`, code: "reserved" }] });
      expect(refused.errors?.[0]?.detail).toContain(`"${module}"`);
    }
    const plan = await planIn(space, { priority: 0, project_limit: null, storage_mb: null });
    const change = { body: { storage_mb: 1 }, if_match: 1 };
    expect((await space.root.refused("PATCH", space.path(`/plans/${plan.id}`), change)).code).toBe("invalid_body");
    const { data } = await space.root.post<{ data: Plan[] }>(space.path("/plans/defaults"));
    for (const one of data) expect(one).toMatchObject({ priority: 0, project_limit: null, storage_mb: null });
  });

  it("is found by the name it is known by, once per makerspace, however it is written", async () => {
    const { home, abroad } = await makeTwoSpaces();
    await planIn(home, { name: "Day  Pass", external_id: "x" });
    expect((await refusal(home, { name: "day pass" })).code).toBe("name_taken");
    expect((await refusal(home, { name: "Other", external_id: "x" })).code).toBe("external_id_taken");
    expect((await planIn(abroad, { name: "Day Pass", external_id: "x" })).name).toBe("Day Pass");
  });

  it("that contradicts itself, or names unknown machines, is refused with every fault", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [mine, theirs] = [await home.machine(), await abroad.machine()];
    const faults = async (body: object) => (await refusal(home, body)).errors?.map((error) => error.pointer);
    expect(await faults({ billing_cycle: "hourly", auto_renew: true, trial_days: 3 })).toEqual([
      "/auto_renew",
      "/trial_days",
    ]);
    expect(await faults({ plan_type: "free" })).toEqual(["/price"]);
    expect(await faults({ promo: { amount_minor: 101 } })).toEqual(["/promo/amount_minor"]);
    expect(await faults({ promo: {} })).toEqual(["/promo/percent_basis_points"]);
    expect(await faults({ included_equipment_ids: [mine.id], excluded_equipment_ids: [mine.id] })).toEqual([
      "/excluded_equipment_ids",
    ]);
    expect(await faults({ included_equipment_ids: [mine.id, theirs.id] })).toEqual(["/included_equipment_ids"]);
    const range = { valid_from: "2027-01-02T00:00:00Z", valid_until: "2027-01-01T00:00:00Z" };
    expect(await faults(range)).toEqual(["/valid_until"]);
    expect(await faults({ access_windows: { mon: [{ from: "18:00", to: "09:00" }] } })).toEqual([
      "/access_windows/mon/0",
    ]);
    expect((await refusal(home, { price: { amount_minor: 9.5, currency: "EUR" } })).code).toBe("invalid_body");
  });

  it("changes field by field under its version, and keeps its currency while somebody is on it", async () => {
    const space = await makeSpace();
    const plan = await planIn(space, { name: "A" });
    const path = space.path(`/plans/${plan.id}`);
    expect((await space.root.refused("PATCH", path, { body: { name: "B" } })).code).toBe("precondition_required");
    const after = await space.root.patch<Plan>(path, { name: "B", price: eur(100), max_members: 2 }, 1);
    expect(after).toEqual({
      ...plan,
      name: "B",
      price: eur(100),
      effective_price: eur(100),
      max_members: 2,
      version: 2,
      updated_at: after.updated_at,
    });
    expect((await space.root.refused("PATCH", path, { body: { name: "C" }, if_match: 1 })).code).toBe("stale_version");
    const { member } = await space.person();
    await space.root.post(space.path(`/members/${member.id}/memberships`), { plan_id: plan.id });
    const usd = { price: { amount_minor: 100, currency: "USD" } };
    expect((await space.root.refused("PATCH", path, { body: usd, if_match: 2 })).code).toBe("plan_in_use");
    expect((await space.root.patch<Plan>(path, { price: eur(200) }, 2)).current_members).toBe(1);
  });

  it("two changes of one version: one of them", async () => {
    const space = await makeSpace();
    const path = space.path(`/plans/${(await planIn(space)).id}`);
    const both = ["A", "B"].map((name) => space.root.send("PATCH", path, { body: { name }, if_match: 1 }));
    expect((await Promise.all(both)).map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it("is copied with nobody on it, and without its external id", async () => {
    const space = await makeSpace();
    const plan = await planIn(space, { name: "A", external_id: "x", features: ["Locker"] });
    const { member } = await space.person();
    await space.root.post(space.path(`/members/${member.id}/memberships`), { plan_id: plan.id });
    const copy = await space.root.send<Plan>("POST", space.path(`/plans/${plan.id}/duplicate`), {
      body: { name: "B" },
    });
    expect(copy.headers.get("location")).toBe(space.path(`/plans/${copy.body?.id}`));
    expect(copy.body).toMatchObject({
      name: "B",
      features: ["Locker"],
      external_id: null,
      current_members: 0,
      version: 1,
    });
    const again = { body: { name: "b" } };
    expect((await space.root.refused("POST", space.path(`/plans/${plan.id}/duplicate`), again)).code).toBe(
      "name_taken",
    );
  });
});

describe("a plan in use", () => {
  it("cannot be deleted, by whom it is used in any way; archived it keeps who is on it and takes nobody else", async () => {
    const space = await makeSpace();
    const [one, two] = [await space.person(), await space.person()];
    const [a, b] = [await planIn(space), await planIn(space, { price: eur(100) })];
    const at = ({ id }: Plan, rest = "") => space.path(`/plans/${id}${rest}`);
    const own = space.path(`/members/${one.member.id}/memberships`);
    const membership = await space.root.post<Membership>(own, { plan_id: a.id });
    expect((await space.root.refused("DELETE", at(a))).code).toBe("plan_in_use");
    await space.root.post(space.path(`/memberships/${membership.id}/change_plan`), { plan_id: b.id });
    expect((await space.root.refused("DELETE", at(b))).code).toBe("plan_in_use");
    await space.root.post(space.path(`/memberships/${membership.id}/continue`));
    await space.root.delete(at(b));
    expect((await space.root.get<Plan>(at(b))).status).toBe("archived");

    expect((await space.root.post<Plan>(at(a, "/archive"))).status).toBe("archived");
    expect((await space.root.refused("POST", at(a, "/archive"))).code).toBe("illegal_transition");
    const other = space.path(`/members/${two.member.id}/memberships`);
    expect((await space.root.refused("POST", other, { body: { plan_id: a.id } })).code).toBe("plan_unavailable");
    const renewed = await space.root.post<Membership>(space.path(`/memberships/${membership.id}/renew`));
    expect(renewed.status).toBe("active");
    expect((await space.root.post<Plan>(at(a, "/unarchive"))).status).toBe("active");
    await space.root.post(other, { plan_id: a.id });
  });

  it("is not deleted under somebody who joins at the same moment", async () => {
    const space = await makeSpace();
    for (let round = 0; round < 8; round += 1) {
      const [plan, { member }] = [await planIn(space), await space.person()];
      const [gone, joined] = await Promise.all([
        space.root.send("DELETE", space.path(`/plans/${plan.id}`)),
        space.root.send("POST", space.path(`/members/${member.id}/memberships`), { body: { plan_id: plan.id } }),
      ]);
      expect([gone.status === 204, joined.status === 201].filter(Boolean)).toHaveLength(1);
      const { status, current_members } = await space.root.get<Plan>(space.path(`/plans/${plan.id}`));
      expect([status, current_members]).toEqual(joined.status === 201 ? ["active", 1] : ["archived", 0]);
    }
  });

  it("shows who is on it by the end of their period, page by page", async () => {
    const space = await makeSpace();
    const plan = await planIn(space);
    const people = await Promise.all([1, 2, 3].map(() => space.person()));
    const ids: string[] = [];
    for (const [index, { member }] of people.entries()) {
      const starts_at = new Date(Date.now() - index * 3 * 86_400_000).toISOString();
      const own = space.path(`/members/${member.id}/memberships`);
      ids.unshift((await space.root.post<Membership>(own, { plan_id: plan.id, starts_at })).id);
    }
    const desk = await space.as("desk");
    const found = await desk.api.all<PlanMember>(space.path(`/plans/${plan.id}/members?limit=2`));
    expect(found.map((row) => row.membership_id)).toEqual(ids);
    expect(found[0]).toMatchObject({ display_name: people[2]?.member.display_name, status: "active" });
    const [{ api }] = people as [(typeof people)[0]];
    expect((await api.refused("GET", space.path(`/plans/${plan.id}/members`))).code).toBe("forbidden");
  });
});

describe("the list of plans", () => {
  it("is filtered for staff by any combination, and shows members what is on offer", async () => {
    const space = await makeSpace();
    await space.root.post(space.path("/plans/defaults"));
    const listed = (query: string) => space.root.all<Plan>(space.path(`/plans?${query}`));
    const names = async (query: string) => (await listed(query)).map((plan) => plan.name);
    const [open, secret] = [
      await planIn(space, { name: "Open" }),
      await planIn(space, { name: "Team", visibility: "staff" }),
    ];
    const later = { name: "Later", valid_from: "2090-01-01T00:00:00Z" };
    await planIn(space, later);
    const old = await planIn(space, { name: "Old", external_id: "old" });
    await space.root.post(space.path(`/plans/${old.id}/archive`));
    expect(await names("limit=2")).toEqual(["Free", "Maker", "Pro", "Open", "Team", "Later", "Old"]);
    expect(await names("status=archived")).toEqual(["Old"]);
    expect(await names("plan_type=free&plan_type=premium&limit=1")).toEqual(["Free", "Pro"]);
    expect(await names("visibility=staff")).toEqual(["Team"]);
    expect(await names("visibility=public&status=active&plan_type=standard")).toEqual(["Maker", "Open", "Later"]);
    expect(await names("external_id=old")).toEqual(["Old"]);

    const { api } = await space.as("user");
    const seen = await api.all<PublicPlan>(space.path("/plans?limit=2"));
    expect(seen.map((plan) => plan.name)).toEqual(["Free", "Maker", "Pro", "Open"]);
    expect(seen[0]).not.toHaveProperty("promo");
    expect(seen[0]).not.toHaveProperty("current_members");
    expect((await api.refused("GET", space.path("/plans?visibility=staff"))).code).toBe("forbidden");
    expect((await api.refused("GET", space.path(`/plans/${secret.id}`))).code).toBe("not_found");
    expect((await api.get<PublicPlan>(space.path(`/plans/${open.id}`))).name).toBe("Open");
  });

  it("is read by visitors without signing in, with what it costs now, and without codes", async () => {
    const space = await makeSpace();
    const soon = { amount_minor: 400 };
    await planIn(space, { name: "A", price: eur(999), promo: { percent_basis_points: 3_333 }, max_members: 0 });
    await planIn(space, { name: "B", price: eur(999), promo: { ...soon, code: "SECRET" } });
    await planIn(space, { name: "C", price: eur(999), promo: { ...soon, ends_at: "2020-01-01T00:00:00Z" } });
    await planIn(space, { name: "D", visibility: "staff" });
    const { data } = await new Api().get<Page<PublicPlan>>(space.path("/plans/public"));
    const shown = data.filter((plan) => plan.name.length === 1);
    // 999 × 33.33 % is 332.97: the discount is 333.
    expect(shown.map((plan) => [plan.name, plan.effective_price.amount_minor, plan.is_full])).toEqual([
      ["A", 666, true],
      ["B", 999, false],
      ["C", 999, false],
    ]);
    expect(JSON.stringify(data)).not.toContain("SECRET");
    const nowhere = `/api/v1/makerspaces/${crypto.randomUUID()}/plans/public`;
    expect((await new Api().refused("GET", nowhere)).code).toBe("not_found");
  });
});

describe("the default set", () => {
  it("is Free, Maker and Pro in the makerspace's currency, there from the start, and never twice", async () => {
    const space = await makeSpace({ currency: "JPY" });
    const born = await space.root.all<Plan>(space.path("/plans"));
    const { data } = await space.root.post<DefaultPlans>(space.path("/plans/defaults"));
    expect(data.map((plan) => [plan.name, plan.price])).toEqual([
      ["Free", { amount_minor: 0, currency: "JPY" }],
      // A yen has no smaller unit.
      ["Maker", { amount_minor: 99, currency: "JPY" }],
      ["Pro", { amount_minor: 199, currency: "JPY" }],
    ]);
    expect(born).toEqual(data);
    const [free] = born;
    await space.root.patch(space.path(`/plans/${free?.id}`), { name: "Gratis" }, 1);
    const { data: added } = await space.root.post<DefaultPlans>(space.path("/plans/defaults"));
    expect(added.map((plan) => plan.name)).toEqual(["Maker", "Pro", "Free"]);
    const again = await Promise.all([1, 2, 3].map(() => space.root.post<DefaultPlans>(space.path("/plans/defaults"))));
    for (const { data: same } of again) expect(same).toEqual(added);
    const dinar = await makeSpace({ currency: "KWD" });
    const [, maker] = (await dinar.root.post<DefaultPlans>(dinar.path("/plans/defaults"))).data;
    expect(maker?.price.amount_minor).toBe(99_000);
  });
});
