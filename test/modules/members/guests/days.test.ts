/** Guests after their day, and the lists of them. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { dayOn } from "../../../../src/modules/members/memberships/cycles.ts";
import { newId } from "../../../../src/platform/ids.ts";
import { DAY } from "../../../../src/platform/time.ts";
import type { Api } from "../../../support/api.ts";
import { deliver } from "../../../support/background.ts";
import { atInstant } from "../../../support/club.ts";
import { faulty, inWorld } from "../../../support/faults.ts";
import { dueGuests, guestClockwork, makeGuestHouse, sign, step } from "../../../support/guests.ts";
import { stepsOf } from "../../../support/query-plans.ts";
import { iso, type TestSpace, until } from "../../../support/space.ts";
import type { Guest, GuestPasses } from "../../../support/wire.ts";

afterEach(() => {
  vi.useRealTimers();
});

const passes = (space: TestSpace, api: Api) => api.get<GuestPasses>(space.path("/members/me/guest_passes"));

describe("when the day is over", () => {
  it("who did not come is a no-show and counts, who was not seen out has gone, and names are erased in time", async () => {
    const { space, ada, desk, invite, waiver } = await makeGuestHouse({ guest_passes_per_cycle: 3 });
    const [missed, stays, called] = [await invite(ada.api), await invite(ada.api), await invite(ada.api)];
    await sign(space, desk.api, stays, waiver);
    await step(space, desk.api, stays, "check_in");
    await step(space, ada.api, called, "cancel");
    const over = Date.parse(missed.ends_at);
    const read = ({ id }: Guest) => space.root.get<Guest>(space.path(`/guests/${id}`));
    await guestClockwork(space, over - 1);
    expect((await read(missed)).status).toBe("expected");
    await guestClockwork(space, over);
    await guestClockwork(space, over);
    expect(await read(missed)).toMatchObject({ status: "no_show", uses_pass: true, name: "Grace Hopper", version: 2 });
    expect(await read(stays)).toMatchObject({ status: "departed", departed_at: missed.ends_at, version: 3 });
    await guestClockwork(space, over + 30 * DAY - 1);
    expect((await read(missed)).name).toBe("Grace Hopper");
    await guestClockwork(space, over + 30 * DAY);
    for (const guest of [missed, stays, called]) expect((await read(guest)).name).toBeNull();
    expect(await passes(space, ada.api)).toMatchObject({ used: 3, left: 0 });
    const { results } = await env.DB_000.prepare("SELECT * FROM guest_visits WHERE makerspace_id = ?")
      .bind(space.id)
      .all();
    expect(JSON.stringify(results)).not.toContain("Hopper");
  });

  it("names of those who will not come are not kept until a day that is far away", async () => {
    const { space, desk, ada, invite } = await makeGuestHouse();
    const visit_on = new Date(Date.now() + 300 * DAY).toISOString().slice(0, 10);
    const far = await invite(desk.api, { visit_on, host_member_id: ada.member.id, beyond_plan: true });
    const read = () => space.root.get<Guest>(space.path(`/guests/${far.id}`));
    const cancelled = Date.now();
    await step(space, desk.api, far, "cancel");
    await guestClockwork(space, cancelled + 30 * DAY - 1);
    expect((await read()).name).toBe("Grace Hopper");
    await guestClockwork(space, Date.now() + 30 * DAY);
    expect(await read()).toMatchObject({ name: null, status: "cancelled", visit_on });
  });

  it("who is seen to meanwhile is in no entry of the audit that is about the others", async () => {
    const { space, ada, invite } = await makeGuestHouse();
    const [missed, called] = [await invite(ada.api), await invite(ada.api)];
    let isDone = false;
    const before = async (statements: readonly string[]) => {
      if (isDone || !statements.some((sql) => /update "guest_visits"/i.test(sql))) return;
      isDone = true;
      await env.DB_000.prepare("UPDATE guest_visits SET status = 'cancelled', version = 2, due_at = NULL WHERE id = ?")
        .bind(called.id)
        .run();
    };
    const over = Date.parse(missed.ends_at);
    const due = await dueGuests(over);
    await inWorld({ DB_000: faulty(env.DB_000, { before }) }, () =>
      atInstant(over, () => deliver(due.filter(({ makerspace_id }) => makerspace_id === space.id))),
    );
    expect(isDone).toBe(true);
    const { results } = await env.DB_000.prepare(
      `SELECT after FROM audit_log JOIN audit_details USING (makerspace_id, seq) WHERE makerspace_id = ? AND action = 'guests.missed'`,
    )
      .bind(space.id)
      .all<{ after: string }>();
    expect(results.map(({ after }) => JSON.parse(after))).toEqual([{ ids: [missed.id] }]);
    expect((await space.root.get<Guest>(space.path(`/guests/${missed.id}`))).status).toBe("no_show");
  });

  it("a day is one of the makerspace's clock, also of a clock that was set anew", async () => {
    const { space, ada, today, tomorrow, invite } = await makeGuestHouse();
    const visits = [await invite(ada.api), await invite(ada.api, { visit_on: tomorrow })];
    const gone = await invite(ada.api, { visit_on: tomorrow });
    await step(space, ada.api, gone, "cancel");
    const timezone = "Pacific/Kiritimati";
    const { version } = await space.root.get<{ version: number }>(space.path());
    await space.root.patch(space.path(), { timezone }, version);
    const read = ({ id }: Guest) => space.root.get<Guest>(space.path(`/guests/${id}`));
    for (const [index, visit] of visits.entries()) {
      const on = index === 0 ? today : tomorrow;
      const day = dayOn(on, timezone);
      expect(await read(visit)).toMatchObject({
        visit_on: on,
        starts_at: iso(day.from),
        ends_at: iso(day.to),
        version: 2,
      });
    }
    expect((await read(gone)).starts_at).toBe(gone.starts_at);
    const last = dayOn(tomorrow, timezone).to;
    await guestClockwork(space, last - 1);
    expect((await read(visits[1] as Guest)).status).toBe("expected");
    await guestClockwork(space, last);
    expect((await read(visits[1] as Guest)).status).toBe("no_show");
  });

  it("many are worked through message by message", async () => {
    const { space, ada, today } = await makeGuestHouse();
    const now = Date.now();
    const rows = Array.from({ length: 450 }, () => newId());
    await env.DB_000.prepare(
      `INSERT INTO guest_visits (makerspace_id, id, host_member_id, name, visit_on, day_from, day_to, status, counted, due_at, invited_by,
         created_at, updated_at)
       SELECT ?, value, ?, 'Grace Hopper', ?, 1, 2, 'expected', 1, 2, 'test', 1, 1 FROM json_each(?)`,
    )
      .bind(space.id, ada.member.id, today, JSON.stringify(rows))
      .run();
    const open = async () => {
      const left = await env.DB_000.prepare(
        "SELECT count(*) AS left FROM guest_visits WHERE makerspace_id = ? AND name IS NOT NULL",
      )
        .bind(space.id)
        .first<{ left: number }>();
      return left?.left;
    };
    await guestClockwork(space, now);
    await until("all of them", async () => (await open()) === 0);
    const states = await env.DB_000.prepare("SELECT DISTINCT status FROM guest_visits WHERE makerspace_id = ?")
      .bind(space.id)
      .all();
    expect(states.results).toEqual([{ status: "no_show" }]);
  });
});

describe("the list of guests", () => {
  it("is what a naive filter finds, either way, page by page, by its indexes", async () => {
    const { space, ada } = await makeGuestHouse();
    const ben = await space.person();
    const statuses = ["expected", "cancelled", "no_show"];
    const rows = Array.from({ length: 60 }, (_, index) => ({
      id: newId(),
      host: index % 3 === 0 ? ben.member.id : ada.member.id,
      on: `2027-01-${String(1 + ((index * 7) % 28)).padStart(2, "0")}`,
      status: statuses[(index * 5) % 3] ?? "",
    }));
    await env.DB_000.prepare(
      `INSERT INTO guest_visits (makerspace_id, id, host_member_id, name, visit_on, day_from, day_to, status, counted, invited_by, created_at, updated_at)
       SELECT ?, value ->> 'id', value ->> 'host', 'x', value ->> 'on', 1, 2, value ->> 'status', 1, 'test', 1, 1 FROM json_each(?)`,
    )
      .bind(space.id, JSON.stringify(rows))
      .run();
    let tried = 0;
    for (const host of [undefined, ben.member.id]) {
      for (const status of [[], ["expected"], ["cancelled", "no_show"]]) {
        for (const range of [{}, { visit_on: "2027-01-08" }, { visit_from: "2027-01-05", visit_to: "2027-01-20" }]) {
          const sort = tried % 2 === 0 ? "visit_on" : "-visit_on";
          const query = new URLSearchParams({ limit: tried % 3 === 0 ? "100" : "7", sort, ...range });
          if (host) query.set("host_member_id", host);
          for (const one of status) query.append("status", one);
          const { visit_on, visit_from = "", visit_to = "9" } = range as Record<string, string>;
          const expected = rows
            .filter((row) => (!host || row.host === host) && (status.length === 0 || status.includes(row.status)))
            .filter(({ on }) => (visit_on === undefined || on === visit_on) && on >= visit_from && on < visit_to)
            .sort((a, b) => (a.on === b.on ? (a.id < b.id ? -1 : 1) : a.on < b.on ? -1 : 1))
            .map(({ id }) => id);
          const found = await space.root.all<Guest>(space.path(`/guests?${query}`));
          const ids = found.map(({ id }) => id);
          expect(ids, query.toString()).toEqual(sort === "visit_on" ? expected : expected.toReversed());
          tried += 1;
        }
      }
    }
    const mine = await ben.api.all<Guest>(space.path("/guests?limit=5"));
    expect(mine).toHaveLength(20);
    const queries = [
      "",
      "status=arrived",
      "visit_on=today",
      "visit_from=2027-01-01&visit_to=2027-02-01&status=expected",
    ];
    for (const query of [...queries, "host_member_id=x", "host_member_id=x&status=expected&visit_on=today"]) {
      const steps = await stepsOf(space.root, space.path(`/guests?${query}`), /from "guest_visits"/);
      expect(steps.filter((one) => /: SCAN |TEMP B-TREE/.test(one))).toEqual([]);
    }
  }, 60_000);
});
