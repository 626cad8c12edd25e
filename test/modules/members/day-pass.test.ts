/** A day pass is a membership of a day: a plan billed daily that does not renew. Guests come with a host, its holder comes alone. */

import { describe, expect, it } from "vitest";
import { dayOn, localDate } from "../../../src/modules/members/memberships/cycles.ts";
import { HOUR } from "../../../src/platform/time.ts";
import { clockwork, makeClub } from "../../support/club.ts";
import { codes } from "../../support/scene.ts";
import { iso } from "../../support/space.ts";
import type { Member } from "../../support/wire.ts";

describe("a day pass", () => {
  it("gives booking rights for exactly its day on the makerspace's clock", async () => {
    const { space, ada, plan, own } = await makeClub({ timezone: "Asia/Kathmandu" });
    const machine = await space.machine();
    const pass = await plan(1_500, { billing_cycle: "daily", auto_renew: false });
    const zone = space.makerspace.timezone;
    const today = dayOn(localDate(Date.now(), zone), zone);
    const day = dayOn(localDate(today.to + 60 * HOUR, zone), zone);
    const row = await space.root.post<{ starts_at: string; ends_at: string }>(own(ada), {
      plan_id: pass.id,
      starts_at: iso(day.from),
    });
    expect([row.starts_at, row.ends_at]).toEqual([iso(day.from), iso(day.to)]);
    const book = (from: number, to: number) => space.book(ada.api, machine, { starts_at: iso(from), ends_at: iso(to) });
    const refused = [
      await book(day.from - HOUR, day.from),
      await book(day.from - HOUR / 2, day.from + HOUR / 2),
      await book(day.to - HOUR / 2, day.to + HOUR / 2),
      await book(day.to, day.to + HOUR),
    ];
    expect(refused.map(codes)).toEqual(refused.map(() => ["outside_membership"]));
    expect((await book(day.from, day.from + HOUR)).status).toBe(201);
    expect((await book(day.to - HOUR, day.to)).status).toBe(201);
  });

  it("ends with the day it was taken on, without renewing, and may be taken again", async () => {
    const { space, ada, plan, own, read } = await makeClub({ timezone: "America/St_Johns" });
    const pass = await plan(1_500, { billing_cycle: "daily", auto_renew: false });
    const zone = space.makerspace.timezone;
    const row = await ada.api.post<{ id: string; ends_at: string }>(own(ada), { plan_id: pass.id });
    expect(row.ends_at).toBe(iso(dayOn(localDate(Date.now(), zone), zone).to));
    await clockwork(space, row.ends_at);
    expect((await read(row)).status).toBe("expired");
    expect(await ada.api.get<Member>(space.path("/members/me"))).toMatchObject({ status: "expired" });
    expect((await ada.api.send("POST", own(ada), { body: { plan_id: pass.id } })).status).toBe(201);
  });
});
