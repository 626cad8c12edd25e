/** Recurrence on the wall clock: the days of a rule against calendars written out, clock changes in four zones, and every other rule refused. */

import { Temporal } from "temporal-polyfill";
import { expect, it } from "vitest";
import {
  endingWith,
  instancesOf,
  MAX_INSTANCES,
  parseRule,
  RuleError,
} from "../../../src/modules/equipment/series/recurrence.ts";

const at = (rrule: string, local_start: string, timezone = "UTC", minutes = 60) =>
  instancesOf(parseRule(rrule), Temporal.PlainDateTime.from(local_start), timezone, minutes);
const days = (rrule: string, local_start: string): string[] =>
  at(rrule, local_start).map(({ local_start: local }) => local.toPlainDate().toString().slice(5));
const instants = (rrule: string, local_start: string, timezone: string): string[] =>
  at(rrule, local_start, timezone).map(({ starts_at }) => new Date(starts_at).toISOString().slice(5, 16));

it("names the days of a rule", () => {
  const cases: [rrule: string, start: string, days: string[]][] = [
    ["FREQ=DAILY;COUNT=3", "2027-02-27T18:00", ["02-27", "02-28", "03-01"]],
    ["FREQ=DAILY;INTERVAL=10;UNTIL=20270320", "2027-02-28T18:00", ["02-28", "03-10", "03-20"]],
    ["FREQ=DAILY;BYDAY=MO,WE;COUNT=3", "2027-03-02T18:00", ["03-03", "03-08", "03-10"]],
    ["FREQ=WEEKLY;COUNT=3", "2027-03-14T18:00", ["03-14", "03-21", "03-28"]],
    ["FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;COUNT=4", "2027-03-14T18:00", ["03-14", "03-23", "03-28", "04-06"]],
    ["RRULE:freq=weekly;byday=mo;until=20270329T180000", "2027-03-15T18:00", ["03-15", "03-22", "03-29"]],
    ["FREQ=WEEKLY;BYDAY=MO;UNTIL=20270329T175959", "2027-03-15T18:00", ["03-15", "03-22"]],
    ["FREQ=MONTHLY;COUNT=3", "2027-01-31T18:00", ["01-31", "03-31", "05-31"]],
    ["FREQ=MONTHLY;BYDAY=2TU;COUNT=3", "2027-03-10T18:00", ["04-13", "05-11", "06-08"]],
    ["FREQ=MONTHLY;BYDAY=-1FR;INTERVAL=2;COUNT=2", "2027-03-01T18:00", ["03-26", "05-28"]],
    ["FREQ=MONTHLY;BYMONTHDAY=-1,15;COUNT=4", "2027-02-01T18:00", ["02-15", "02-28", "03-15", "03-31"]],
    ["FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR;COUNT=2", "2027-01-01T18:00", ["08-13", "10-13"]],
  ];
  for (const [rrule, start, expected] of cases) expect(days(rrule, start), rrule).toEqual(expected);
});

it("agrees with a calendar that is walked day by day", () => {
  const start = Temporal.PlainDate.from("2027-01-06");
  for (const interval of [1, 2, 3]) {
    for (const names of [["MO"], ["TU", "SA"], ["SU", "WE", "FR"]]) {
      const monday = start.subtract({ days: start.dayOfWeek - 1 });
      const wanted = names.map((name) => ["MO", "TU", "WE", "TH", "FR", "SA", "SU"].indexOf(name) + 1);
      const expected: string[] = [];
      for (let day = start; expected.length < 20; day = day.add({ days: 1 })) {
        const weeks = Math.floor(monday.until(day).days / 7);
        if (weeks % interval === 0 && wanted.includes(day.dayOfWeek)) expected.push(day.toString().slice(5));
      }
      const rrule = `FREQ=WEEKLY;INTERVAL=${interval};BYDAY=${names.join(",")};COUNT=20`;
      expect(days(rrule, `${start}T18:00`), rrule).toEqual(expected);
    }
  }
});

it("keeps 18:00 at 18:00 across a change of the clocks", () => {
  // Berlin goes on by an hour, New York two weeks before, Lord Howe goes back by half an hour, Kolkata never changes.
  const cases: [zone: string, start: string, expected: string[]][] = [
    ["Europe/Berlin", "2027-03-21T18:00", ["03-21T17:00", "03-28T16:00", "04-04T16:00"]],
    ["America/New_York", "2027-03-07T18:00", ["03-07T23:00", "03-14T22:00", "03-21T22:00"]],
    ["Australia/Lord_Howe", "2027-03-28T18:00", ["03-28T07:00", "04-04T07:30", "04-11T07:30"]],
    ["Asia/Kolkata", "2027-03-21T18:00", ["03-21T12:30", "03-28T12:30", "04-04T12:30"]],
  ];
  for (const [zone, start, expected] of cases) {
    expect(instants("FREQ=WEEKLY;COUNT=3", start, zone), zone).toEqual(expected);
  }
});

it("moves what the clocks jump over forward, and takes the first of what they repeat", () => {
  const cases: [zone: string, start: string, expected: string[]][] = [
    // 02:30 is not there on the 28th: 03:30 summer time.
    ["Europe/Berlin", "2027-03-27T02:30", ["03-27T01:30", "03-28T01:30", "03-29T00:30"]],
    // 02:30 comes twice on 31 October.
    ["Europe/Berlin", "2027-10-30T02:30", ["10-30T00:30", "10-31T00:30", "11-01T01:30"]],
    // Half an hour: 02:15 is not there on 3 October, 01:45 comes twice on 4 April.
    ["Australia/Lord_Howe", "2027-10-02T02:15", ["10-01T15:45", "10-02T15:45", "10-03T15:15"]],
    ["Australia/Lord_Howe", "2027-04-03T01:45", ["04-02T14:45", "04-03T14:45", "04-04T15:15"]],
  ];
  for (const [zone, start, expected] of cases) {
    expect(instants("FREQ=DAILY;COUNT=3", start, zone), `${zone} ${start}`).toEqual(expected);
  }
});

it("ends with the instant of an UNTIL in UTC", () => {
  const until = (utc: string) => at(`FREQ=DAILY;UNTIL=${utc}`, "2027-03-27T18:00", "Europe/Berlin").length;
  expect([until("20270328T160000Z"), until("20270328T155959Z")]).toEqual([2, 1]);
});

it("takes no other rule", () => {
  const refused = [
    ...["FREQ=WEEKLY", "FREQ=WEEKLY;COUNT=2;UNTIL=20270401", "FREQ=YEARLY;COUNT=2", "FREQ=HOURLY;COUNT=2", "COUNT=2"],
    ...["FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=105", "FREQ=DAILY;COUNT=-1", "FREQ=DAILY;INTERVAL=0;COUNT=2"],
    ...["FREQ=DAILY;BYHOUR=3;COUNT=2", "FREQ=WEEKLY;BYDAY=XX;COUNT=2", "FREQ=WEEKLY;BYDAY=2MO;COUNT=2"],
    ...["FREQ=WEEKLY;BYMONTHDAY=3;COUNT=2", "FREQ=MONTHLY;BYMONTHDAY=32;COUNT=2", "FREQ=MONTHLY;BYDAY=6MO;COUNT=2"],
    ...["FREQ=DAILY;UNTIL=20271301", "FREQ=DAILY;UNTIL=soon", "FREQ=DAILY;COUNT=2;COUNT=3", "every day", ""],
    ...["FREQ=DAILY;UNTIL=20270101", "FREQ=DAILY;UNTIL=20271231", "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30;COUNT=2"],
  ];
  for (const rrule of refused) expect(() => at(rrule, "2027-02-01T18:00"), rrule).toThrow(RuleError);
  expect(at("FREQ=DAILY;COUNT=104", "2027-02-01T18:00")).toHaveLength(MAX_INSTANCES);
});

it("can be cut where it goes on otherwise", () => {
  const last = Temporal.PlainDateTime.from("2027-03-21T18:00");
  const cut = endingWith("FREQ=WEEKLY;COUNT=10", last);
  expect(cut).toBe("FREQ=WEEKLY;UNTIL=20270321T180000");
  expect(days(cut, "2027-03-14T18:00")).toEqual(["03-14", "03-21"]);
});
