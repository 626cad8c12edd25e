/** Lists of memberships and transactions: against a naive filter, page by page, and by their indexes. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { newId } from "../../../src/platform/ids.ts";
import { DAY } from "../../../src/platform/time.ts";
import { makeClub } from "../../support/club.ts";
import { stepsOf } from "../../support/query-plans.ts";
import { iso, type Person, type TestSpace } from "../../support/space.ts";
import type { Membership, MembershipTransaction, Plan } from "../../support/wire.ts";

interface Row {
  id: string;
  member_id: string;
  plan_id: string;
  status: string;
  ends_at: number;
}

interface Entry {
  id: string;
  membership_id: string;
  member_id: string;
  kind: string;
  at: number;
}

const START = Date.UTC(2027, 0, 1);
const pick = <T>(values: readonly T[], index: number): T => values[index % values.length] as T;

let space: TestSpace;
let people: Person[];
let plans: Plan[];
let rows: Row[];
let entries: Entry[];

beforeAll(async () => {
  const club = await makeClub();
  space = club.space;
  people = await Promise.all(Array.from({ length: 5 }, () => space.person()));
  plans = [await club.plan(100), await club.plan(200), await club.plan(300)];
  rows = Array.from({ length: 150 }, (_, index) => ({
    id: newId(),
    member_id: pick(people, index * 3 + Math.floor(index / 7)).member.id,
    plan_id: pick(plans, index * 5 + Math.floor(index / 4)).id,
    // One that is rare among many.
    status: index === 70 ? "active" : pick(["expired", "cancelled", "changed"], index),
    ends_at: START + Math.floor(index / 3) * DAY,
  }));
  entries = rows.flatMap(({ id, member_id }, index) =>
    ["join", "renewal", "expiry"].map((kind, step) => ({
      id: newId(),
      membership_id: id,
      member_id,
      kind,
      at: START + ((index * 7 + step * 50) % 160) * DAY,
    })),
  );
  await env.DB_000.batch([
    env.DB_000.prepare(
      `INSERT INTO memberships (makerspace_id, id, member_id, plan_id, status, starts_at, ends_at, lapses_at, billing_cycle,
         anchor_on, is_trial, auto_renew, paid_from, paid_minor, currency, created_at, updated_at)
       SELECT ?, value ->> 'id', value ->> 'member_id', value ->> 'plan_id', value ->> 'status', 1, value ->> 'ends_at',
         value ->> 'ends_at', 'monthly', '2027-01-01', 0, 0, 1, 0, 'EUR', 1, 1 FROM json_each(?)`,
    ).bind(space.id, JSON.stringify(rows)),
    env.DB_000.prepare(
      `INSERT INTO membership_transactions (makerspace_id, id, membership_id, member_id, plan_id, kind, amount_minor, currency,
         payment_status, period_from, period_to, breakdown, actor_id, created_at, updated_at)
       SELECT ?, value ->> 'id', value ->> 'membership_id', value ->> 'member_id', 'x', value ->> 'kind', 0, 'EUR', 'none', 1, 1,
         '{"price_minor":0,"discount_minor":0,"setup_fee_minor":0,"termination_fee_minor":0,"credit_minor":0}',
         'test', value ->> 'at', 1 FROM json_each(?)`,
    ).bind(space.id, JSON.stringify(entries)),
  ]);
}, 60_000);

const ordered = <T extends { id: string }>(found: T[], key: (row: T) => number): string[] =>
  found.toSorted((a, b) => key(a) - key(b) || (a.id < b.id ? -1 : 1)).map(({ id }) => id);

describe("the list of memberships", () => {
  it("is what a naive filter finds, for every combination, either way, on pages of any size", async () => {
    const [one, two] = plans.map(({ id }) => id);
    const from = START + 10 * DAY;
    const to = START + 40 * DAY;
    let tried = 0;
    for (const member_id of [undefined, people[1]?.member.id]) {
      for (const plan_ids of [[], [one], [one, two]]) {
        for (const statuses of [[], ["active"], ["expired", "cancelled"]]) {
          for (const range of [{}, { from }, { from, to }] as { from?: number; to?: number }[]) {
            const query = new URLSearchParams({ limit: pick(["100", "7", "23"], tried) });
            const sort = tried % 2 === 0 ? "ends_at" : "-ends_at";
            query.set("sort", sort);
            if (member_id) query.set("member_id", member_id);
            for (const id of plan_ids) query.append("plan_id", id ?? "");
            for (const status of statuses) query.append("status", status);
            if (range.from) query.set("ends_from", iso(range.from));
            if (range.to) query.set("ends_to", iso(range.to));
            const expected = ordered(
              rows.filter(
                (row) =>
                  (!member_id || row.member_id === member_id) &&
                  (plan_ids.length === 0 || plan_ids.includes(row.plan_id)) &&
                  (statuses.length === 0 || statuses.includes(row.status)) &&
                  row.ends_at >= (range.from ?? 0) &&
                  row.ends_at < (range.to ?? Number.POSITIVE_INFINITY),
              ),
              (row) => row.ends_at,
            );
            const found = await space.root.all<Membership>(space.path(`/memberships?${query}`));
            expect(
              found.map(({ id }) => id),
              query.toString(),
            ).toEqual(sort === "ends_at" ? expected : expected.reverse());
            tried += 1;
          }
        }
      }
    }
    expect(tried).toBe(54);
  }, 90_000);

  it("shows members their own, and nobody else's", async () => {
    const [ada, ben] = people as [Person, Person];
    const mine = rows.filter(({ member_id }) => member_id === ada.member.id);
    const found = await ada.api.all<Membership>(space.path("/memberships?limit=9"));
    expect(found.map(({ id }) => id)).toEqual(ordered(mine, (row) => row.ends_at));
    const code = async (path: string) => (await ada.api.refused("GET", space.path(path))).code;
    expect(await code(`/memberships?member_id=${ben.member.id}`)).toBe("forbidden");
    expect(await code(`/members/${ben.member.id}/memberships`)).toBe("not_found");
    const theirs = rows.find(({ member_id }) => member_id === ben.member.id);
    expect(await code(`/memberships/${theirs?.id}`)).toBe("not_found");
    const entry = entries.find(({ member_id }) => member_id === ben.member.id);
    expect(await code(`/membership_transactions/${entry?.id}`)).toBe("not_found");
    expect(await code(`/membership_transactions?member_id=${ben.member.id}`)).toBe("forbidden");
    const history = await ada.api.all<Membership>(space.path(`/members/${ada.member.id}/memberships?limit=11`));
    expect(history.map(({ id }) => id)).toEqual(mine.map(({ id }) => id).reverse());
  });
});

describe("the list of transactions", () => {
  it("is what a naive filter finds, newest first unless told", async () => {
    const membership = rows[3]?.id;
    const member = people[2]?.member.id;
    const [from, to] = [START + 20 * DAY, START + 90 * DAY];
    const filters: [string, (entry: Entry) => boolean][] = [
      ["", () => true],
      ["kind=join&kind=expiry", ({ kind }) => kind !== "renewal"],
      [`member_id=${member}`, ({ member_id }) => member_id === member],
      [`member_id=${member}&kind=renewal`, ({ member_id, kind }) => member_id === member && kind === "renewal"],
      [`membership_id=${membership}`, ({ membership_id }) => membership_id === membership],
      [`membership_id=${membership}&kind=join`, (one) => one.membership_id === membership && one.kind === "join"],
      [
        `membership_id=${membership}&member_id=${member}`,
        (one) => one.membership_id === membership && one.member_id === member,
      ],
    ];
    for (const [index, [query, matches]] of filters.entries()) {
      for (const range of [false, true]) {
        const bounds = range ? `&created_from=${iso(from)}&created_to=${iso(to)}` : "";
        const path = `/membership_transactions?limit=${pick([13, 100], index)}&${query}${bounds}`;
        const expected = ordered(
          entries.filter((one) => matches(one) && (!range || (one.at >= from && one.at < to))),
          (one) => one.at,
        );
        const forward = await space.root.all<MembershipTransaction>(space.path(`${path}&sort=created_at`));
        expect(
          forward.map(({ id }) => id),
          path,
        ).toEqual(expected);
        const backward = await space.root.all<MembershipTransaction>(space.path(path));
        expect(backward.map(({ id }) => id)).toEqual(expected.reverse());
      }
    }
  }, 60_000);
});

describe("every list here", () => {
  const steps = (path: string): Promise<string[]> =>
    stepsOf(space.root, space.path(path), /from "(plans|memberships|membership_transactions)"/);

  it("walks an index in the order of the page; only one member's few are sorted", async () => {
    const [plan] = plans;
    const range = `ends_from=${iso(START)}&ends_to=${iso(START + DAY)}`;
    const paths = [
      ...[
        "",
        "status=active",
        `status=active&${range}`,
        `plan_id=${plan?.id}`,
        `plan_id=${plan?.id}&status=expired&${range}`,
      ].map((query) => `/memberships?${query}`),
      ...[
        "",
        "kind=join",
        `created_from=${iso(START)}`,
        `membership_id=${rows[0]?.id}&kind=join`,
        "member_id=x&kind=join",
        "payer_member_id=x",
        "payer_member_id=x&kind=join&kind=expiry",
      ].map((query) => `/membership_transactions?${query}`),
      `/members/${people[0]?.member.id}/memberships`,
      `/plans/${plan?.id}/members`,
      ...["", "status=archived", "plan_type=free", "visibility=staff&status=active", "external_id=x"].map(
        (query) => `/plans?${query}`,
      ),
    ];
    for (const path of paths) {
      const found = await steps(path);
      expect(found.filter((step) => /: SCAN |TEMP B-TREE/.test(step))).toEqual([]);
    }
    const member = `member_id=${people[0]?.member.id}`;
    const few = [
      ...(await steps(`/memberships?${member}&status=expired`)),
      ...(await steps(`/memberships?${member}&plan_id=${plan?.id}&${range}`)),
      ...(await steps(`/memberships?${member}`)),
    ];
    expect(few.filter((step) => / SCAN /.test(step))).toEqual([]);
    expect(few.filter((step) => !step.includes("memberships_by_member") && !step.includes("TEMP B-TREE"))).toEqual([]);
  });
});
