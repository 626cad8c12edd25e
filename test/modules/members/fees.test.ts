/** What is paid or tried once: setup fees and trials, whichever plans a member comes by and whoever races. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Api } from "../../support/api.ts";
import { clockwork, makeClub } from "../../support/club.ts";
import { faulty, through } from "../../support/faults.ts";
import type { Membership } from "../../support/wire.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** A way into a world in which `meanwhile` happens between the reads of a request and its commit of a membership, once. */
function overtaken(api: Api, meanwhile: () => Promise<unknown>): Api {
  let isOver = false;
  const DB_000 = faulty(env.DB_000, {
    before: async (statements) => {
      if (isOver || !statements.some((sql) => /^insert into "memberships"/i.test(sql))) return;
      isOver = true;
      await meanwhile();
    },
  });
  return api.by(through({ DB_000 }));
}

describe("a setup fee", () => {
  it("is paid once: coming back pays none, a plan with a higher fee the difference, one with a lower fee nothing", async () => {
    const { space, ada, plan, join, step, at, transactions } = await makeClub();
    const [low, high] = [await plan(9_900, { setup_fee_minor: 500 }), await plan(19_900, { setup_fee_minor: 800 })];
    const mid = await plan(14_900, { setup_fee_minor: 600 });
    const cancelled = await step(await join(ada, low), "cancel", { when: "now" });
    expect(cancelled.status).toBe("cancelled");
    const again = await join(ada, low);
    const quote = await space.root.get<{ breakdown: object }>(at(again, `/quote?plan_id=${high.id}`));
    expect(quote.breakdown).toMatchObject({ setup_fee_minor: 300 });
    const upper = await step(again, "change_plan", { plan_id: high.id, when: "now" });
    await step(upper, "change_plan", { plan_id: mid.id, when: "now" });
    const stated = await transactions(`member_id=${ada.member.id}`);
    expect(stated.map(({ kind, breakdown }) => [kind, breakdown.setup_fee_minor])).toEqual([
      ["join", 500],
      ["cancellation", 0],
      ["join", 0],
      ["upgrade", 300],
      ["downgrade", 0],
    ]);
  });

  it("comes with a change from a free plan, or from a trial, that never paid it; also when it was planned", async () => {
    const { space, ada, plan, join, step, transactions } = await makeClub();
    const [free, maker] = [await plan(0), await plan(9_900, { setup_fee_minor: 500 })];
    await step(await join(ada, free), "change_plan", { plan_id: maker.id, when: "now" });
    const ben = await space.person();
    const tried = await join(ben, await plan(19_900, { trial_days: 14, setup_fee_minor: 700 }));
    await step(tried, "change_plan", { plan_id: maker.id, when: "period_end" });
    await clockwork(space, tried.ends_at ?? "");
    const fees = async (id: string) =>
      (await transactions(`member_id=${id}`)).map(({ breakdown }) => breakdown.setup_fee_minor);
    expect(await fees(ada.member.id)).toEqual([0, 500]);
    expect(await fees(ben.member.id)).toEqual([0, 0, 500]);
  });

  it("is stated once by two who race past each other", async () => {
    const { ada, plan, own, join, step, transactions } = await makeClub();
    const maker = await plan(9_900, { setup_fee_minor: 500 });
    const late = overtaken(ada.api, async () => step(await join(ada, maker), "cancel", { when: "now" }));
    expect((await late.refused("POST", own(ada), { body: { plan_id: maker.id } })).code).toBe("conflict");
    await ada.api.post(own(ada), { plan_id: maker.id });
    const stated = await transactions(`member_id=${ada.member.id}&kind=join`);
    expect(stated.map(({ breakdown }) => breakdown.setup_fee_minor)).toEqual([500, 0]);
  });
});

describe("a trial", () => {
  it("is one per member, whatever the plan: trials of all plans are not strung together", async () => {
    const { space, ada, plan, own, join, step, at } = await makeClub();
    const trial = { trial_days: 14 };
    const [one, two] = [await plan(9_900, trial), await plan(19_900, trial)];
    const gated = await plan(29_900, { ...trial, requires_approval: true });
    const first = await join(ada, one);
    expect(first.is_trial).toBe(true);
    await step(first, "cancel", { when: "now" });
    const second = await join(ada, two);
    expect(second.is_trial).toBe(false);
    await step(second, "cancel", { when: "now" });
    const applied = await ada.api.post<Membership>(own(ada), { plan_id: gated.id });
    expect((await space.root.post<Membership>(at(applied, "/approve"))).is_trial).toBe(false);
    // A trial that turned into a paid membership was one, too.
    const ben = await space.person();
    const paid = await join(ben, one, { auto_renew: true });
    await clockwork(space, paid.ends_at ?? "");
    await step(paid, "cancel", { when: "now" });
    expect((await join(ben, two)).is_trial).toBe(false);
  });

  it("is had once by two who race past each other", async () => {
    const { ada, plan, own, join, step } = await makeClub();
    const trial = { trial_days: 14 };
    const [one, two] = [await plan(9_900, trial), await plan(19_900, trial)];
    const late = overtaken(ada.api, async () => step(await join(ada, one), "cancel", { when: "now" }));
    expect((await late.refused("POST", own(ada), { body: { plan_id: two.id } })).code).toBe("conflict");
    expect((await ada.api.post<Membership>(own(ada), { plan_id: two.id })).is_trial).toBe(false);
    const tried = await ada.api.all<Membership>(own(ada));
    expect(tried.map(({ is_trial }) => is_trial)).toEqual([false, true]);
  });

  it("is one for whom staff approve, too: of an application and a trial that race, one is a trial", async () => {
    const { space, ada, plan, own, join, step, at } = await makeClub();
    const trial = { trial_days: 14 };
    const [open, gated] = [await plan(9_900, trial), await plan(19_900, { ...trial, requires_approval: true })];
    const applied = await ada.api.post<Membership>(own(ada), { plan_id: gated.id });
    let isOver = false;
    const DB_000 = faulty(env.DB_000, {
      before: async (statements) => {
        if (isOver || !statements.some((sql) => /^update "memberships"/i.test(sql))) return;
        isOver = true;
        // The application stands in the way of joining over HTTP; what somebody else's trial leaves is a row.
        await env.DB_000.prepare(
          `INSERT INTO memberships (makerspace_id, id, member_id, plan_id, status, starts_at, ends_at, lapses_at, billing_cycle,
             anchor_on, is_trial, had_trial, auto_renew, paid_from, paid_minor, currency, created_at, updated_at)
           SELECT makerspace_id, 'tried', member_id, ?, 'cancelled', 1, 2, 2, billing_cycle, anchor_on, 1, 1, 0, 1, 0, currency, 1, 1
           FROM memberships WHERE makerspace_id = ? AND id = ?`,
        )
          .bind(open.id, space.id, applied.id)
          .run();
      },
    });
    const late = space.root.by(through({ DB_000 }));
    expect((await late.refused("POST", at(applied, "/approve"))).code).toBe("conflict");
    expect(await step(applied, "approve")).toMatchObject({ status: "active", is_trial: false });
    const ben = await space.person();
    expect((await join(ben, open)).is_trial).toBe(true);
  });
});
