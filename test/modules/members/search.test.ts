/** Search among ten thousand members, and what a page of them costs. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { memberRoles } from "../../../src/platform/access/permissions.ts";
import { membershipStatuses } from "../../../src/platform/access/statuses.ts";
import { HOUR } from "../../../src/platform/time.ts";
import type { Page } from "../../support/api.ts";
import { faulty, through } from "../../support/faults.ts";
import { iso, makeSpace } from "../../support/space.ts";
import type { DirectoryEntry, Member } from "../../support/wire.ts";
import { type Crowd, isFoundBy, makeCrowd, pagesOf, type Row, START } from "./crowd.ts";

let crowd: Crowd;

beforeAll(async () => {
  crowd = await makeCrowd();
}, 120_000);

describe("a search", () => {
  const matching = (text: string): Row[] => crowd.rows.filter((row) => isFoundBy(row, text));

  it("finds members by the beginning of any of their names and of their address, in any turn, each once", async () => {
    const texts = [
      "ZOE",
      "ångström 1",
      "1 Angstrom",
      "maria ad",
      "adams 12 anna",
      "berg",
      "garcia jose",
      "zoe.77",
      "ma an",
    ];
    for (const text of [...texts, "makers.test", "nobody here", `"a" OR b`, "names:x*", "a".repeat(80)]) {
      const expected = matching(text).map(({ id }) => id);
      const found = await pagesOf(crowd, crowd.staff.api, `q=${encodeURIComponent(text)}&limit=100`);
      expect(found, text).toEqual(expected.slice(0, found.length));
      expect(found.length, text).toBeGreaterThanOrEqual(Math.min(300, expected.length));
    }
    expect(matching("ZOE").length).toBeGreaterThan(300);
    expect((await crowd.staff.api.refused("GET", crowd.space.path("/members?q=%22*"))).code).toBe("invalid_parameter");
  }, 60_000);

  it("keeps to a status", async () => {
    const expected = matching("anna").filter(({ status }) => status === "suspended");
    const found = await pagesOf(crowd, crowd.staff.api, "q=anna&status=suspended");
    expect(found.sort()).toEqual(expected.map(({ id }) => id).sort());
  });

  it("by members finds active ones by name, never by address, and tells no more than an entry", async () => {
    const one = crowd.rows.find(({ status, email }) => status === "active" && email.includes("grace")) as Row;
    expect(await pagesOf(crowd, crowd.user.api, `q=${encodeURIComponent(one.email)}`)).toEqual([]);
    expect(await pagesOf(crowd, crowd.staff.api, `q=${encodeURIComponent(one.email)}`)).toContain(one.id);
    const { data } = await crowd.user.api.get<Page<DirectoryEntry>>(crowd.space.path("/members?q=grace&limit=100"));
    expect(data.length).toBe(100);
    for (const entry of data) expect(Object.keys(entry).sort()).toEqual(["display_name", "id", "public_skills"]);
    const active = new Set(crowd.rows.filter(({ status }) => status === "active").map(({ id }) => id));
    expect(data.filter(({ id }) => !active.has(id))).toEqual([]);
    for (const filter of ["tag=night", "status=left", "sort=last_seen_at", "role=admin"]) {
      expect((await crowd.user.api.refused("GET", crowd.space.path(`/members?${filter}`))).code).toBe("forbidden");
    }
  });

  it("finds somebody new at once, by their new name once they are renamed, and by their status", async () => {
    const home = await makeSpace();
    const idsOf = async (query: string) =>
      (await home.root.all<Member>(home.path(`/members?${query}`))).map(({ id }) => id);
    const { member } = await home.person({ first_name: "Hedy", last_name: "Lamarr" });
    expect(await idsOf("q=lam")).toEqual([member.id]);
    await home.root.patch(home.path(`/members/${member.id}`), { last_name: "Kiesler", tags: ["actor"] });
    expect([await idsOf("q=lam"), await idsOf("q=kies")]).toEqual([[], [member.id]]);
    await home.root.post(home.path(`/members/${member.id}/suspend`), { reason: "x" });
    expect(await idsOf("q=kies&status=active")).toEqual([]);
    expect(await idsOf("q=kies&status=suspended")).toEqual([member.id]);
    expect(await idsOf("tag=actor&status=suspended")).toEqual([member.id]);
  });
});

describe("a page of ten thousand members", () => {
  const queries = [
    "",
    "role=admin",
    "status=suspended",
    "role=user&role=admin",
    "role=admin&status=active",
    "external_id=x",
    ...["name", "-name"].flatMap((sort) => [
      `sort=${sort}`,
      `sort=${sort}&role=admin`,
      `sort=${sort}&status=suspended`,
    ]),
    ...["joined_at", "-joined_at", "last_seen_at", "-last_seen_at"].map((sort) => `sort=${sort}`),
    `joined_from=${iso(START + 500 * HOUR)}&status=suspended`,
    `updated_since=${iso(START)}`,
    "tag=night",
    "tag=founder",
    "tag=night&status=suspended",
    "q=a",
    "q=a&status=suspended",
    "q=zoe",
    "q=makers.test",
    "plan_id=x",
  ];

  interface Told {
    meta?: { rows_read?: number };
  }

  /** Rows that a request reads in the makerspace's database. */
  async function rowsRead(path: string): Promise<number> {
    let read = 0;
    const after = (_: readonly string[], result: unknown): void => {
      for (const told of [result].flat() as Told[]) read += told.meta?.rows_read ?? 0;
    };
    await crowd.staff.api.by(through({ DB_000: faulty(env.DB_000, { after }) })).get(path);
    return read;
  }

  it("reads a page's worth of rows, whatever is asked, on the first page and on a later one", async () => {
    const costs: [string, number][] = [];
    for (const query of queries) {
      costs.push([query, await rowsRead(crowd.space.path(`/members?limit=10&${query}`))]);
      const { next_cursor } = await crowd.staff.api.get<Page<Member>>(crowd.space.path(`/members?limit=10&${query}`));
      if (next_cursor === null) continue;
      const later = `${query}&cursor=${encodeURIComponent(next_cursor)}`;
      costs.push([`${query} later`, await rowsRead(crowd.space.path(`/members?limit=10&${later}`))]);
    }
    // Eleven crowd.rows on each of at most twenty walks, with duties and labels beside them.
    expect(costs.filter(([, read]) => read > 1_500)).toEqual([]);
    expect(costs.every(([, read]) => read > 0)).toBe(true);
    console.log(`members: at most ${Math.max(...costs.map(([, read]) => read))} rows read per page of 10`);
  }, 60_000);

  it("counts without reading much more than it tells", async () => {
    const costs: [string, number][] = [];
    for (const query of queries) {
      costs.push([query, await rowsRead(crowd.space.path(`/members?limit=1&count=true&${query}`))]);
    }
    expect(costs.filter(([, read]) => read > 6_000)).toEqual([]);
  }, 60_000);

  it("has every role and status to choose from", () => {
    expect([...new Set(crowd.rows.map(({ status }) => status))].sort()).toEqual([...membershipStatuses].sort());
    expect(crowd.rows.every(({ role }) => (memberRoles as readonly string[]).includes(role))).toBe(true);
  });
});
