/** An application of somebody who is on a plan: saying yes to it is a change of plan, with all that a change takes along. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DAY } from "../../../src/platform/time.ts";
import { clockwork, makeClub } from "../../support/club.ts";
import { iso } from "../../support/space.ts";
import type { Membership, Plan } from "../../support/wire.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("saying yes to somebody who is on a plan", () => {
  it("ends what runs with a credit for its unused time, and takes the contract along", async () => {
    const { space, ada, plan, own, join, at, read, transactions } = await makeClub({ timezone: "UTC" });
    const fee = { early_termination_fee_minor: 5_000 };
    const bound = await plan(9_900, { contract_months: 12, ...fee });
    const gated = await plan(29_900, { requires_approval: true, contract_months: 1, ...fee });
    const row = await join(ada, bound, { starts_at: iso(Date.now() - 5 * DAY) });
    const applied = await ada.api.post<Membership>(own(ada), { plan_id: gated.id });
    const begun = await space.root.post<Membership>(at(applied, "/approve"));
    expect(begun).toMatchObject({ status: "active", contract_ends_at: row.contract_ends_at });
    expect(await read(row)).toMatchObject({ status: "changed", ends_at: begun.starts_at });
    const [change, ...rest] = await transactions(`membership_id=${applied.id}`);
    const [from, to, now] = [row.starts_at, row.ends_at ?? "", begun.starts_at].map((text) => Date.parse(text));
    const credit_minor = Math.round((9_900 * ((to ?? 0) - (now ?? 0))) / ((to ?? 0) - (from ?? 0)));
    expect(rest).toEqual([]);
    expect(change).toMatchObject({
      kind: "upgrade",
      breakdown: { price_minor: 29_900, credit_minor },
      reason: `from membership ${row.id}`,
    });
    const entry = await env.DB_000.prepare(
      `SELECT d.before FROM audit_log l JOIN audit_details d ON d.makerspace_id = l.makerspace_id AND d.seq = l.seq
       WHERE l.makerspace_id = ? AND l.subject_id = ? AND l.action = 'membership.started'`,
    )
      .bind(space.id, applied.id)
      .first<string>("before");
    expect(JSON.parse(entry ?? "")).toMatchObject({
      status: "pending",
      ended: { membership_id: row.id, plan_id: bound.id },
    });
  });

  it("lets nobody out of a contract unsaid: where leaving would cost less, staff decide on what runs first", async () => {
    const { space, ada, plan, own, join, step, at, read } = await makeClub();
    const bound = await plan(19_900, { contract_months: 12, early_termination_fee_minor: 5_000 });
    const gated = await plan(9_900, { requires_approval: true });
    const row = await join(ada, bound);
    const applied = await ada.api.post<Membership>(own(ada), { plan_id: gated.id });
    expect((await space.root.refused("POST", at(applied, "/approve"))).code).toBe("contract_running");
    expect(await read(row)).toMatchObject({ status: "active", contract_ends_at: row.contract_ends_at });
    expect((await read(applied)).status).toBe("pending");
    await step(row, "cancel", { when: "now", waive_fee: true });
    expect(await step(applied, "approve")).toMatchObject({ status: "active", contract_ends_at: null });
  });

  it("is no way around another currency or a pause", async () => {
    const { space, ada, plan, own, join, step, at } = await makeClub();
    const dollars = await space.root.post<Plan>(space.path("/plans"), {
      name: "Dollars",
      price: { amount_minor: 9_900, currency: "USD" },
      requires_approval: true,
    });
    const row = await join(ada, await plan(9_900));
    const applied = await ada.api.post<Membership>(own(ada), { plan_id: dollars.id });
    expect((await space.root.refused("POST", at(applied, "/approve"))).code).toBe("currency_mismatch");
    await step(row, "pause");
    expect((await space.root.refused("POST", at(applied, "/approve"))).code).toBe("illegal_transition");
  });
});

describe("the member's own story", () => {
  it("says when they expired, and when they were back, once each", async () => {
    const { space, ada, plan, join } = await makeClub();
    const maker = await plan(9_900);
    const row = await join(ada, maker);
    await clockwork(space, row.ends_at ?? "");
    await clockwork(space, row.ends_at ?? "");
    await join(ada, maker);
    const { results } = await env.DB_000.prepare(
      `SELECT l.action, l.actor_kind, d.before, d.after FROM audit_log l
       JOIN audit_details d ON d.makerspace_id = l.makerspace_id AND d.seq = l.seq
       WHERE l.makerspace_id = ? AND l.subject_type = 'member' AND l.subject_id = ? AND l.action IN ('member.expired', 'member.renewed')
       ORDER BY l.seq`,
    )
      .bind(space.id, ada.member.id)
      .all();
    expect(results).toEqual([
      { action: "member.expired", actor_kind: "system", before: '{"status":"active"}', after: '{"status":"expired"}' },
      {
        action: "member.renewed",
        actor_kind: "platform",
        before: '{"status":"expired"}',
        after: '{"status":"active"}',
      },
    ]);
    // Who stays active has nothing to tell.
    const trainer = await space.person({ role: "admin" });
    const other = await join(trainer, maker);
    await clockwork(space, other.ends_at ?? "");
    const told = await env.DB_000.prepare(
      "SELECT count(*) AS n FROM audit_log WHERE makerspace_id = ? AND subject_id = ? AND action LIKE 'member.%ed' AND action <> 'member.added'",
    )
      .bind(space.id, trainer.member.id)
      .first<{ n: number }>();
    expect(told?.n).toBe(0);
  });
});
