/** Opening hours of machines, and days that are not like the others: said to whoever books, and kept on the wall clock. */

import { describe, expect, it } from "vitest";
import { isOpenAt, type WeeklyWindows, withExceptions } from "../../../src/platform/settings/hours.ts";
import { DAY, HOUR } from "../../../src/platform/time.ts";
import { Zone } from "../../../src/platform/zone.ts";
import type { Page } from "../../support/api.ts";
import { stepsOf } from "../../support/query-plans.ts";
import { codes } from "../../support/scene.ts";
import { iso, makeSpace } from "../../support/space.ts";
import type { Availability, Closure, Equipment } from "../../support/wire.ts";

/** A day a month ahead, in a makerspace that lives by UTC. */
const DAY_AHEAD = Math.floor(Date.now() / DAY) + 30;
const date = (days: number): string => iso((DAY_AHEAD + days) * DAY).slice(0, 10);
const at = (days: number, from: number, to: number) => ({
  starts_at: iso((DAY_AHEAD + days) * DAY + from * HOUR),
  ends_at: iso((DAY_AHEAD + days) * DAY + to * HOUR),
});
const everyDay = (from: string, to: string): WeeklyWindows =>
  Object.fromEntries(["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map((day) => [day, [{ from, to }]]));

describe("a closure", () => {
  it("of the makerspace closes every machine on its days, of a machine that one; staff book all the same", async () => {
    const space = await makeSpace({ timezone: "UTC" });
    const [machine, other, { api: ada }] = [await space.machine(), await space.machine(), await space.person()];
    const path = space.path("/closures");
    const all = await space.root.post<Closure>(path, { starts_on: date(0), ends_on: date(1), title: "Christmas" });
    expect(all).toMatchObject({ equipment_id: null, open: [], policy_applied: true, version: 1 });
    for (const one of [machine, other]) {
      const refused = await space.book(ada, one, at(1, 10, 11));
      expect([refused.status, codes(refused)]).toEqual([422, ["closed"]]);
      expect(refused.problem?.reasons?.[0]).toMatchObject({
        detail: expect.stringContaining("Christmas"),
        fix: `It opens at ${iso((DAY_AHEAD + 2) * DAY)}.`,
        limit: { closure: "Christmas" },
      });
    }
    const own = { equipment_id: machine.id, starts_on: date(3), ends_on: date(3), title: "Inventory" };
    const half = await space.root.post<Closure>(path, { ...own, open: [{ from: "08:00", to: "12:00" }] });
    expect(codes(await space.book(ada, machine, at(3, 11, 13)))).toEqual(["machine_closed"]);
    expect((await space.book(ada, machine, at(3, 11, 12))).status).toBe(201);
    expect((await space.book(ada, other, at(3, 11, 13))).status).toBe(201);
    const desk = await space.as("desk");
    const { member } = await space.as("user");
    expect((await space.book(desk.api, other, { ...at(1, 10, 11), member_id: member.id })).status).toBe(201);

    const range = `from=${at(2, 22, 23).starts_at}&to=${at(4, 1, 2).ends_at}`;
    const { busy } = await ada.get<Availability>(space.path(`/equipment/${machine.id}/availability?${range}`));
    expect(busy.filter(({ because }) => because === "closed")).toEqual([
      { ...at(3, 0, 8), because: "closed" },
      { ...at(3, 12, 24), because: "closed" },
    ]);

    // Changed and taken back it counts at once.
    const changed = await space.root.patch<Closure>(`${path}/${half.id}`, { open: [], ends_on: date(4) }, 1);
    expect([changed.version, changed.ends_on, changed.policy_applied]).toEqual([2, date(4), true]);
    expect(codes(await space.book(ada, machine, at(4, 9, 10)))).toEqual(["machine_closed"]);
    await space.root.delete(`${path}/${all.id}`);
    await space.root.delete(`${path}/${half.id}`);
    expect((await space.book(ada, machine, at(1, 11, 12))).status).toBe(201);
    expect((await space.book(ada, machine, at(4, 9, 10))).status).toBe(201);
  });

  it("is for those who look after what it closes, has one version at a time, and is found by day", async () => {
    const space = await makeSpace({ timezone: "UTC" });
    const [machine, maintainer, ada] = [await space.machine(), await space.as("maintainer"), await space.person()];
    const path = space.path("/closures");
    const day = (days: number, more = {}) => ({
      starts_on: date(days),
      ends_on: date(days),
      title: `${days}`,
      ...more,
    });
    expect((await ada.api.send("POST", path, { body: day(0) })).status).toBe(403);
    expect((await maintainer.api.send("POST", path, { body: day(0) })).status).toBe(403);
    const own = await maintainer.api.post<Closure>(path, day(2, { equipment_id: machine.id, external_id: "uid-1" }));
    const twice = await maintainer.api.send("POST", path, {
      body: day(3, { equipment_id: machine.id, external_id: "uid-1" }),
    });
    expect(twice.problem?.code).toBe("external_id_taken");
    const nowhere = await space.root.send("POST", path, { body: day(0, { equipment_id: "none" }) });
    expect([nowhere.status, nowhere.problem?.code]).toEqual([422, "unknown_reference"]);
    expect((await space.root.send("POST", path, { body: { ...day(1), ends_on: date(0) } })).status).toBe(422);
    const one = `${path}/${own.id}`;
    expect((await maintainer.api.send("PATCH", one, { body: { title: "x" }, if_match: 2 })).status).toBe(412);
    expect((await maintainer.api.send("PATCH", one, { body: { ends_on: date(1) }, if_match: 1 })).status).toBe(422);
    for (const days of [4, 6]) await space.root.post<Closure>(path, day(days));
    const titles = async (query: string) =>
      (await ada.api.get<Page<Closure>>(`${path}?${query}`)).data.map(({ title }) => title);
    expect(await titles("")).toEqual(["2", "4", "6"]);
    expect(await titles("sort=-starts_on&equipment_id=none")).toEqual(["6", "4"]);
    expect(await titles(`equipment_id=${machine.id}`)).toEqual(["2"]);
    expect(await titles(`starts_from=${date(3)}&starts_to=${date(6)}`)).toEqual(["4"]);
    const first = await ada.api.get<Page<Closure>>(`${path}?limit=2`);
    expect(await titles(`limit=2&cursor=${first.next_cursor}`)).toEqual(["6"]);
    const steps = await Promise.all(
      ["", `equipment_id=${machine.id}`, "equipment_id=none&sort=-starts_on"].map((query) =>
        stepsOf(ada.api, `${path}?${query}`, /from "closures"/),
      ),
    );
    for (const step of steps.flat()) expect(step).toMatch(/SEARCH closures USING INDEX closures_by_(day|equipment)/);
  });

  it("lies inside of the makerspace's hours, as a machine's own weekly hours do", async () => {
    const space = await makeSpace({ timezone: "UTC" });
    const { api: ada } = await space.person();
    const general = space.path("/settings/general");
    const { version } = await space.root.get<{ version: number }>(general);
    await space.root.patch(general, { opening_hours: everyDay("08:00", "18:00") }, version);
    const machine = await space.machine({}, { opening_hours: everyDay("10:00", "20:00") });
    expect(codes(await space.book(ada, machine, at(0, 9, 11)))).toEqual(["machine_closed"]);
    expect(codes(await space.book(ada, machine, at(0, 17, 19)))).toEqual(["closed"]);
    expect((await space.book(ada, machine, at(0, 10, 18))).status).toBe(201);
    // Open longer on one day: the machine keeps its own hours.
    const open = [{ from: "06:00", to: "22:00" }];
    await space.root.post<Closure>(space.path("/closures"), {
      starts_on: date(1),
      ends_on: date(1),
      title: "Fair",
      open,
    });
    expect((await space.book(ada, machine, at(1, 18, 20))).status).toBe(201);
    expect(codes(await space.book(ada, machine, at(1, 20, 21)))).toEqual(["machine_closed"]);
    const path = space.path(`/equipment/${machine.id}`);
    const { version: seen } = await space.root.get<Equipment>(path);
    expect((await space.root.patch<Equipment>(path, { opening_hours: null }, seen)).policy_applied).toBe(true);
    expect((await space.book(ada, machine, at(1, 20, 21))).status).toBe(201);
  });
});

describe("on the wall clock", () => {
  const from_day = (text: string): number => Date.parse(text) / DAY;

  it.each([
    // A day on which the clocks go forward or back: open from 01:00 to 12:00 that day alone, in UTC.
    ["Europe/Berlin", "2027-03-28", "2027-03-28T00:00:00Z", "2027-03-28T10:00:00Z"],
    ["Europe/Berlin", "2027-10-31", "2027-10-30T23:00:00Z", "2027-10-31T11:00:00Z"],
    ["America/New_York", "2027-03-14", "2027-03-14T06:00:00Z", "2027-03-14T16:00:00Z"],
    ["America/New_York", "2027-11-07", "2027-11-07T05:00:00Z", "2027-11-07T17:00:00Z"],
    ["Australia/Lord_Howe", "2027-04-04", "2027-04-03T14:00:00Z", "2027-04-04T01:30:00Z"],
  ])("of %s special hours of %s begin and end by what the clock shows", (name, day, from, to) => {
    const zone = new Zone(name);
    const windows = [{ from: "01:00", to: "12:00" }];
    const hours = withExceptions({}, [{ from_day: from_day(day), to_day: from_day(day), windows, title: "x" }]);
    const [begins, ends] = [Date.parse(from), Date.parse(to)];
    expect([begins - 1, begins, ends - 1, ends].map((ms) => isOpenAt(hours, zone, ms))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it("what several exceptions leave open is what all of them do, and other days are as ever", () => {
    const zone = new Zone("UTC");
    const week = everyDay("09:00", "17:00");
    const exception = (from: string, to: string) => ({ from_day: 10, to_day: 11, windows: [{ from, to }], title: "x" });
    const hours = withExceptions(week, [exception("08:00", "12:00"), { ...exception("10:00", "20:00"), to_day: 10 }]);
    const openAt = (day: number) =>
      [8, 9, 10, 11, 12, 18].filter((hour) => isOpenAt(hours, zone, day * DAY + hour * HOUR));
    expect([9, 10, 11].map(openAt)).toEqual([
      [9, 10, 11, 12],
      [10, 11],
      [8, 9, 10, 11],
    ]);
  });
});
