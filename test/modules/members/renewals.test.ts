/** What renews, and what does not: by itself, after an end, beside one that fails. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { clockwork, makeClub } from "../../support/club.ts";
import type { Membership, Plan } from "../../support/wire.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("renewing by itself", () => {
  it("is not for hours, whoever asks for it, and no plan becomes one by the hour under its members", async () => {
    const { space, ada, plan, own, join, amounts, read } = await makeClub();
    const hourly = await plan(500, { billing_cycle: "hourly" });
    const row = await ada.api.post<Membership>(own(ada), { plan_id: hourly.id, auto_renew: true });
    expect(row.auto_renew).toBe(false);
    await clockwork(space, row.ends_at ?? "");
    expect((await read(row)).status).toBe("expired");
    expect((await amounts(row)).map(([kind]) => kind)).toEqual(["join", "expiry"]);
    const monthly = await plan(9_900);
    await join(await space.person(), monthly, { auto_renew: true });
    const path = space.path(`/plans/${monthly.id}`);
    const refused = await space.root.refused("PATCH", path, { body: { billing_cycle: "hourly" }, if_match: 1 });
    expect(refused.code).toBe("plan_in_use");
    expect((await space.root.patch<Plan>(path, { billing_cycle: "weekly" }, 1)).billing_cycle).toBe("weekly");
  });
});

describe("renewing what has expired", () => {
  it("is joining again: not what is off offer, for staff alone, or asks for approval", async () => {
    const { space, plan, join, at, step, read } = await makeClub();
    const cases: [object, string][] = [
      [{ valid_until: "2026-01-01T00:00:00Z" }, "plan_unavailable"],
      [{ visibility: "staff" }, "plan_unavailable"],
      [{ requires_approval: true }, "forbidden"],
    ];
    for (const [change, code] of cases) {
      const [person, target] = [await space.person(), await plan(9_900)];
      const row = await join(person, target);
      await clockwork(space, row.ends_at ?? "");
      await space.root.patch(space.path(`/plans/${target.id}`), change, 1);
      expect((await person.api.refused("POST", at(row, "/renew"))).code).toBe(code);
      expect((await read(row)).status).toBe("expired");
      if (code === "forbidden") expect((await step(row, "renew")).status).toBe("active");
    }
  });
});

describe("one that cannot be handled", () => {
  it("is put off, so that a hundred of them keep nobody waiting", async () => {
    const { space, ada, plan, join, read } = await makeClub();
    const row = await join(ada, await plan(9_900));
    const due = Date.parse(row.ends_at ?? "");
    const fail = (await join(await space.person(), await plan(9_900))).id;
    // A wall that every step of this one meets.
    await env.DB_000.prepare(
      "CREATE TRIGGER stuck BEFORE UPDATE OF status ON memberships WHEN OLD.id = '" +
        `${fail}' BEGIN SELECT RAISE(ABORT, 'stuck'); END`,
    ).run();
    try {
      await clockwork(space, due);
    } finally {
      await env.DB_000.prepare("DROP TRIGGER stuck").run();
    }
    expect((await read(row)).status).toBe("expired");
    const kept = await env.DB_000.prepare("SELECT due_at FROM memberships WHERE id = ?").bind(fail).first("due_at");
    expect(kept).toBe(due + 3_600_000);
    await clockwork(space, due + 3_600_000);
    expect((await read({ id: fail })).status).toBe("expired");
  });
});
