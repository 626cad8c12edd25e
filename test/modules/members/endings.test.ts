/** Pauses and endings: by wish, and by the clockwork at local midnight. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type BookingRights, bookingRights, countedCycleAt } from "../../../src/modules/members/index.ts";
import { readTogether } from "../../../src/platform/db/ready.ts";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { DAY } from "../../../src/platform/time.ts";
import { clockwork, makeClub } from "../../support/club.ts";
import { iso, type Person } from "../../support/space.ts";
import type { Member, Membership } from "../../support/wire.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("pausing and ending", () => {
  it("adds the days of a pause, keeps the place, and goes on by itself", async () => {
    const { space, ada, plan, join, at, read, amounts } = await makeClub();
    const small = await plan(9_900, { max_members: 1 });
    const row = await join(ada, small);
    const until = iso(Date.now() + 10.5 * DAY);
    const paused = await ada.api.post<Membership>(at(row, "/pause"), { until, reason: "Away" });
    expect(paused).toMatchObject({ status: "paused", paused_until: until, status_reason: "Away" });
    const ben = await space.person();
    const other = space.path(`/members/${ben.member.id}/memberships`);
    expect((await ben.api.refused("POST", other, { body: { plan_id: small.id } })).code).toBe("plan_full");
    await clockwork(space, until);
    const after = await read(row);
    expect(after).toMatchObject({ status: "active", paused_at: null, paused_until: null });
    const added = Date.parse(after.ends_at ?? "") - Date.parse(row.ends_at ?? "");
    expect(Math.round(added / DAY)).toBe(10);
    expect(await amounts(row)).toEqual([
      ["join", 9_900],
      ["pause", 0],
      ["resume", 0],
    ]);
    const far = { until: iso(Date.now() + 200 * DAY) };
    expect((await ada.api.refused("POST", at(row, "/pause"), { body: far })).code).toBe("invalid_body");
  });

  it("gives back whole days only: two minutes over midnight give none, and leave the cycles as they were", async () => {
    const { space, ada, plan, join, step, read } = await makeClub({ timezone: "UTC" });
    const row = await join(ada, await plan(9_900));
    const midnight = Math.ceil(Date.now() / DAY) * DAY;
    const pausedFor = async (from: number, until: number) => {
      await step(row, "pause");
      await env.DB_000.prepare(
        "UPDATE memberships SET paused_at = ?, paused_until = ?, due_at = ?, anchor_on = '2026-01-31' WHERE id = ?",
      )
        .bind(from, until, until, row.id)
        .run();
      await clockwork(space, until);
      const kept = await env.DB_000.prepare("SELECT anchor_on, paid_from FROM memberships WHERE id = ?")
        .bind(row.id)
        .first<{ anchor_on: string; paid_from: number }>();
      return { ends_at: (await read(row)).ends_at, ...kept };
    };
    const paid_from = Date.parse(row.starts_at);
    const kept = { ends_at: row.ends_at, anchor_on: "2026-01-31", paid_from };
    expect(await pausedFor(midnight - 60_000, midnight + 60_000)).toEqual(kept);
    expect(await pausedFor(midnight, midnight + DAY - 1)).toEqual(kept);
    const ends_at = iso(Date.parse(row.ends_at ?? "") + DAY);
    expect(await pausedFor(midnight, midnight + DAY)).toEqual({
      ends_at,
      anchor_on: ends_at.slice(0, 10),
      paid_from: paid_from + DAY,
    });
  });

  it("of one's own gives nothing when it was shorter than a week, and is taken twice in a period; staff may more often", async () => {
    const { space, ada, plan, join, at, step, read } = await makeClub({ timezone: "UTC" });
    const row = await join(ada, await plan(9_900));
    const until = iso(Date.now() + 6.5 * DAY);
    await ada.api.post(at(row, "/pause"), { until });
    await clockwork(space, until);
    expect(await read(row)).toMatchObject({ status: "active", ends_at: row.ends_at });
    await ada.api.post(at(row, "/pause"));
    await ada.api.post(at(row, "/resume"));
    const third = await ada.api.refused("POST", at(row, "/pause"), { body: {} });
    expect([third.code, third.detail]).toEqual(["illegal_transition", expect.stringContaining("2 times")]);
    await step(row, "pause", { until });
    await clockwork(space, until);
    const given = Date.parse((await read(row)).ends_at ?? "") - Date.parse(row.ends_at ?? "");
    expect(given / DAY).toBe(6);
    expect((await ada.api.refused("POST", at(row, "/pause"), { body: {} })).code).toBe("illegal_transition");
    // The next period is another one.
    await step(row, "renew");
    expect((await ada.api.refused("POST", at(row, "/pause"), { body: {} })).code).toBe("illegal_transition");
  });

  it("gives no minutes: what was booked before it counts in the same cycle after it", async () => {
    const { space, ada, plan, join, at } = await makeClub({ timezone: "UTC" });
    const row = await join(ada, await plan(9_900, { minutes_per_cycle: 60 }));
    const store = new SpaceStore(space.id, "000");
    const rights = async () => {
      const [rows] = await readTogether(store, [bookingRights.build], { member_id: ada.member.id });
      return bookingRights.read(rows) as BookingRights;
    };
    const now = Date.now();
    const before = countedCycleAt(await rights(), now, "UTC");
    const until = now + 20 * DAY;
    await ada.api.post(at(row, "/pause"), { until: iso(until) });
    await clockwork(space, until);
    const after = await rights();
    expect(countedCycleAt(after, now, "UTC").from).toBe(before.from);
    expect(countedCycleAt(after, until, "UTC")).toEqual({ from: before.from, to: after.period.to });
    expect(countedCycleAt(after, after.period.to ?? 0, "UTC").from).toBe(after.period.to);
  });

  it("ends with its period unless told, and then the member expires until they are back", async () => {
    const { space, ada, plan, join, at, read } = await makeClub();
    const row = await join(ada, await plan(9_900, { auto_renew: true, grace_days: 5 }));
    const planned = await ada.api.post<Membership>(at(row, "/cancel"), { reason: "Moving" });
    expect(planned).toMatchObject({ status: "active", cancels_at_end: true, status_reason: "Moving" });
    expect((await ada.api.refused("POST", at(row, "/cancel"), { body: {} })).code).toBe("illegal_transition");
    await clockwork(space, row.ends_at ?? "");
    expect(await read(row)).toMatchObject({ status: "cancelled", ends_at: row.ends_at });
    const status = async () => (await space.root.get<Member>(space.path(`/members/${ada.member.id}`))).status;
    expect(await status()).toBe("expired");
    await join(ada, await plan(100));
    expect(await status()).toBe("active");
  });

  it("now costs the fee of a running contract; staff let off, and give back", async () => {
    const { space, plan, join, at, amounts } = await makeClub();
    const bound = await plan(9_900, { contract_months: 6, early_termination_fee_minor: 2_000 });
    const [one, two] = [await space.person(), await space.person()];
    const [a, b] = [await join(one, bound), await join(two, bound)];
    const wish = { when: "now", refund: true, waive_fee: true };
    expect((await one.api.refused("POST", at(a, "/cancel"), { body: wish })).code).toBe("forbidden");
    expect((await one.api.post<Membership>(at(a, "/cancel"), { when: "now" })).status).toBe("cancelled");
    expect((await amounts(a)).at(-1)).toEqual(["cancellation", 2_000]);
    await space.root.post(at(b, "/cancel"), wish);
    const [kind, amount] = (await amounts(b)).at(-1) ?? [];
    expect(kind).toBe("cancellation");
    // Nearly all of the month is left.
    expect(amount).toBeLessThan(-9_000);
    expect(amount).toBeGreaterThanOrEqual(-9_900);
  });

  it("a member who is removed is on no plan", async () => {
    const { space, ada, plan, join, read } = await makeClub();
    const row = await join(ada, await plan(9_900));
    await space.root.delete(space.path(`/members/${ada.member.id}`));
    await vi.waitFor(async () => expect((await read(row)).status).toBe("cancelled"), {
      timeout: 15_000,
      interval: 100,
    });
  });
});

describe("the end of a period", () => {
  it("comes at local midnight, after the days of grace, once, and leaves staff as they are", async () => {
    const { space, ada, plan, join, read, amounts } = await makeClub({ timezone: "America/New_York", currency: "USD" });
    const trainer = await space.person({ role: "admin" });
    const maker = await plan(9_900, { grace_days: 2 });
    const [row, other] = [
      await join(ada, maker, { starts_at: "2027-02-14T17:00:00Z" }),
      await join(trainer, maker, { starts_at: "2027-02-14T17:00:00Z" }),
    ];
    // Clocks go forward on 14 March at two: the period ends before that, the days of grace after it.
    expect(row.ends_at).toBe("2027-03-14T05:00:00.000Z");
    expect(row.lapses_at).toBe("2027-03-16T04:00:00.000Z");
    expect(await clockwork(space, "2027-03-16T03:59:59Z")).toBe(0);
    expect(await clockwork(space, "2027-03-16T04:00:00Z")).toBe(1);
    expect(await clockwork(space, "2027-03-16T04:15:00Z")).toBe(0);
    const status = async (person: Person) =>
      (await space.root.get<Member>(space.path(`/members/${person.member.id}`))).status;
    for (const one of [row, other]) {
      expect(await read(one)).toMatchObject({ status: "expired", version: 2 });
      expect(await amounts(one)).toEqual([
        ["join", 9_900],
        ["expiry", 0],
      ]);
    }
    expect([await status(ada), await status(trainer)]).toEqual(["expired", "active"]);
    const renewed = await ada.api.post<Membership>(space.path(`/memberships/${row.id}/renew`));
    expect(renewed).toMatchObject({ id: row.id, status: "active", version: 3 });
    expect(Date.parse(renewed.ends_at ?? "")).toBeGreaterThan(Date.now());
    expect(await status(ada)).toBe("active");
  });

  it("a message that comes twice, or beside itself, renews once", async () => {
    const { space, ada, plan, join, amounts } = await makeClub();
    const row = await join(ada, await plan(9_900, { auto_renew: true }));
    const at = row.ends_at ?? "";
    await Promise.all([clockwork(space, at), clockwork(space, at), clockwork(space, at)]);
    await clockwork(space, at);
    expect(await amounts(row)).toEqual([
      ["join", 9_900],
      ["renewal", 9_900],
    ]);
  });

  it("after an outage is caught up with, period by period", async () => {
    const { space, ada, plan, join, amounts, read } = await makeClub({ timezone: "UTC" });
    const row = await join(ada, await plan(100, { billing_cycle: "weekly", auto_renew: true }));
    await clockwork(space, Date.parse(row.ends_at ?? "") + 20 * DAY);
    await vi.waitFor(
      async () => {
        await clockwork(space, Date.parse(row.ends_at ?? "") + 20 * DAY);
        expect((await amounts(row)).map(([kind]) => kind)).toEqual(["join", "renewal", "renewal", "renewal"]);
      },
      { timeout: 15_000, interval: 100 },
    );
    expect(await read(row)).toMatchObject({ version: 4, ends_at: iso(Date.parse(row.ends_at ?? "") + 21 * DAY) });
  });

  it("does not renew who is suspended: it lapses", async () => {
    const { space, ada, plan, join, amounts, read } = await makeClub();
    const row = await join(ada, await plan(9_900, { auto_renew: true, grace_days: 1 }));
    await space.root.post(space.path(`/members/${ada.member.id}/suspend`), { reason: "Unpaid" });
    await clockwork(space, row.ends_at ?? "");
    expect(await read(row)).toMatchObject({ status: "active", auto_renew: false });
    await clockwork(space, row.lapses_at ?? "");
    expect((await read(row)).status).toBe("expired");
    expect((await amounts(row)).map(([kind]) => kind)).toEqual(["join", "expiry"]);
    expect((await space.root.get<Member>(space.path(`/members/${ada.member.id}`))).status).toBe("suspended");
  });
});
