/** Members in and out as CSV. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { tidyFiles } from "../../../src/platform/files.ts";
import { DAY } from "../../../src/platform/time.ts";
import type { Api } from "../../support/api.ts";
import { ORIGIN } from "../../support/api.ts";
import { makeSpace, type TestSpace, until } from "../../support/space.ts";
import type { Job, Member } from "../../support/wire.ts";

interface Report {
  dry_run: boolean;
  results: { line: number; email: string; ok: boolean; member_id: string | null; problem?: { code: string } }[];
}

/** Waits for a job and reads the file that it left. */
async function fileOf(space: TestSpace, api: Api, job: Job): Promise<{ job: Job; text: string }> {
  const done = await until("the job", async () => {
    const now = await api.get<Job>(space.path(`/jobs/${job.id}`));
    return now.status === "succeeded" && now;
  });
  const response = await api.way(new Request(ORIGIN + done.result_url));
  return { job: done, text: await response.text() };
}

async function load(space: TestSpace, api: Api, csv: string, dry_run = false): Promise<Report> {
  const job = await api.post<Job>(space.path("/members/import"), { csv, dry_run });
  const { text } = await fileOf(space, api, job);
  return JSON.parse(text) as Report;
}

const told = ({ results }: Report): string[] => results.map(({ line, problem }) => `${line} ${problem?.code ?? "ok"}`);

describe("an import of members", () => {
  const csv = [
    "email,first_name,last_name,role,tags,external_id,duties,joined_at",
    'ADA@example.org,Ada,"Byron, Countess",user,night;founder,x-1,desk,2020-01-02T03:04:05Z',
    "not an address,Bob,,,,,,",
    "ada@example.org,Ada again,,,,,,",
    "cy@example.org,Cy,,king,,,,",
    "dee@example.org,Dee,,,,x-1,,",
    "eve@example.org,Eve,,,,,,,surplus",
    "fay@example.org,Fay,Wray,,,,,",
  ].join("\r\n");
  const due = [
    "2 ok",
    "3 invalid_body",
    "4 email_taken",
    "5 invalid_body",
    "6 external_id_taken",
    "7 invalid_body",
    "8 ok",
  ];

  it("takes a row whose address was only in one that was refused", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    await load(space, api, "email,first_name,external_id\nada@example.org,Ada,x-1");
    const rows = "email,first_name,external_id\nben@example.org,Ben,x-1\nben@example.org,Ben,\nben@example.org,Again,";
    const due = ["2 external_id_taken", "3 ok", "4 email_taken"];
    expect(told(await load(space, api, rows, true))).toEqual(due);
    expect(told(await load(space, api, rows))).toEqual(due);
  });

  it("says for each row what would become of it, and adds nobody, in a dry run", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    const report = await load(space, api, csv, true);
    expect([report.dry_run, told(report)]).toEqual([true, due]);
    expect(await api.all<Member>(space.path("/members"))).toHaveLength(1);
  });

  it("adds whom it can, says the same of the rest, and adds nobody twice", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    expect(told(await load(space, api, csv))).toEqual(due);
    const [ada] = await api.all<Member>(space.path("/members?q=countess"));
    expect(ada).toMatchObject({
      email: "ada@example.org",
      last_name: "Byron, Countess",
      role: "user",
      status: "pending",
      tags: ["founder", "night"],
      external_id: "x-1",
      duties: [{ duty: "desk" }],
      joined_at: "2020-01-02T03:04:05.000Z",
    });
    const again = told(await load(space, api, csv));
    expect(again.filter((line) => line.endsWith(" ok"))).toEqual([]);
    expect(await api.all<Member>(space.path("/members"))).toHaveLength(3);
  });

  it("leaves no file of whom it named: its rows go after a day, its report after a week", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    await load(space, api, csv, true);
    const kinds = async () => {
      const { objects } = await env.FILES.list({ prefix: `${space.id}/` });
      return objects.map(({ key }) => key.split("/")[1]).sort();
    };
    expect(await kinds()).toEqual(["import_members_report", "import_members_results", "import_members_rows"]);
    await tidyFiles(Date.now() + 1.5 * DAY);
    expect(await kinds()).toEqual(["import_members_report"]);
    await tidyFiles(Date.now() + 8 * DAY);
    expect(await kinds()).toEqual([]);
  });

  it("refuses what is no such file at once", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    const rows = Array.from({ length: 5_001 }, (_, index) => `m${index}@example.org,M`).join("\n");
    const wrong = [
      "first_name\nAda",
      "email,first_name,shoe_size\na@b.org,A,42",
      "email,first_name",
      `email,first_name\n${rows}`,
    ];
    for (const csv of [...wrong, 'email,first_name\n"a@b.org,Ada']) {
      const refused = await api.refused("POST", space.path("/members/import"), { body: { csv } });
      expect(refused).toMatchObject({ code: "invalid_body", errors: [{ pointer: "/csv" }] });
    }
  });
});

describe("an export of members", () => {
  it("is a file for whoever asked, harmless in a spreadsheet, and the import reads it", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    await space.person({ first_name: "=cmd|' /C calc'!A0", last_name: "Byron" });
    const { job, text } = await fileOf(space, api, await api.post<Job>(space.path("/members/export")));
    expect(job.result).toEqual({ rows: 2 });
    expect(text).toContain("'=cmd|' /C calc'!A0");
    expect(text).not.toMatch(/(^|,)=cmd/m);
    expect((await space.root.get<Job>(space.path(`/jobs/${job.id}`))).result_url).toBeNull();
    const [header = "", ...rows] = text.trim().split("\r\n");
    const kept = header.split(",").map((name, index) => ({ name, index }));
    const wanted = kept.filter(({ name }) => ["email", "first_name", "last_name"].includes(name));
    const pick = (line: string) => wanted.map(({ index }) => line.split(",")[index]).join(",");
    const other = await makeSpace();
    const there = await other.as("makerspace_admin");
    const report = await load(other, there.api, [header, ...rows].map(pick).join("\n"));
    expect(told(report)).toEqual(["2 ok", "3 ok"]);
    expect((await there.api.all<Member>(other.path("/members?q=cmd")))[0]).toMatchObject({
      first_name: "=cmd|' /C calc'!A0",
    });
  });
});
