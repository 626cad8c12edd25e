/** The gates of a booking: settings, opening hours, membership, plan and agreements, at every door, with every reason in one answer. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE } from "../../../src/platform/time.ts";
import { claimsOf, onPlan, set } from "../../support/plans.ts";
import { codes, enter, makeScene, type Scene, shiftClock } from "../../support/scene.ts";
import { iso, makeSpace, slotIn, until } from "../../support/space.ts";
import type { Availability, Reservation, Session } from "../../support/wire.ts";

const walkUp = ({ space, machine }: Scene, api: Scene["ada"]["api"], more: object = { planned_minutes: 30 }) =>
  api.send<Session>("POST", space.path(`/equipment/${machine.id}/sessions`), { body: more });

const move = ({ space }: Scene, api: Scene["ada"]["api"], { id, equipment_id, version }: Reservation, body: object) =>
  api.send<Reservation>("PATCH", space.bookings({ id: equipment_id }, `/${id}`), { body, if_match: version });

const expire = (scene: Scene) =>
  env.DB_000.prepare("UPDATE members SET status = 'expired' WHERE makerspace_id = ? AND id = ?")
    .bind(scene.space.id, scene.ada.member.id)
    .run();

/** Noon of a weekday some days ahead, in UTC. */
const noon = (days: number): number => (Math.floor(Date.now() / DAY) + days) * DAY + 12 * HOUR;
const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const weekdayOf = (at: number): string => days[new Date(at).getUTCDay()] ?? "";
const from = (at: number, minutes = 60) => ({ starts_at: iso(at), ends_at: iso(at + minutes * MINUTE) });

describe("with reservations switched off", () => {
  it("nothing is booked, moved or walked up to; check-in, cancellation and the end of a session go on", async () => {
    const scene = await makeScene({ check_in: "optional" });
    const { space, machine, ada, desk } = scene;
    const [one, two] = [
      await space.booked(ada.api, machine, slotIn(24)),
      await space.booked(ada.api, machine, slotIn(30)),
    ];
    const other = await space.machine();
    const session = await ada.api.post<Session>(space.path(`/equipment/${other.id}/sessions`), { planned_minutes: 30 });
    await set(space, "access", { enable_reservations: false });
    const refused = await space.book(ada.api, machine, slotIn(40));
    expect([refused.status, refused.problem?.code, codes(refused)]).toEqual([
      403,
      "feature_disabled",
      ["feature_disabled"],
    ]);
    expect((await space.book(desk.api, machine, { ...slotIn(40), member_id: ada.member.id })).status).toBe(403);
    expect((await move(scene, ada.api, one, slotIn(26))).problem?.code).toBe("feature_disabled");
    expect((await walkUp(scene, ada.api)).problem?.code).toBe("feature_disabled");
    // What takes nothing from anybody goes on.
    expect((await move(scene, ada.api, one, { ends_at: iso(Date.parse(one.ends_at) - 15 * MINUTE) })).status).toBe(200);
    expect((await space.step(ada.api, two, "cancel")).status).toBe(200);
    await shiftClock(space, other, MINUTE);
    await ada.api.post(space.path(`/equipment/${other.id}/sessions/${session.id}/end`));
    await enter(space, machine, slotIn(24));
    expect((await space.step(ada.api, one, "check_in")).status).toBe(200);
    await set(space, "access", { enable_reservations: true });
    expect((await space.book(ada.api, machine, slotIn(40))).status).toBe(201);
  });
});

describe("opening hours", () => {
  it("refuse what lies outside of them and show it as closed, on the wall clock of the makerspace", async () => {
    const scene = await makeScene();
    const { space, machine, ada, desk } = scene;
    const before = await space.booked(ada.api, machine, from(noon(3) + 8 * HOUR));
    // Berlin is an hour or two ahead of UTC, so noon UTC is open and 20:00 UTC is not.
    const open = [{ from: "10:00", to: "18:00" }];
    await set(space, "general", { opening_hours: Object.fromEntries(days.map((day) => [day, open])) });
    const shut = await space.book(ada.api, machine, from(noon(2) + 8 * HOUR));
    expect([shut.status, shut.problem?.code, codes(shut)]).toEqual([422, "booking_refused", ["closed"]]);
    expect(shut.problem?.reasons?.[0]).toMatchObject({
      fix: expect.stringMatching(/opens at/),
      limit: expect.any(Object),
    });
    const booked = await space.booked(ada.api, machine, from(noon(2)));
    expect(codes(await move(scene, ada.api, booked, { ends_at: iso(noon(2) + 7 * HOUR) }))).toEqual(["closed"]);
    // What was booked before stays.
    expect((await ada.api.get<Reservation>(space.bookings(machine, `/${before.id}`))).status).toBe("approved");
    // Staff may book all the same, and the audit says what they passed over.
    const late = await space.booked(desk.api, machine, { ...from(noon(2) + 9 * HOUR), member_id: ada.member.id });
    const audit = space.path(`/audit?subject_type=reservation&subject_id=${late.id}`);
    const [entry] = await until("the entry", async () => {
      const found = await space.root.all<{ seq: number }>(audit);
      return found.length > 0 && found;
    });
    expect(await space.root.get(space.path(`/audit/${entry?.seq}`))).toMatchObject({
      details: { after: { overridden: ["closed"] } },
    });
    const path = space.path(`/equipment/${machine.id}/availability?from=${iso(noon(4))}&to=${iso(noon(5))}`);
    const { free, busy } = await ada.api.get<Availability>(path);
    expect(busy.map(({ because }) => because)).toEqual(["closed"]);
    const [closed] = busy;
    expect(Date.parse(closed?.ends_at ?? "") - Date.parse(closed?.starts_at ?? "")).toBe(16 * HOUR);
    expect(free).toHaveLength(2);
  });

  it("end a walk-up when they end, and begin none before they begin", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const at = noon(3);
    await set(space, "general", { opening_hours: { [weekdayOf(at)]: [{ from: "06:00", to: "15:00" }] } });
    await shiftClock(space, machine, at + 8 * HOUR - Date.now());
    expect(codes(await walkUp(scene, ada.api))).toEqual(["closed"]);
    const next = noon(10);
    await shiftClock(space, machine, next - 30 * MINUTE - Date.now());
    const session = await walkUp(scene, ada.api, { planned_minutes: 480 });
    expect(session.status).toBe(201);
    const length = Date.parse(session.body?.planned_ends_at ?? "") - Date.parse(session.body?.started_at ?? "");
    // 15:00 in Berlin is 13:00 or 14:00 UTC.
    expect([1.5, 2.5]).toContain(Math.round((length / HOUR) * 10) / 10);
  });

  it("reach machines that were away when they changed", async () => {
    const { space, machine, ada } = await makeScene();
    // Another general setting makes a new version that no machine was told of; the next command brings it.
    await set(space, "general", { description: "A place to make things" });
    expect((await space.book(ada.api, machine, slotIn(24))).status).toBe(201);
    await set(space, "general", { opening_hours: {} });
    expect(codes(await space.book(ada.api, machine, slotIn(48)))).toEqual(["closed"]);
    await set(space, "general", { opening_hours: null });
    expect((await space.book(ada.api, machine, slotIn(48))).status).toBe(201);
  });
});

describe("a membership", () => {
  it("that has run out books nothing, starts nothing and is approved nothing, but may cancel", async () => {
    const scene = await makeScene({ approval: "staff" });
    const { space, machine, ada, desk } = scene;
    const [pending, other] = [
      await space.booked(ada.api, machine, slotIn(24)),
      await space.booked(ada.api, machine, slotIn(30)),
    ];
    await expire(scene);
    for (const answer of [
      await space.book(ada.api, machine, slotIn(40)),
      await space.book(desk.api, machine, { ...slotIn(40), member_id: ada.member.id }),
      await space.step(desk.api, pending, "approve"),
      await move(scene, ada.api, pending, slotIn(26)),
    ]) {
      expect([answer.status, answer.problem?.code, codes(answer)]).toEqual([
        422,
        "booking_refused",
        ["membership_expired"],
      ]);
    }
    expect(codes(await walkUp({ ...scene, machine: await space.machine() }, ada.api))).toEqual(["membership_expired"]);
    expect((await space.step(ada.api, other, "cancel")).status).toBe(200);
  });

  it("is asked for where the makerspace requires one", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    await onPlan(space, ben);
    await set(space, "access", { membership_required: true });
    expect(codes(await space.book(ada.api, machine, slotIn(24)))).toEqual(["membership_required"]);
    expect((await space.book(ben.api, machine, slotIn(24))).status).toBe(201);
    // For a visitor whom staff vouch for.
    expect((await space.book(desk.api, machine, { ...slotIn(30), member_id: ada.member.id })).status).toBe(201);
  });

  it("that is paused, or does not reach that far, books nothing", async () => {
    const { space, machine, ada, ben } = await makeScene();
    await onPlan(space, ada, {}, { status: "paused" });
    expect(codes(await space.book(ada.api, machine, slotIn(24)))).toEqual(["membership_paused"]);
    await onPlan(space, ben, {}, { ends_at: Date.now() + 2 * DAY, auto_renew: false });
    expect((await space.book(ben.api, machine, slotIn(24))).status).toBe(201);
    expect(codes(await space.book(ben.api, machine, slotIn(72)))).toEqual(["outside_membership"]);
  });
});

describe("a plan", () => {
  it("says which machines, how far ahead, how long and when; all of it in one answer with the machine's own rules", async () => {
    const { space, machine, ada, desk } = await makeScene({ min_minutes: 30, granularity_minutes: 15 });
    const other = await space.machine();
    await onPlan(space, ada, {
      excluded_equipment_ids: [other.id],
      advance_days: 7,
      max_duration_minutes: 120,
      access_windows: Object.fromEntries(days.map((day) => [day, [{ from: "08:00", to: "16:00" }]])),
    });
    const all = await space.book(ada.api, other, from(noon(20) + 5 * HOUR + 7 * MINUTE, 180));
    expect([all.status, all.problem?.code]).toEqual([422, "booking_refused"]);
    expect(codes(all).sort()).toEqual([
      "beyond_plan_horizon",
      "equipment_not_in_plan",
      "longer_than_plan",
      "off_grid",
      "outside_access_hours",
    ]);
    expect((await space.book(ada.api, machine, from(noon(2)))).status).toBe(201);
    const passed = { ...from(noon(20) + 5 * HOUR, 180), member_id: ada.member.id };
    expect((await space.book(desk.api, other, passed)).status).toBe(201);
    // Nobody passes over the machine's own longest booking.
    const endless = await space.book(desk.api, other, { ...from(noon(21), 600), member_id: ada.member.id });
    expect(codes(endless)).toEqual(["too_long"]);
  });

  it("includes only the machines that it names", async () => {
    const { space, machine, ada } = await makeScene();
    const other = await space.machine();
    await onPlan(space, ada, { included_equipment_ids: [machine.id] });
    expect((await space.book(ada.api, machine, slotIn(24))).status).toBe(201);
    expect(codes(await space.book(ada.api, other, slotIn(24)))).toEqual(["equipment_not_in_plan"]);
  });

  it("lets its member use what staff booked for them past it", async () => {
    const scene = await makeScene();
    const { space, machine, ada, desk } = scene;
    await onPlan(space, ada, { excluded_equipment_ids: [machine.id] });
    const booked = await space.booked(desk.api, machine, { ...slotIn(24), member_id: ada.member.id });
    await enter(space, machine, slotIn(24));
    expect((await walkUp(scene, ada.api, { reservation_id: booked.id })).status).toBe(201);
  });
});

describe("an agreement that is required", () => {
  it("stands before every booking until it is accepted, whoever books", async () => {
    const scene = await makeScene();
    const { space, machine, ada, desk } = scene;
    const booked = await space.booked(ada.api, machine, slotIn(24));
    const agreement = await space.root.post<{ id: string }>(space.path("/agreements"), {
      title: "Safety rules",
      body: "Wear goggles.",
      required: true,
    });
    const refused = await space.book(ada.api, machine, slotIn(30));
    expect([refused.problem?.code, codes(refused)]).toEqual(["booking_refused", ["agreement_missing"]]);
    expect(refused.problem?.reasons?.[0]?.limit).toMatchObject({ agreement_id: agreement.id });
    const forAda = { ...slotIn(30), member_id: ada.member.id };
    expect(codes(await space.book(desk.api, machine, forAda))).toEqual(["agreement_missing"]);
    await enter(space, machine, slotIn(24));
    expect(codes(await walkUp(scene, ada.api, { reservation_id: booked.id }))).toEqual(["agreement_missing"]);
    await ada.api.post(space.path(`/agreements/${agreement.id}/accept`), { number: 1 });
    expect((await space.book(ada.api, machine, slotIn(30))).status).toBe(201);
    expect((await walkUp(scene, ada.api, { reservation_id: booked.id })).status).toBe(201);
  });
});

interface Explained {
  allowed: boolean;
  reasons: { code: string }[];
  staff_may_override: boolean;
  counted: { open_bookings: number; minutes_used: number } | null;
}

describe("access/explain", () => {
  it("says what a refusal would say, for oneself or for whom staff ask, and books nothing", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    await onPlan(space, ada, { max_open_bookings: 1, minutes_per_cycle: 600, advance_days: 7 });
    const explain = (api: typeof ada.api, slot: object, more = "") =>
      api.get<Explained>(
        space.path(
          `/equipment/${machine.id}/access/explain?${new URLSearchParams(slot as Record<string, string>)}${more}`,
        ),
      );
    const slot = from(noon(2));
    expect(await explain(ada.api, slot)).toMatchObject({
      allowed: true,
      reasons: [],
      counted: { open_bookings: 0, minutes_used: 0, max_open_bookings: 1, minutes_per_cycle: 600 },
    });
    await space.booked(ada.api, machine, slot);
    const full = await explain(ada.api, from(noon(9), 60));
    expect(full.reasons.map(({ code }) => code).sort()).toEqual(["beyond_plan_horizon", "open_bookings_used_up"]);
    expect(full).toMatchObject({
      allowed: false,
      staff_may_override: true,
      counted: { open_bookings: 1, minutes_used: 60 },
    });
    expect((await explain(ben.api, slot)).reasons.map(({ code }) => code)).toEqual(["slot_taken"]);
    const asked = await explain(desk.api, slot, `&member_id=${ada.member.id}`);
    expect(asked.reasons.map(({ code }) => code)).toContain("open_bookings_used_up");
    const other = space.path(
      `/equipment/${machine.id}/access/explain?${new URLSearchParams(slot)}&member_id=${ada.member.id}`,
    );
    expect(await ben.api.refused("GET", other)).toMatchObject({ code: "forbidden", reasons: [{ code: "not_yours" }] });
    const refused = await space.book(ada.api, machine, from(noon(9), 60));
    expect(codes(refused)).toEqual(full.reasons.map(({ code }) => code));
    expect(await claimsOf(space)).toEqual([]);
  });
});

describe("what members are not told by the machine", () => {
  it("carries its reasons, too", async () => {
    const space = await makeSpace();
    const [machine, ada, ben, desk] = await Promise.all([
      space.machine(),
      space.as("user"),
      space.person(),
      space.as("desk"),
    ]);
    const forBen = await space.book(ada.api, machine, { ...slotIn(24), member_id: ben.member.id });
    expect([forBen.problem?.code, codes(forBen)]).toEqual(["forbidden", ["not_yours"]]);
    const forNobody = await space.book(desk.api, machine, { ...slotIn(24), member_id: crypto.randomUUID() });
    expect([forNobody.problem?.code, codes(forNobody)]).toEqual(["unknown_reference", ["unknown_member"]]);
    await space.root.post(space.path(`/members/${ben.member.id}/suspend`), { reason: "a test" });
    const suspended = await until("the refusal", async () => {
      const answer = await space.book(desk.api, machine, { ...slotIn(24), member_id: ben.member.id });
      return answer.problem && answer;
    });
    expect([suspended.problem?.code, codes(suspended)]).toEqual(["booking_refused", ["member_not_active"]]);
  });
});
