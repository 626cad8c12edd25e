/** Every table that holds something of people says so, and an export holds all of it. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { personalData } from "../../../src/personal-data.ts";
import { makeKnown, marksOf } from "../../support/personal.ts";
import { makeTwoSpaces, until } from "../../support/space.ts";
import type { Job } from "../../support/wire.ts";
import { downloadZip, textIn } from "../../support/zip.ts";

/** Columns that sound as if they led to a person. */
const PERSONAL =
  /(^|_)(members?|users?|e?mails?|phone|first_name|last_name|by|actor|recipient|viewer|address|person|guardian|contact|guest|host|payer|owner|birth|holder|subject_id)(_|$)/;

/** Columns that only sound so. */
const harmless: Readonly<Record<string, string>> = {
  "audit_erasures.by_seq": "the number of an audit entry",
  "audit_log.actor_kind": "a kind of actor",
  "settings_history.actor_kind": "a kind of actor",
  "makerspace_settings.show_holder": "a setting",
  "plans.guest_passes_per_cycle": "a number of passes",
  "booking_claims.settled_by": "the version of a row",
  "plans.max_members": "a number of places",
};

const columnsIn = async (database: D1Database): Promise<{ table: string; column: string }[]> => {
  const { results } = await database
    .prepare(
      `SELECT m.name AS "table", c.name AS "column" FROM sqlite_master m, pragma_table_info(m.name) c
       WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE '_cf_%' AND m.name NOT LIKE 'd1_%'
         AND m.name NOT LIKE 'member_search%'`,
    )
    .all<{ table: string; column: string }>();
  return results;
};

interface Exported {
  member_id: string;
  withheld: { table: string; reason: string }[];
  data: Record<string, { about: string; rows: Record<string, unknown>[] }>;
}

describe("the registry", () => {
  it("accounts for every column of both databases that sounds as if it led to a person", async () => {
    const accounted = new Set(
      personalData.flatMap(({ name, columns }) => columns.map((column) => `${name}.${column}`)),
    );
    const found = [...(await columnsIn(env.DB_000)), ...(await columnsIn(env.DIRECTORY))];
    expect(found.length).toBeGreaterThan(300);
    const missing = found
      .filter(({ column }) => PERSONAL.test(column))
      .map(({ table, column }) => `${table}.${column}`)
      .filter((name) => !accounted.has(name) && !(name in harmless));
    expect(missing).toEqual([]);
  });

  it("names each table once, and tells people what is held there", () => {
    const names = personalData.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { about } of personalData) expect(about).toMatch(/^[A-Z].{10,}\.$/);
  });
});

describe("an export", () => {
  it("holds something out of every table that knows something of the person, and nothing of others", async () => {
    const { space, ada, ben, marks, member_id } = await makeKnown();
    const started = await ada.api.post<Job>(space.path(`/members/${member_id}/data_exports`));
    const job = await until("the export", async () => {
      const now = await ada.api.get<Job>(space.path(`/jobs/${started.id}`));
      return now.status === "succeeded" && now;
    });
    const exported = JSON.parse(textIn(await downloadZip(job.result_url ?? ""), "data.json")) as Exported;
    expect(exported.member_id).toBe(member_id);
    const empty = personalData
      .filter(({ exported }) => !("withheld" in exported))
      .filter(({ name }) => (exported.data[name]?.rows.length ?? 0) === 0)
      .map(({ name }) => name);
    expect(empty).toEqual([]);
    const text = JSON.stringify(exported);
    for (const mark of marksOf(marks)) expect(text).toContain(mark);
    expect(exported.data.members?.rows).toMatchObject([{ email: ada.email, notes: marks.text, phone: marks.phone }]);
    const booking = { purpose: marks.text, starts_at: expect.stringMatching(/Z$/) };
    expect(exported.data.reservations?.rows).toMatchObject([booking, booking, booking]);
    for (const other of [ben.email, ben.member.id, ben.sub]) expect(text).not.toContain(other);
    expect(exported.withheld.map(({ table }) => table)).toContain("webhook_deliveries");
  });

  it("is one's own alone, or staff's who may", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [one, other, admin] = [await home.person(), await home.person(), await home.as("makerspace_admin")];
    const path = home.path(`/members/${one.member.id}/data_exports`);
    expect((await other.api.refused("POST", path)).code).toBe("not_found");
    expect((await (await home.as("desk")).api.refused("POST", path)).code).toBe("not_found");
    const { id } = await admin.api.post<Job>(path);
    const done = await until("the export", async () => {
      const job = await admin.api.get<Job>(home.path(`/jobs/${id}`));
      return job.status === "succeeded" && job;
    });
    expect(done.result_url).toMatch(/^\/api\/v1\/files\//);
    expect((await other.api.refused("GET", home.path(`/jobs/${id}`))).code).toBe("not_found");
    const far = await abroad.person();
    const elsewhere = home.path(`/members/${far.member.id}/data_exports`);
    expect((await home.root.refused("POST", elsewhere)).code).toBe("not_found");
  });
});
