/** A membership on its way: renewed, and from one plan to another; races have one winner. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DAY } from "../../../src/platform/time.ts";
import { clockwork, makeClub } from "../../support/club.ts";
import { iso } from "../../support/space.ts";
import type { Member, Membership, Plan } from "../../support/wire.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("renewing", () => {
  it("adds a period at today's price, keeps the day of the month, and changes nothing the second time under one key", async () => {
    const { space, ada, plan, join, at, amounts } = await makeClub();
    const maker = await plan(9_900);
    const row = await join(ada, maker, { starts_at: "2026-10-31T12:00:00Z" });
    expect(row.ends_at).toBe("2026-11-29T23:00:00.000Z");
    await space.root.patch(space.path(`/plans/${maker.id}`), { price: { amount_minor: 12_000, currency: "EUR" } }, 1);
    const once = await space.root.send<Membership>("POST", at(row, "/renew"), { key: "renew" });
    expect(once.body).toMatchObject({ ends_at: "2026-12-30T23:00:00.000Z", starts_at: row.starts_at, version: 2 });
    const twice = await space.root.send<Membership>("POST", at(row, "/renew"), { key: "renew" });
    expect(twice.body).toEqual(once.body);
    expect(await amounts(row)).toEqual([
      ["join", 9_900],
      ["renewal", 12_000],
    ]);
  });

  it("two at once is one renewal", async () => {
    const { space, plan, join, at, transactions } = await makeClub();
    const maker = await plan(9_900);
    for (let round = 0; round < 5; round += 1) {
      const row = await join(await space.person(), maker);
      const both = await Promise.all([1, 2].map(() => space.root.send("POST", at(row, "/renew"))));
      const won = both.filter(({ status }) => status === 200).length;
      expect(won).toBeGreaterThanOrEqual(1);
      // Whoever came after the other had finished renewed once more: as many amounts as there were answers.
      const periods = await transactions(`membership_id=${row.id}`);
      expect(periods).toHaveLength(1 + won);
      for (const [index, { period_from }] of periods.slice(1).entries())
        expect(period_from).toBe(periods[index]?.period_to);
      for (const { problem } of both) expect([undefined, "conflict"]).toContain(problem?.code);
    }
  });

  it("is not for what never ends, what is paid for three years ahead, or others", async () => {
    const { space, ada, plan, join, at, step } = await makeClub();
    const [ben, cid] = [await space.person(), await space.person()];
    const forever = await join(ada, await plan(0, { billing_cycle: "lifetime" }));
    expect(forever).toMatchObject({ ends_at: null, lapses_at: null });
    expect((await ada.api.refused("POST", at(forever, "/renew"))).code).toBe("illegal_transition");
    expect((await ben.api.refused("POST", at(forever, "/renew"))).code).toBe("not_found");
    const yearly = await join(cid, await plan(100, { billing_cycle: "yearly" }));
    for (let year = 0; year < 2; year += 1) await step(yearly, "renew");
    expect((await cid.api.refused("POST", at(yearly, "/renew"))).code).toBe("illegal_transition");
  });
});

describe("changing the plan", () => {
  it("upward at once: what the old plan did not use is credited, to the millisecond and the cent, as quoted", async () => {
    const { ada, plan, join, at, read, transactions } = await makeClub({ timezone: "UTC" });
    const [maker, pro] = [await plan(9_900), await plan(19_900)];
    const row = await join(ada, maker, { starts_at: iso(Date.now() - 5 * DAY) });
    const quote = await ada.api.get<{ kind: string; when: string; amount: { amount_minor: number } }>(
      at(row, `/quote?plan_id=${pro.id}`),
    );
    expect(quote).toMatchObject({ kind: "upgrade", when: "now" });
    const next = await ada.api.post<Membership>(at(row, "/change_plan"), { plan_id: pro.id });
    expect(next).toMatchObject({ plan_id: pro.id, status: "active" });
    expect(await read(row)).toMatchObject({ status: "changed", ends_at: next.starts_at });
    const [upgrade] = await transactions(`membership_id=${next.id}`);
    const [from, to, now] = [row.starts_at, row.ends_at ?? "", next.starts_at].map((text) => Date.parse(text));
    const credit = Math.round((9_900 * ((to ?? 0) - (now ?? 0))) / ((to ?? 0) - (from ?? 0)));
    expect(upgrade).toMatchObject({ kind: "upgrade", breakdown: { price_minor: 19_900, credit_minor: credit } });
    expect(upgrade?.amount.amount_minor).toBe(19_900 - credit);
    // A few milliseconds lie between the quote and the change.
    expect(Math.abs(quote.amount.amount_minor - (19_900 - credit))).toBeLessThanOrEqual(1);
  });

  it("downward when the period ends, noted now, carried out then at the price of then", async () => {
    const { space, ada, plan, join, at, read, amounts } = await makeClub();
    const [maker, pro] = [await plan(9_900), await plan(19_900)];
    const row = await join(ada, pro, { starts_at: "2026-11-22T10:00:00Z" });
    const planned = await ada.api.post<Membership>(at(row, "/change_plan"), { plan_id: maker.id });
    expect(planned).toMatchObject({ id: row.id, plan_id: pro.id, next_plan_id: maker.id, status: "active" });
    expect(await amounts(row)).toEqual([
      ["join", 19_900],
      ["downgrade", 0],
    ]);
    expect((await ada.api.refused("POST", at(row, "/renew"))).code).toBe("illegal_transition");
    await clockwork(space, Date.parse(row.ends_at ?? "") - 1);
    expect((await read(row)).status).toBe("active");
    await clockwork(space, row.ends_at ?? "");
    expect(await read(row)).toMatchObject({ status: "changed", ends_at: row.ends_at });
    const [next] = await space.root.all<Membership>(space.path(`/members/${ada.member.id}/memberships`));
    expect(next).toMatchObject({ plan_id: maker.id, status: "active", starts_at: row.ends_at });
    expect(await amounts(next as Membership)).toEqual([["downgrade", 9_900]]);
    expect((await space.root.get<Member>(space.path(`/members/${ada.member.id}`))).status).toBe("active");
  });

  it("is taken back, and dropped when there is no place then", async () => {
    const { space, ada, plan, join, at, read } = await makeClub();
    const ben = await space.person();
    const [small, pro] = [await plan(100, { max_members: 1 }), await plan(19_900, { auto_renew: true })];
    const row = await join(ada, pro);
    await ada.api.post(at(row, "/change_plan"), { plan_id: small.id });
    expect((await ada.api.post<Membership>(at(row, "/continue"))).next_plan_id).toBeNull();
    expect((await ada.api.refused("POST", at(row, "/continue"))).code).toBe("illegal_transition");
    await ada.api.post(at(row, "/change_plan"), { plan_id: small.id });
    await join(ben, small);
    await clockwork(space, row.ends_at ?? "");
    await clockwork(space, row.ends_at ?? "");
    // Without its change it goes on as it would have: it renews.
    expect(await read(row)).toMatchObject({ status: "active", plan_id: pro.id, next_plan_id: null });
    expect(Date.parse((await read(row)).ends_at ?? "")).toBeGreaterThan(Date.parse(row.ends_at ?? ""));
  });

  it("does not give members money back, a way out of their contract, or past an approval", async () => {
    const { space, ada, plan, join, at, step } = await makeClub();
    const [maker, pro] = [await plan(9_900), await plan(19_900, { contract_months: 6 })];
    const gated = await plan(29_900, { requires_approval: true });
    const dollars = await space.root.post<Plan>(space.path("/plans"), {
      name: "Dollars",
      price: { amount_minor: 99_900, currency: "USD" },
    });
    const row = await join(ada, pro);
    const code = async (body: object) => (await ada.api.refused("POST", at(row, "/change_plan"), { body })).code;
    expect(await code({ plan_id: maker.id })).toBe("contract_running");
    expect(await code({ plan_id: maker.id, when: "now" })).toBe("forbidden");
    expect(await code({ plan_id: gated.id })).toBe("forbidden");
    expect(await code({ plan_id: pro.id })).toBe("illegal_transition");
    expect(await code({ plan_id: dollars.id })).toBe("currency_mismatch");
    const credited = await step(row, "change_plan", { plan_id: maker.id, when: "now" });
    expect(credited).toMatchObject({ plan_id: maker.id, status: "active" });
  });

  it("upward gives members no money either: what would be a credit waits for the period's end", async () => {
    const { ada, plan, join, at, step, amounts } = await makeClub();
    const yearly = await plan(60_000, { billing_cycle: "yearly" });
    const weekly = await plan(2_000, { billing_cycle: "weekly" });
    const row = await join(ada, yearly);
    const now = { plan_id: weekly.id, when: "now" };
    expect((await ada.api.refused("POST", at(row, "/change_plan"), { body: now })).code).toBe("forbidden");
    const quote = await ada.api.get<{ kind: string; when: string; amount: { amount_minor: number } }>(
      at(row, `/quote?plan_id=${weekly.id}`),
    );
    expect(quote).toMatchObject({ kind: "upgrade", when: "period_end", amount: { amount_minor: 2_000 } });
    const planned = await ada.api.post<Membership>(at(row, "/change_plan"), { plan_id: weekly.id });
    expect(planned).toMatchObject({ id: row.id, next_plan_id: weekly.id, status: "active" });
    // Staff give money back.
    const given = await step(row, "change_plan", now);
    const [[kind, amount] = []] = await amounts(given);
    expect(kind).toBe("upgrade");
    expect(amount).toBeLessThan(-57_000);
  });

  it("takes a running contract along, and what it costs to leave it", async () => {
    const { space, ada, plan, join, at, read, amounts } = await makeClub();
    const contract = { contract_months: 12, early_termination_fee_minor: 5_000 };
    const [bound, free] = [await plan(9_900, contract), await plan(19_900)];
    const short = await plan(29_900, { contract_months: 1, early_termination_fee_minor: 5_000 });
    const row = await join(ada, bound);
    const cheap = await ada.api.refused("POST", at(row, "/change_plan"), { body: { plan_id: free.id } });
    expect(cheap.code).toBe("contract_running");
    const next = await ada.api.post<Membership>(at(row, "/change_plan"), { plan_id: short.id });
    expect(next).toMatchObject({ plan_id: short.id, contract_ends_at: row.contract_ends_at });
    expect((await read(next)).contract_ends_at).toBe(row.contract_ends_at);
    await ada.api.post(at(next, "/cancel"), { when: "now" });
    expect((await amounts(next)).at(-1)).toEqual(["cancellation", 5_000]);
    // Planned for the period's end it is the same contract.
    const ben = await space.person();
    const other = await join(ben, bound);
    await ben.api.post(at(other, "/change_plan"), { plan_id: short.id, when: "period_end" });
    await clockwork(space, other.ends_at ?? "");
    const [taken] = await space.root.all<Membership>(space.path(`/members/${ben.member.id}/memberships`));
    expect(taken).toMatchObject({ plan_id: short.id, contract_ends_at: other.contract_ends_at });
  });

  it("two at once is one: one membership, one amount", async () => {
    const { space, plan, join, at, transactions } = await makeClub();
    const [a, b, c] = [await plan(100), await plan(200), await plan(300)];
    for (let round = 0; round < 5; round += 1) {
      const person = await space.person();
      const row = await join(person, a);
      const wishes = [b, c].map(({ id }) =>
        person.api.send("POST", at(row, "/change_plan"), { body: { plan_id: id } }),
      );
      const answers = await Promise.all(wishes);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(await transactions(`member_id=${person.member.id}&kind=upgrade`)).toHaveLength(1);
      const { results } = await env.DB_000.prepare(
        "SELECT id FROM memberships WHERE makerspace_id = ? AND member_id = ? AND status IN ('active', 'paused')",
      )
        .bind(space.id, person.member.id)
        .all();
      expect(results).toHaveLength(1);
    }
  });
});
