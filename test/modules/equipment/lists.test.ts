/** Lists: each combination of filters against a naive filter over all rows, pages that neither lose nor repeat, and bounded plans. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { reservationStatuses } from "../../../src/modules/equipment/model.ts";
import { newId } from "../../../src/platform/ids.ts";
import { HOUR } from "../../../src/platform/time.ts";
import type { Api, Page } from "../../support/api.ts";
import { faulty, through } from "../../support/faults.ts";
import { iso, makeSpace, type Person, type TestSpace } from "../../support/space.ts";
import type { Equipment, Reservation, Session } from "../../support/wire.ts";

interface Row {
  id: string;
  equipment_id: string;
  member_id: string;
  status: string;
  at: number;
  updated_at: number;
}

const START = Date.UTC(2027, 0, 1);
const pick = <T>(values: readonly T[], index: number): T => values[index % values.length] as T;

let space: TestSpace;
let people: Person[];
let machines: Equipment[];
let reservations: Row[];
let sessions: Row[];

/** Rows as the projection would write them, many of them at the same instant; one status is rare. */
function makeRows(count: number, statuses: readonly string[]): Row[] {
  return Array.from({ length: count }, (_, index) => ({
    id: newId(),
    equipment_id: pick(machines, index * 7).id,
    member_id: pick(people, index * 3 + Math.floor(index / 5)).member.id,
    status: index === 17 ? pick(statuses, 7) : pick(statuses.slice(0, -1), index * 5 + Math.floor(index / 11)),
    at: START + Math.floor(index / 3) * HOUR,
    updated_at: START + ((index * 37) % count) * 1_000,
  })).sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

const insertReservations = (rows: Row[]) =>
  env.DB_000.prepare(
    `INSERT INTO reservations (makerspace_id, id, equipment_id, member_id, status, starts_at, ends_at, created_by, version, created_at, updated_at, projected_at)
     SELECT ?, value ->> 'id', value ->> 'equipment_id', value ->> 'member_id', value ->> 'status', value ->> 'at', (value ->> 'at') + 1,
       'test', 1, 1, value ->> 'updated_at', value ->> 'updated_at' FROM json_each(?)`,
  ).bind(space.id, JSON.stringify(rows));

const insertSessions = (rows: Row[]) =>
  env.DB_000.prepare(
    `INSERT INTO sessions (makerspace_id, id, equipment_id, member_id, status, started_at, planned_end_at, version, created_at, updated_at, projected_at)
     SELECT ?, value ->> 'id', value ->> 'equipment_id', value ->> 'member_id', value ->> 'status', value ->> 'at', (value ->> 'at') + 1,
       1, 1, value ->> 'updated_at', value ->> 'updated_at' FROM json_each(?)`,
  ).bind(space.id, JSON.stringify(rows));

beforeAll(async () => {
  space = await makeSpace();
  people = await Promise.all(Array.from({ length: 4 }, () => space.person()));
  machines = await Promise.all(Array.from({ length: 4 }, () => space.machine()));
  reservations = makeRows(240, reservationStatuses);
  sessions = makeRows(160, ["active", "completed", "completed"]);
  await env.DB_000.batch([insertReservations(reservations), insertSessions(sessions)]);
}, 60_000);

interface Filter {
  member_id?: string | undefined;
  equipment_id?: string[] | undefined;
  status?: string[] | undefined;
  from?: number | undefined;
  to?: number | undefined;
}

/** Every combination of some values of each filter. */
function filters(statuses: (string[] | undefined)[]): Filter[] {
  const [one, two] = machines.map((machine) => machine.id);
  const equipment = [undefined, one ? [one] : [], one && two ? [one, two] : []];
  const ranges = [
    {},
    { from: START + 20 * HOUR },
    { to: START + 40 * HOUR },
    { from: START + 9 * HOUR, to: START + 31 * HOUR },
  ];
  const holders = [undefined, people[0]?.member.id];
  return holders.flatMap((member_id) =>
    equipment.flatMap((equipment_id) =>
      statuses.flatMap((status) => ranges.map((range) => ({ member_id, equipment_id, status, ...range }))),
    ),
  );
}

const naive = (rows: Row[], filter: Filter): string[] =>
  rows
    .filter(
      (row) =>
        (filter.member_id === undefined || row.member_id === filter.member_id) &&
        (filter.equipment_id === undefined || filter.equipment_id.includes(row.equipment_id)) &&
        (filter.status === undefined || filter.status.includes(row.status)) &&
        (filter.from === undefined || row.at >= filter.from) &&
        (filter.to === undefined || row.at < filter.to),
    )
    .map((row) => row.id);

function queryOf(filter: Filter, [from, to]: [string, string], more: Record<string, string>): string {
  const query = new URLSearchParams(more);
  if (filter.member_id !== undefined) query.set("member_id", filter.member_id);
  for (const id of filter.equipment_id ?? []) query.append("equipment_id", id);
  for (const status of filter.status ?? []) query.append("status", status);
  if (filter.from !== undefined) query.set(from, iso(filter.from));
  if (filter.to !== undefined) query.set(to, iso(filter.to));
  return query.toString();
}

describe("the list of reservations", () => {
  it("is what a naive filter finds, for every combination, either way, on pages of any size", async () => {
    const { api } = await space.as("desk");
    const all = filters([undefined, ["approved"], ["no_show"], ["pending", "cancelled", "expired"]]);
    for (const [index, filter] of all.entries()) {
      const sort = index % 2 === 0 ? "starts_at" : "-starts_at";
      const limit = pick(["100", "23", "7"], index);
      const query = queryOf(filter, ["starts_from", "starts_to"], { sort, limit });
      const found = await api.all<Reservation>(space.path(`/reservations?${query}`));
      const expected = naive(reservations, filter);
      expect(
        found.map((row) => row.id),
        query,
      ).toEqual(sort === "starts_at" ? expected : expected.reverse());
    }
    expect(all.length).toBe(96);
  }, 60_000);

  it("shows members the same times, and their own by `me`", async () => {
    const [{ api, member }] = people as [Person];
    const found = await api.all<Reservation>(space.path("/reservations?limit=100"));
    expect(found.map((row) => row.id)).toEqual(reservations.map((row) => row.id));
    expect(found.filter((row) => row.mine).map((row) => row.id)).toEqual(naive(reservations, { member_id: member.id }));
    const mine = await api.all<Reservation>(space.path("/reservations?member_id=me&limit=10"));
    expect(mine.map((row) => row.id)).toEqual(naive(reservations, { member_id: member.id }));
  });

  it("tells what changed since a moment, oldest change first, and with no other filter", async () => {
    const since = START + 100_000;
    const found = await space.root.all<Reservation>(space.path(`/reservations?limit=50&updated_since=${iso(since)}`));
    const changed = reservations.filter((row) => row.updated_at >= since);
    changed.sort((a, b) => a.updated_at - b.updated_at || (a.id < b.id ? -1 : 1));
    expect(found.map((row) => row.id)).toEqual(changed.map((row) => row.id));
    const refused = await space.root.refused(
      "GET",
      space.path(`/reservations?updated_since=${iso(since)}&status=pending`),
    );
    expect(refused.code).toBe("invalid_parameter");
  });

  it("refuses more combinations than a page is worth", async () => {
    const ids = Array.from({ length: 20 }, () => `equipment_id=${newId()}`).join("&");
    expect((await space.root.refused("GET", space.path(`/reservations?${ids}`))).code).toBe("invalid_parameter");
  });
});

describe("the list of sessions", () => {
  it("is what a naive filter finds, for every combination, either way, on pages of any size", async () => {
    const { api } = await space.as("desk");
    const all = filters([undefined, ["active"], ["active", "completed"]]);
    for (const [index, filter] of all.entries()) {
      const sort = index % 2 === 0 ? "started_at" : "-started_at";
      const limit = pick(["100", "23", "7"], index);
      const query = queryOf(filter, ["started_from", "started_to"], { sort, limit });
      const found = await api.all<Session>(space.path(`/sessions?${query}`));
      const expected = naive(sessions, filter);
      expect(
        found.map((row) => row.id),
        query,
      ).toEqual(sort === "started_at" ? expected : expected.reverse());
    }
    expect(all.length).toBe(72);
  }, 60_000);

  it("shows members their own", async () => {
    const [{ api, member }] = people as [Person];
    const found = await api.all<Session>(space.path("/sessions?sort=started_at&limit=11"));
    expect(found.map((row) => row.id)).toEqual(naive(sessions, { member_id: member.id }));
  });
});

describe("a list", () => {
  it("refuses a cursor of another list, another filter, or of nobody", async () => {
    const space = await makeSpace();
    for (const _ of [1, 2, 3]) await space.machine();
    const { next_cursor } = await space.root.get<Page<Equipment>>(space.path("/equipment?limit=1"));
    const cursor = encodeURIComponent(next_cursor ?? "");
    expect((await space.root.send("GET", space.path(`/equipment?limit=2&cursor=${cursor}`))).status).toBe(200);
    for (const path of [
      `/equipment?category=laser_cutter&cursor=${cursor}`,
      `/members?cursor=${cursor}`,
      "/equipment?cursor=x",
    ]) {
      expect(await space.root.refused("GET", space.path(path))).toMatchObject({ status: 400, code: "invalid_cursor" });
    }
  });

  it("shows every row once while others are added", async () => {
    const space = await makeSpace();
    const before = await Promise.all(Array.from({ length: 12 }, () => space.machine()));
    const found: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Page<Equipment> = await space.root.get(space.path(`/equipment?limit=5${query}`));
      found.push(...page.data.map((machine) => machine.id));
      cursor = page.next_cursor;
      if (found.length < 15) await space.machine();
    }
    expect(new Set(found).size).toBe(found.length);
    expect(found).toEqual(expect.arrayContaining(before.map((machine) => machine.id)));
  });
});

describe("the plan of a list", () => {
  /** The statements behind a request that read a table of rows, as SQLite will run them. */
  async function plansOf(api: Api, path: string): Promise<string[]> {
    const statements: string[] = [];
    const note = { before: (texts: readonly string[]) => void statements.push(...texts) };
    const world = { DB_000: faulty(env.DB_000, note), DIRECTORY: faulty(env.DIRECTORY, note) };
    await api.by(through(world)).get(path);
    const plans = statements.map(async (text) => {
      const database = /"(makerspaces|membership_index|denylist|principals)"/.test(text) ? env.DIRECTORY : env.DB_000;
      const unknown = Array.from({ length: text.split("?").length - 1 }, () => null);
      const { results } = await database
        .prepare(`EXPLAIN QUERY PLAN ${text}`)
        .bind(...unknown)
        .all<{ detail: string }>();
      return results.map((step) => `${step.detail} in: ${text}`);
    });
    return (await Promise.all(plans)).flat();
  }

  const isUnbounded = (step: string): boolean =>
    (/^SCAN /.test(step) && !/^SCAN json_each/.test(step)) || step.startsWith("USE TEMP B-TREE FOR ORDER BY");

  /** The columns that a walk over a growing table compares without the help of its index. */
  const comparedByHand = (step: string): string[] => {
    if (!/^SEARCH (reservations|sessions|outages|equipment|members) /.test(step)) return [];
    const [detail = "", text = ""] = step.split(" in: ");
    const compared = [...text.matchAll(/"(?:reservations|sessions|outages|equipment|members)"\."(\w+)" = \?/g)].map(
      (match) => match[1] ?? "",
    );
    // A member's sessions are few enough to look through for a machine.
    const isSmall = (column: string): boolean => column === "equipment_id" && detail.includes("member_id=?");
    return compared
      .filter((column) => !detail.includes(`${column}=?`) && !isSmall(column))
      .map((column) => `${column}: ${step}`);
  };

  it("look for a machine's running session on its own index", async () => {
    const space = await makeSpace();
    const [machine, { api }] = [await space.machine(), await space.as("makerspace_admin")];
    for (const path of ["/equipment", `/equipment/${machine.id}`]) {
      const steps = (await plansOf(api, space.path(path))).filter((step) => /\bSEARCH s\b|\bSCAN s\b/.test(step));
      expect(steps.length).toBeGreaterThan(0);
      for (const step of steps) expect(step).toContain("sessions_by_equipment");
    }
  });

  it("walks an index in the order of the page: it neither scans a table nor sorts it", async () => {
    const [one] = machines;
    const [me] = people;
    const on = `equipment_id=${one?.id}`;
    const holder = `member_id=${me?.member.id}`;
    const rows = ["", on, holder, `${on}&${holder}`, "status=no_show", `${on}&status=no_show&status=pending`];
    const paths = [
      ...rows.map((query) => `/reservations?${query}`),
      `/reservations?sort=-starts_at&starts_from=${iso(START)}&starts_to=${iso(START + HOUR)}`,
      `/reservations?updated_since=${iso(START)}`,
      ...["", on, holder, `${on}&${holder}`, "status=active", `${holder}&status=active`].map(
        (query) => `/sessions?${query}`,
      ),
      ...["", on, "status=open", `${on}&status=lifted&sort=-starts_at&starts_from=${iso(START)}`].map(
        (query) => `/outages?${query}`,
      ),
      ...["", "category=laser_cutter", "status=offline", "status=offline&status=available", "retired=include"].map(
        (query) => `/equipment?${query}`,
      ),
      "/equipment?category=laser_cutter&status=offline&retired=include",
      `/equipment?owner_member_id=${me?.member.id}`,
      ...["", "role=user", "role=user&role=admin", "status=active", "status=active&status=pending"].map(
        (query) => `/members?${query}`,
      ),
      "/members?role=user&status=suspended",
      "/members?external_id=x",
      "/equipment?external_id=x",
      "/notifications",
      "/tablets",
      "/jobs",
      "/dead_letters",
    ];
    const { api } = await space.as("makerspace_admin");
    const steps = await Promise.all(paths.map((path) => plansOf(api, space.path(path))));
    steps.push(await plansOf(api, "/api/v1/me/reservations"), await plansOf(api, "/api/v1/makerspaces"));
    expect(steps.flat().filter(isUnbounded)).toEqual([]);
    expect(steps.flat().flatMap(comparedByHand)).toEqual([]);
    expect(steps.every((found) => found.some((step) => step.startsWith("SEARCH")))).toBe(true);
  });
});
