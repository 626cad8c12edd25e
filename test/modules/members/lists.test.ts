/** Lists of members in a makerspace of ten thousand: what a naive filter finds. */

import { beforeAll, describe, expect, it } from "vitest";
import { HOUR } from "../../../src/platform/time.ts";
import { iso } from "../../support/space.ts";
import { type Crowd, isFoundBy, makeCrowd, pagesOf, pick, type Row, START } from "./crowd.ts";

let crowd: Crowd;

beforeAll(async () => {
  crowd = await makeCrowd();
}, 120_000);

const compare = (a: string | number, b: string | number): number => (a < b ? -1 : a > b ? 1 : 0);

interface Given {
  role?: string[];
  status?: string[];
  joined_from?: number;
  joined_to?: number;
  tag?: string;
}

const naive = (given: Given, key: (row: Row) => string | number, sign = 1): string[] =>
  crowd.rows
    .filter(
      (row) =>
        (!given.role || given.role.includes(row.role)) &&
        (!given.status || given.status.includes(row.status)) &&
        (given.tag === undefined || row.tags.includes(given.tag)) &&
        (given.joined_from === undefined || row.joined_at >= given.joined_from) &&
        (given.joined_to === undefined || row.joined_at < given.joined_to),
    )
    .sort((a, b) => sign * (compare(key(a), key(b)) || compare(a.id, b.id)))
    .map((row) => row.id);

function queryOf(given: Given, more: Record<string, string>): string {
  const query = new URLSearchParams(more);
  for (const role of given.role ?? []) query.append("role", role);
  for (const status of given.status ?? []) query.append("status", status);
  if (given.tag !== undefined) query.set("tag", given.tag);
  if (given.joined_from !== undefined) query.set("joined_from", iso(given.joined_from));
  if (given.joined_to !== undefined) query.set("joined_to", iso(given.joined_to));
  return query.toString();
}

describe("the list of members", () => {
  const statuses = [undefined, ["suspended"], ["active", "left"]];

  it("is what a naive filter finds, by every sort with each of its filters, either way", async () => {
    const keys = {
      name: (row: Row) => row.sort_name,
      joined_at: (row: Row) => row.joined_at,
      last_seen_at: (row: Row) => row.last_seen_at,
    };
    const ranges = [{}, { joined_from: START + 99 * HOUR, joined_to: START + 140 * HOUR }];
    const given = {
      name: [undefined, ["admin"], ["user", "service_provider"]].map((role) => ({ ...(role && { role }) })),
      joined_at: ranges,
      last_seen_at: [{}],
    } satisfies Record<keyof typeof keys, Given[]>;
    for (const name of Object.keys(keys) as (keyof typeof keys)[]) {
      for (const [index, status] of statuses.entries()) {
        for (const filter of given[name]) {
          const all: Given = { ...filter, ...(status && { status }) };
          const sign = index % 2 === 0 ? 1 : -1;
          const query = queryOf(all, { sort: sign === 1 ? name : `-${name}`, limit: pick(["100", "61"], index) });
          const expected = naive(all, keys[name], sign);
          const found = await pagesOf(crowd, crowd.staff.api, query);
          expect(found, query).toEqual(expected.slice(0, found.length));
          expect(found.length, query).toBeGreaterThanOrEqual(Math.min(300, expected.length));
        }
      }
    }
  }, 120_000);

  it("is found by a label and a status", async () => {
    for (const tag of ["night", "founder", "nobody"]) {
      for (const status of statuses) {
        const all: Given = { tag, ...(status && { status }) };
        const expected = naive(all, (row) => row.id);
        const found = await pagesOf(crowd, crowd.staff.api, queryOf(all, { limit: "100" }));
        expect(found).toEqual(expected.slice(0, found.length));
        expect(found.length).toBeGreaterThanOrEqual(Math.min(300, expected.length));
      }
    }
  }, 60_000);

  it("tells what changed since a moment, oldest change first", async () => {
    const since = START + 9_800_000;
    const expected = crowd.rows
      .filter((row) => row.updated_at >= since)
      .sort((a, b) => compare(a.updated_at, b.updated_at) || compare(a.id, b.id))
      .map(({ id }) => id);
    expect(await pagesOf(crowd, crowd.staff.api, `updated_since=${iso(since)}&limit=90`)).toEqual(expected);
  });

  it("counts when it is asked, up to a thousand", async () => {
    const countOf = async (query: string) =>
      (await crowd.staff.api.get<{ count?: object }>(crowd.space.path(`/members?limit=1&${query}`))).count;
    expect(await countOf("")).toBeUndefined();
    expect(await countOf("count=true")).toEqual({ value: 1_000, capped: true });
    expect(await countOf("count=true&status=suspended")).toEqual({ value: 4, capped: false });
    expect(await countOf("count=true&role=admin")).toEqual({ value: 1, capped: false });
    expect(await countOf("count=true&tag=founder")).toEqual({ value: 4, capped: false });
    const range = { joined_from: START, joined_to: START + 10 * HOUR };
    const due = { value: naive(range, (row) => row.id).length, capped: false };
    expect(await countOf(queryOf(range, { count: "true" }))).toEqual(due);
    const found = crowd.rows.filter((row) => isFoundBy(row, "jose.2"));
    expect(await countOf("count=true&q=jose.2")).toEqual({ value: found.length, capped: false });
  });

  it("refuses filters that no index carries together, and says which do", async () => {
    const refused = [
      "sort=joined_at&role=user",
      "q=ada&role=user",
      "tag=night&sort=name",
      `updated_since=${iso(START)}&status=active`,
    ];
    for (const query of refused) {
      const problem = await crowd.staff.api.refused("GET", crowd.space.path(`/members?${query}`));
      expect(problem, query).toMatchObject({ code: "invalid_parameter", detail: expect.stringContaining("goes with") });
    }
  });
});
