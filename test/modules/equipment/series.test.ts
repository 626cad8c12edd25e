/** Series: bookings on the wall clock that are made, changed and cancelled together. */

import { env } from "cloudflare:workers";
import { Temporal } from "temporal-polyfill";
import { describe, expect, it } from "vitest";
import type { Page } from "../../support/api.ts";
import { faulty, through } from "../../support/faults.ts";
import { claimsOf, onPlan } from "../../support/plans.ts";
import { stepsOf } from "../../support/query-plans.ts";
import { codes, makeScene, type Scene } from "../../support/scene.ts";
import { iso, type Person, until } from "../../support/space.ts";
import type { Reservation, Series, SeriesDetail, SeriesMade } from "../../support/wire.ts";

const ZONE = "Europe/Berlin";
const policy = { horizon_days: 730 };

/** A Sunday some weeks ahead, so that a series of ten weeks crosses a change of the clocks somewhere in the year. */
const sunday = (): Temporal.PlainDate => {
  const day = Temporal.Now.plainDateISO(ZONE).add({ days: 21 });
  return day.add({ days: 7 - day.dayOfWeek });
};
const START = `${sunday()}T18:00`;
const weekly = (count: number, more: object = {}) => ({
  rrule: `FREQ=WEEKLY;COUNT=${count}`,
  local_start: START,
  duration_minutes: 60,
  timezone: ZONE,
  ...more,
});
const clock = ({ starts_at }: { starts_at: string }): string =>
  Temporal.Instant.from(starts_at).toZonedDateTimeISO(ZONE).toPlainDateTime().toString({ smallestUnit: "minute" });
const week = (index: number, time = "18:00"): string => `${sunday().add({ weeks: index })}T${time}`;
const at = (local: string): string => iso(Temporal.PlainDateTime.from(local).toZonedDateTime(ZONE).epochMilliseconds);
const hour = (local: string) => ({ starts_at: at(local), ends_at: iso(Date.parse(at(local)) + 3_600_000) });

const pathOf = ({ space, machine }: Scene, rest = ""): string => space.path(`/equipment/${machine.id}/series${rest}`);
const make = (scene: Scene, { api }: Person, body: object) => api.send<SeriesMade>("POST", pathOf(scene), { body });
async function made(scene: Scene, by: Person, body: object): Promise<SeriesMade> {
  const answer = await make(scene, by, body);
  if (!answer.body) throw new Error(JSON.stringify(answer.problem));
  return answer.body;
}
const read = (scene: Scene, { api }: Person, id: string) => api.get<SeriesDetail>(pathOf(scene, `/${id}`));
const statuses = ({ reservations }: SeriesDetail): string[] => reservations.map(({ status }) => status);

describe("a series", () => {
  it("books every week at the same time of day, across a change of the clocks", async () => {
    const scene = await makeScene(policy);
    const answer = await make(scene, scene.ada, weekly(45, { purpose: "Choir" }));
    expect(answer.status).toBe(201);
    const { series_id, booked, conflicts } = answer.body ?? { series_id: "", booked: [], conflicts: [] };
    expect(conflicts).toEqual([]);
    expect(booked.map(clock)).toEqual(Array.from({ length: 45 }, (_, index) => week(index)));
    expect(new Set(booked.map(({ starts_at }) => starts_at.slice(11, 16)))).toEqual(new Set(["16:00", "17:00"]));
    expect(
      booked.every((one) => one.series_id === series_id && one.purpose === "Choir" && one.status === "approved"),
    ).toBe(true);
    const { reservations, ...series } = await read(scene, scene.ada, series_id);
    expect(reservations).toEqual(booked);
    expect(series).toMatchObject({
      rrule: "FREQ=WEEKLY;COUNT=45",
      local_start: START,
      timezone: ZONE,
      mine: true,
      version: 1,
    });
  });

  it("is booked whole or not at all; the refusal says which bookings are in the way, never whose", async () => {
    const scene = await makeScene(policy);
    const { space, machine, ada, ben } = scene;
    await space.booked(ben.api, machine, hour(week(2, "18:30")));
    const refused = await make(scene, ada, weekly(4));
    expect([refused.status, refused.problem?.code]).toEqual([409, "series_conflicts"]);
    expect(refused.problem?.conflicts).toMatchObject([
      { ...hour(week(2)), code: "slot_taken", conflicts_with: hour(week(2, "18:30")) },
    ]);
    expect(JSON.stringify(refused.problem)).not.toContain(ben.member.id);
    const mine = (await ada.api.get<Page<Reservation>>(space.bookings(machine))).data;
    expect(mine.filter(({ mine }) => mine)).toEqual([]);
    // The rest, with a report.
    const { booked, conflicts } = await made(scene, ada, weekly(4, { on_conflict: "skip" }));
    expect(booked.map(clock)).toEqual([week(0), week(1), week(3)]);
    expect(conflicts).toMatchObject([{ ...hour(week(2)), code: "slot_taken" }]);
    // Nothing of it is a series.
    const again = await make(scene, ben, weekly(2, { on_conflict: "skip" }));
    expect([again.status, again.problem?.code, again.problem?.conflicts?.length]).toEqual([409, "series_conflicts", 2]);
  });

  it("is refused with 422 when its rule is not understood, has no end, is too long, or overlaps itself", async () => {
    const scene = await makeScene(policy);
    const bodies = [
      ...["FREQ=WEEKLY", "FREQ=YEARLY;COUNT=2", "FREQ=DAILY;COUNT=105", "FREQ=WEEKLY;BYHOUR=3;COUNT=2"].map(
        (rrule) => ({ rrule }),
      ),
      { rrule: "FREQ=DAILY;COUNT=3", duration_minutes: 1_441 },
      ...[{ timezone: "Mars/Olympus" }, { local_start: "2027-02-30T18:00" }, { local_start: "2027-03-14" }],
    ];
    for (const body of bodies) {
      const answer = await make(scene, scene.ada, weekly(2, body));
      expect([answer.status, answer.problem?.code], JSON.stringify(body)).toEqual([422, "invalid_body"]);
    }
  });

  it("asks the gate for each booking: hours, horizon and what the plan allows", async () => {
    const scene = await makeScene({ horizon_days: 40 });
    const far = await make(scene, scene.ada, weekly(6));
    expect(far.problem?.conflicts?.every(({ reasons }) => reasons.some(({ code }) => code === "beyond_horizon"))).toBe(
      true,
    );
    const { booked, conflicts } = await made(scene, scene.ada, weekly(6, { on_conflict: "skip" }));
    expect([booked.length > 0, booked.length + conflicts.length]).toEqual([true, 6]);
  });

  it("is repeated with its key, and answered the same", async () => {
    const scene = await makeScene(policy);
    const send = (body: object) => scene.ada.api.send<SeriesMade>("POST", pathOf(scene), { body, key: "again" });
    const first = await send(weekly(3));
    const second = await send(weekly(3));
    expect([second.status, second.body]).toEqual([201, first.body]);
    expect((await send(weekly(4))).problem?.code).toBe("idempotency_mismatch");
  });
});

describe("limits that count across machines", () => {
  it("are claimed for each booking in one trip, and given back for those that are not made", async () => {
    const scene = await makeScene(policy);
    const { space, machine, ada, ben } = scene;
    await onPlan(space, ada, { max_open_bookings: 5 });
    const all = await make(scene, ada, weekly(6));
    expect(all.problem?.conflicts?.map(({ reasons }) => reasons[0]?.code)).toEqual(["open_bookings_used_up"]);
    await until("what was claimed is given back", async () => (await claimsOf(space)).length === 0);
    await space.booked(ben.api, machine, hour(week(0)));
    const { booked } = await made(scene, ada, weekly(6, { on_conflict: "skip" }));
    expect(booked.map(clock)).toEqual([week(1), week(2), week(3), week(4)]);
    await until("claims are settled", async () => (await claimsOf(space)).length === 0);
    // One of the five is free again: the taken week never counted.
    expect((await space.book(ada.api, machine, hour(week(8)))).status).toBe(201);
    expect(codes(await space.book(ada.api, machine, hour(week(9))))).toEqual(["open_bookings_used_up"]);
  });

  it("of minutes are counted in the cycle of each booking", async () => {
    const scene = await makeScene(policy);
    await onPlan(scene.space, scene.ada, { minutes_per_cycle: 120 });
    const { booked, conflicts } = await made(scene, scene.ada, weekly(12, { on_conflict: "skip" }));
    expect(booked.length).toBeGreaterThanOrEqual(4);
    expect(conflicts.every(({ reasons }) => reasons[0]?.code === "minutes_used_up")).toBe(true);
  });

  it("cost a bounded number of statements", async () => {
    const scene = await makeScene(policy);
    await onPlan(scene.space, scene.ada, { max_open_bookings: 200 });
    const batches: number[] = [];
    const counted = faulty(env.DB_000, { before: (statements) => void batches.push(statements.length) });
    const by = { ...scene.ada, api: scene.ada.api.by(through({ DB_000: counted })) };
    expect((await made(scene, by, weekly(50))).booked).toHaveLength(50);
    // One trip for whoever asks, one for fifty claims; the machine brings its rows home by itself.
    expect(batches.filter((count) => count > 50)).toEqual([51]);
    expect([batches.length <= 4, batches.reduce((sum, count) => sum + count) < 51 + 30]).toEqual([true, true]);
  });
});

describe("a change", () => {
  it("of one booking, of it and the following, or of all keeps the day and takes another time", async () => {
    const scene = await makeScene(policy);
    const { ada } = scene;
    const { series_id, booked } = await made(scene, ada, weekly(6));
    const patch = (id: string, version: number, body: object) =>
      ada.api.send<SeriesDetail>("PATCH", pathOf(scene, `/${id}`), { body, if_match: version });
    const one = await patch(series_id, 1, { scope: "this", from: booked[1]?.id, local_time: "20:00" });
    expect(one.body?.reservations.map(clock)).toEqual([week(0), week(1, "20:00"), week(2), week(3), week(4), week(5)]);
    expect((await patch(series_id, 1, { scope: "all", local_time: "19:00" })).status).toBe(412);
    const rest = await patch(series_id, 2, {
      scope: "following",
      from: booked[3]?.id,
      local_time: "19:00",
      duration_minutes: 30,
    });
    expect(rest.body).toMatchObject({ continues: series_id, local_start: week(3, "19:00"), duration_minutes: 30 });
    expect(rest.body?.reservations.map(clock)).toEqual([week(3, "19:00"), week(4, "19:00"), week(5, "19:00")]);
    const first = await read(scene, ada, series_id);
    expect(first.reservations.map(clock)).toEqual([week(0), week(1, "20:00"), week(2)]);
    expect(first.rrule).toBe(`FREQ=WEEKLY;UNTIL=${week(2).replaceAll(/[-:]/g, "")}00`);
    const all = await patch(series_id, first.version, { scope: "all", local_time: "17:00", purpose: "Band" });
    expect(all.body?.reservations.map(clock)).toEqual([0, 1, 2].map((index) => week(index, "17:00")));
    expect(all.body).toMatchObject({ local_start: week(0, "17:00"), purpose: "Band" });
    expect(all.body?.reservations.every(({ purpose }) => purpose === "Band")).toBe(true);
  });

  it("is made whole or not at all, and nobody is in their own way", async () => {
    const scene = await makeScene(policy);
    const { space, machine, ada, ben } = scene;
    const daily = { rrule: "FREQ=DAILY;COUNT=4", duration_minutes: 480 };
    const { series_id } = await made(scene, ada, weekly(0, { ...daily, local_start: week(0, "08:00") }));
    await space.booked(ben.api, machine, hour(`${sunday().add({ days: 2 })}T22:00`));
    const patch = (body: object) =>
      ada.api.send<SeriesDetail>("PATCH", pathOf(scene, `/${series_id}`), {
        body: { scope: "all", ...body },
        if_match: 1,
      });
    const refused = await patch({ local_time: "15:00" });
    expect([refused.problem?.code, refused.problem?.conflicts?.length]).toEqual(["series_conflicts", 1]);
    expect((await read(scene, ada, series_id)).reservations.map(clock)).toEqual(
      [0, 1, 2, 3].map((days) => `${sunday().add({ days })}T08:00`),
    );
    // Refused, they still hold the time that they had.
    expect((await space.book(ben.api, machine, hour(week(0, "08:00")))).problem?.code).toBe("slot_taken");
    const moved = await patch({ local_time: "09:00" });
    expect(moved.body?.reservations.map((one) => clock(one).slice(11))).toEqual(["09:00", "09:00", "09:00", "09:00"]);
  });

  it("claims what it takes more", async () => {
    const scene = await makeScene(policy);
    const { space, ada } = scene;
    await onPlan(space, ada, { minutes_per_cycle: 180 }, { billing_cycle: "yearly" });
    const { series_id } = await made(scene, ada, weekly(3));
    await until("claims are settled", async () => (await claimsOf(space)).length === 0);
    const body = { scope: "all", duration_minutes: 90 };
    const refused = await ada.api.send("PATCH", pathOf(scene, `/${series_id}`), { body, if_match: 1 });
    expect(refused.problem?.conflicts?.[0]?.reasons[0]?.code).toBe("minutes_used_up");
    const shorter = await ada.api.send("PATCH", pathOf(scene, `/${series_id}`), {
      body: { scope: "all", duration_minutes: 30 },
      if_match: 1,
    });
    expect(shorter.status).toBe(200);
  });
});

describe("a cancellation", () => {
  it("is of one booking, of it and the following, or of all", async () => {
    const scene = await makeScene(policy);
    const { space, machine, ada, ben } = scene;
    const { series_id, booked } = await made(scene, ada, weekly(6));
    const cancel = (body: object) => ada.api.post<SeriesDetail>(pathOf(scene, `/${series_id}/cancel`), body);
    const held = "approved";
    expect(statuses(await cancel({ scope: "this", from: booked[1]?.id }))).toEqual([
      held,
      "cancelled",
      held,
      held,
      held,
      held,
    ]);
    const cut = await cancel({ scope: "following", from: booked[4]?.id, note: "moving" });
    expect(statuses(cut)).toEqual([held, "cancelled", held, held, "cancelled", "cancelled"]);
    expect([cut.status, cut.rrule]).toEqual(["active", `FREQ=WEEKLY;UNTIL=${week(3).replaceAll(/[-:]/g, "")}00`]);
    await space.booked(ben.api, machine, hour(week(4)));
    const gone = await cancel({ scope: "all" });
    expect([gone.status, new Set(statuses(gone))]).toEqual(["cancelled", new Set(["cancelled"])]);
    const again = await ada.api.send("POST", pathOf(scene, `/${series_id}/cancel`), { body: { scope: "all" } });
    expect([again.status, again.problem?.code]).toEqual([409, "illegal_transition"]);
  });
});

describe("who", () => {
  it("sees a series: its holder and the staff, in lists and by its id", async () => {
    const scene = await makeScene(policy);
    const { space, machine, ada, ben, desk } = scene;
    const { series_id } = await made(scene, ada, weekly(2));
    const listed = async ({ api }: Person, query = "") =>
      (await api.get<Page<Series>>(space.path(`/series${query}`))).data;
    await until("the row", async () => (await listed(ada)).length === 1);
    expect([await listed(ben), (await listed(desk)).map(({ id }) => id)]).toEqual([[], [series_id]]);
    expect((await listed(desk, `?member_id=${ada.member.id}&equipment_id=${machine.id}&status=active`)).length).toBe(1);
    expect((await listed(desk, "?status=cancelled")).length).toBe(0);
    expect((await ben.api.send("GET", space.path(`/series?member_id=${ada.member.id}`))).status).toBe(403);
    for (const query of ["", `?equipment_id=${machine.id}`, `?member_id=${ada.member.id}&sort=starts_at`]) {
      const plan = await stepsOf(desk.api, space.path(`/series${query}`), /from "series"/);
      expect(plan.filter((step) => / SCAN |TEMP B-TREE/.test(step))).toEqual([]);
    }
    for (const path of [space.path(`/series/${series_id}`), pathOf(scene, `/${series_id}`)]) {
      expect((await ben.api.send("GET", path)).status).toBe(404);
      expect((await desk.api.get<SeriesDetail>(path)).reservations).toHaveLength(2);
    }
    const cancel = { body: { scope: "all" } };
    expect((await ben.api.send("POST", pathOf(scene, `/${series_id}/cancel`), cancel)).status).toBe(404);
    expect((await desk.api.send("POST", pathOf(scene, `/${series_id}/cancel`), cancel)).status).toBe(200);
  });

  it("books is told once, not for each booking", async () => {
    const scene = await makeScene(policy);
    const { space, ada } = scene;
    const { series_id } = await made(scene, ada, weekly(5));
    await ada.api.post(pathOf(scene, `/${series_id}/cancel`), { scope: "all" });
    const inbox = async () =>
      (await ada.api.get<Page<{ type: string }>>(space.path("/notifications"))).data.map(({ type }) => type);
    await until("the second", async () => (await inbox()).length >= 2);
    expect((await inbox()).sort()).toEqual(["series.cancelled", "series.created"]);
  });
});
