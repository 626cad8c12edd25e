/** What each member may have booked, however they ask: by the makerspace's quotas, by a machine's gap, after no-shows; and what is approved by itself. */

import { describe, expect, it } from "vitest";
import type { BookingPolicy } from "../../../src/modules/equipment/model.ts";
import { DAY, HOUR, MINUTE } from "../../../src/platform/time.ts";
import { addRule, hourly, priced } from "../../support/prices.ts";
import { codes, shiftClock } from "../../support/scene.ts";
import { asksFor, certified, makeSkill } from "../../support/skills.ts";
import { iso, makeSpace, type Person, type Slot, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Equipment, Reservation, SettingsSection } from "../../support/wire.ts";

/** A makerspace on UTC with settings of access, and some machines. */
async function place(access: object, machines = 4): Promise<{ space: TestSpace; ada: Person; halls: Equipment[] }> {
  const space = await makeSpace({ timezone: "UTC" });
  const path = space.path("/settings/access");
  const { version } = await space.root.get<SettingsSection>(path);
  await space.root.patch(path, access, version);
  const [ada, ...halls] = await Promise.all([
    space.as("user"),
    ...Array.from({ length: machines }, () => space.machine({ horizon_days: 120 })),
  ]);
  return { space, ada, halls };
}

const nothing = { open_bookings: null, minutes_per_day: null, minutes_per_week: null, minutes_per_month: null };
const quotas = (some: Partial<typeof nothing> | Record<string, number>) => ({ member_quotas: { ...nothing, ...some } });

/** A time on a day so many days after the next Monday that is at least a week ahead, in UTC. */
const monday = (() => {
  const today = Math.floor(Date.now() / DAY);
  return (today - ((today + 3) % 7) + 14) * DAY;
})();
const on = (day: number, hour: number, minutes = 60): Slot => {
  const starts_at = monday + day * DAY + hour * HOUR;
  return { starts_at: iso(starts_at), ends_at: iso(starts_at + minutes * MINUTE) };
};

describe("quotas", () => {
  it("of open bookings and of minutes a day are won by no more than they hold, of many who ask at once", async () => {
    const { space, ada, halls } = await place(quotas({ open_bookings: 3, minutes_per_day: 120 }));
    const ask = (index: number, slot: Slot) => space.book(ada.api, halls[index % 4] as Equipment, slot);
    const oneDay = await Promise.all(Array.from({ length: 16 }, (_, at) => ask(at, on(0, Math.floor(at / 4)))));
    const won = oneDay.filter(({ status }) => status === 201);
    expect(won).toHaveLength(2);
    for (const answer of oneDay.filter(({ status }) => status !== 201)) {
      expect(codes(answer)).toContain("quota_minutes_per_day");
      expect(answer.problem?.reasons?.every(({ fix }) => fix !== undefined)).toBe(true);
    }
    const otherDays = await Promise.all(Array.from({ length: 8 }, (_, at) => ask(at, on(1 + at, 12))));
    expect(otherDays.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(otherDays.flatMap(codes)).toEqual(Array(7).fill("quota_open_bookings"));
  });

  it("count minutes by the calendar's week and month, what moves to another day as a whole, and tell beforehand", async () => {
    const { space, ada, halls } = await place(
      quotas({ minutes_per_day: 120, minutes_per_week: 180, minutes_per_month: 600 }),
    );
    const [one, two] = halls as [Equipment, Equipment];
    const first = await space.booked(ada.api, one, on(0, 8, 120));
    const week = await space.book(ada.api, two, on(6, 8, 90));
    expect(codes(week)).toEqual(["quota_minutes_per_week"]);
    expect(week.problem?.reasons?.[0]?.limit).toMatchObject({ minutes_per_week: 180, minutes_used: 120 });
    const asked = on(6, 8, 90);
    const said = await ada.api.get<{ allowed: boolean; reasons: { code: string }[] }>(
      space.path(`/equipment/${two.id}/access/explain?starts_at=${asked.starts_at}&ends_at=${asked.ends_at}`),
    );
    expect([said.allowed, said.reasons.map(({ code }) => code)]).toEqual([false, ["quota_minutes_per_week"]]);
    const second = await space.booked(ada.api, two, on(7, 8, 60));
    const move = (booking: Reservation, slot: Slot) =>
      ada.api.send<Reservation>("PATCH", space.bookings({ id: booking.equipment_id }, `/${booking.id}`), {
        body: slot,
        headers: { "if-match": `"${booking.version}"` },
      });
    // On its own day it may shift; on the first day there is no room for it, in the first week there is.
    expect(codes(await move(second, on(0, 12, 60)))).toEqual(["quota_minutes_per_day"]);
    expect((await move(second, on(7, 9, 60))).status).toBe(200);
    expect((await move(first, on(0, 9, 120))).status).toBe(200);
    const desk = await space.as("desk");
    const forced = await space.book(desk.api, two, { ...on(5, 8, 120), member_id: ada.member.id });
    expect(forced.status).toBe(201);
  });
});

describe("who does not come again and again", () => {
  it("books nothing for a time, until staff excuse one", async () => {
    const { space, ada } = await place({ no_show_cool_down: { after: 2, within_days: 30, days: 14 } }, 0);
    const machine = await space.machine({ check_in: "required", grace_minutes: 10 });
    const [first, second] = [
      await space.booked(ada.api, machine, slotIn(1)),
      await space.booked(ada.api, machine, slotIn(3)),
    ];
    const read = (booking: Reservation) => ada.api.get<Reservation>(space.bookings(machine, `/${booking.id}`));
    const missed = async (booking: Reservation) => {
      await shiftClock(space, machine, Date.parse(booking.starts_at) - Date.now() + 11 * MINUTE);
      await until("the no-show", async () => (await read(booking)).status === "no_show");
    };
    await missed(first);
    const other = await space.machine();
    const once = await space.booked(ada.api, other, slotIn(30));
    expect(once.status).toBe("approved");
    await missed(second);
    const refused = await until("the list", async () => {
      const answer = await space.book(ada.api, other, slotIn(32));
      return answer.status !== 201 && answer;
    });
    expect([refused.problem?.code, codes(refused)]).toEqual(["booking_refused", ["cool_down"]]);
    const desk = await space.as("desk");
    await space.step(desk.api, second, "excuse");
    await until("the excuse", async () => (await space.book(ada.api, other, slotIn(50))).status === 201);
  });
});

describe("a machine's gap", () => {
  it("lies between one's own bookings there, and between nobody else's", async () => {
    const { space, ada } = await place({}, 0);
    const machine = await space.machine({ own_gap_minutes: 120 });
    const ben = await space.person();
    const first = await space.booked(ada.api, machine, slotIn(24));
    const near = await space.book(ada.api, machine, slotIn(26));
    expect(codes(near)).toEqual(["own_gap"]);
    expect(codes(await space.book(ada.api, machine, slotIn(22)))).toEqual(["own_gap"]);
    expect((await space.book(ben.api, machine, slotIn(25))).status).toBe(201);
    const far = await space.booked(ada.api, machine, slotIn(27));
    const move = (slot: Slot) =>
      ada.api.send("PATCH", space.bookings(machine, `/${far.id}`), {
        body: slot,
        headers: { "if-match": `"${far.version}"` },
      });
    expect(codes(await move(slotIn(26)))).toEqual(["own_gap"]);
    const asked = slotIn(29);
    const said = await ada.api.get<{ reasons: { code: string }[] }>(
      space.path(`/equipment/${machine.id}/access/explain?starts_at=${asked.starts_at}&ends_at=${asked.ends_at}`),
    );
    expect(said.reasons.map(({ code }) => code)).toEqual(["own_gap"]);
    const desk = await space.as("desk");
    expect((await space.book(desk.api, machine, { ...asked, member_id: ada.member.id })).status).toBe(201);
    expect(first.status).toBe("approved");
  });
});

describe("approval by rule", () => {
  const nothingSaid = { min_level: null, duty: null, price_below_minor: null };
  const byRule = (rule: Partial<BookingPolicy["approval_rules"][number]>): Partial<BookingPolicy> => ({
    approval: "rule",
    approval_rules: [{ ...nothingSaid, ...rule }],
  });

  it("is by price, by duty or by level; what no rule approves waits for staff", async () => {
    const { space, ada } = await place({}, 0);
    const trainer = await space.as("trainer");
    const cheap = await priced(space, byRule({ price_below_minor: 1_500 }), hourly(1_000));
    const short = await space.booked(ada.api, cheap, slotIn(24));
    expect(short.status).toBe("approved");
    expect((await space.booked(ada.api, cheap, slotIn(30, 120))).status).toBe("pending");
    // What was approved by its price is not made dearer past the rule.
    const longer = slotIn(24, 120);
    const path = space.bookings(cheap, `/${short.id}`);
    const headers = { "if-match": `"${short.version}"` };
    expect(codes(await ada.api.send("PATCH", path, { body: { ends_at: longer.ends_at }, headers }))).toEqual([
      "needs_new_approval",
    ]);
    await addRule(space, cheap, { rule_type: "flat", amount: { amount_minor: 900, currency: "EUR" } });
    expect((await space.booked(ada.api, cheap, slotIn(40))).status).toBe("pending");

    const byDuty = await space.machine(byRule({ duty: "trainer" }));
    expect((await space.booked(ada.api, byDuty, slotIn(24))).status).toBe("pending");
    expect((await space.booked(trainer.api, byDuty, slotIn(26))).status).toBe("approved");

    const skill = await makeSkill(space);
    const byLevel = await space.machine(byRule({ min_level: "advanced" }));
    await asksFor(space, byLevel, skill.id);
    const expert = await space.person();
    await certified(space, skill.id, ada);
    await certified(space, skill.id, expert, { level: "expert" });
    expect((await space.booked(ada.api, byLevel, slotIn(24))).status).toBe("pending");
    expect((await space.booked(expert.api, byLevel, slotIn(26))).status).toBe("approved");
    // Nobody walks up to what has to be approved.
    const walkUp = await ada.api.send("POST", space.path(`/equipment/${byLevel.id}/sessions`), {
      body: { planned_minutes: 30 },
    });
    expect(codes(walkUp)).toContain("needs_approval");
  });
});
