/** Many invites at once out of a CSV: each row for itself, with a report for whoever imported. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Api } from "../../../support/api.ts";
import { deliver } from "../../../support/background.ts";
import { address, Inviting } from "../../../support/invites.ts";
import { mailTo, nextMail } from "../../../support/mail.ts";
import { makeSpace, type TestSpace, until } from "../../../support/space.ts";
import type { Invite, Job } from "../../../support/wire.ts";

interface Report {
  dry_run: boolean;
  results: {
    line: number;
    email: string;
    ok: boolean;
    invite_id: string | null;
    problem?: { code: string; errors?: { pointer: string }[] };
  }[];
}

let space: TestSpace;
let at: Inviting;
beforeAll(async () => {
  space = await makeSpace();
  at = new Inviting(space);
});

const start = (api: Api, csv: string, dry_run = false) =>
  api.send<Job>("POST", space.path("/invites/import"), { body: { csv, dry_run } });

const finished = (api: Api, id: string | undefined): Promise<Job> =>
  until("the end of the import", async () => {
    const job = await api.get<Job>(space.path(`/jobs/${id}`));
    return job.status === "succeeded" && job;
  });

/** Imports, and answers the job and its report. */
async function imported(api: Api, csv: string, dry_run = false): Promise<{ job: Job; report: Report }> {
  const { status, body, headers } = await start(api, csv, dry_run);
  expect([status, headers.get("location")]).toEqual([202, space.path(`/jobs/${body?.id}`)]);
  const job = await finished(api, body?.id);
  const report = await api.get<string>(job.result_url ?? "");
  return { job, report: JSON.parse(report) as Report };
}

describe("an import", () => {
  it("invites row by row and says of each what became of it", async () => {
    const admin = await space.as("makerspace_admin");
    const [plain, full, open] = [address(), address(), address()];
    const { email: member } = await space.person();
    await at.invite(open);
    const csv = [
      "\uFEFFEmail,Role,First_Name,Last_Name,Duties,Message",
      plain,
      `${full.toUpperCase()},service_provider,"Hopper, Grace",Hopper,"desk trainer","Two\r\nlines, and ""quotes"""`,
      `${member},user`,
      "",
      `${open},user`,
      "not an address,user",
      `${address()},king`,
      `${plain},user`,
      `${address()},user,A,B,desk,Hi,one cell too many`,
    ].join("\r\n");
    const { job, report } = await imported(admin.api, csv);
    expect(job.result).toEqual({ rows: 8, ok: 2, refused: 6 });
    expect(report.dry_run).toBe(false);
    expect(report.results.map(({ line, ok, problem }) => [line, ok, problem?.code])).toEqual([
      [2, true, undefined],
      [3, true, undefined],
      [5, false, "already_member"],
      [7, false, "already_invited"],
      [8, false, "invalid_body"],
      [9, false, "invalid_body"],
      [10, false, "already_invited"],
      [11, false, "invalid_body"],
    ]);
    expect(report.results[5]?.problem?.errors?.[0]?.pointer).toBe("/role");
    const made = await admin.api.get<Invite>(space.path(`/invites/${report.results[1]?.invite_id}`));
    expect(made).toMatchObject({
      email: full,
      role: "service_provider",
      first_name: "Hopper, Grace",
      message: 'Two\nlines, and "quotes"',
      status: "pending",
      invited_by: admin.member.id,
    });
    expect(made.duties.map(({ duty }) => duty)).toEqual(["desk", "trainer"]);
    expect((await nextMail(full)).text).toContain("token=");
    expect((await nextMail(plain)).text).toContain("token=");
    expect(await at.audited("invite.created", made.id)).toEqual([{ actor_kind: "member", actor_id: admin.member.id }]);
  });

  it("tried dry judges the same and invites nobody", async () => {
    const { email: member } = await space.person();
    const [fresh, open] = [address(), address()];
    await at.invite(open);
    const csv = `email;role\n${fresh};user\n${member};user\n${open};user\n${fresh};user\n`;
    const dry = await imported(space.root, csv, true);
    const codes = ({ results }: Report) => results.map(({ ok, problem }) => problem?.code ?? ok);
    expect(codes(dry.report)).toEqual([true, "already_member", "already_invited", "already_invited"]);
    expect(dry.report.results.every(({ invite_id }) => invite_id === null)).toBe(true);
    expect(await mailTo(fresh)).toEqual([]);
    const real = await imported(space.root, csv);
    expect(codes(real.report)).toEqual(codes(dry.report));
  });

  it("gives nothing above what its maker has", async () => {
    const desk = await space.as("desk");
    const { report } = await imported(desk.api, `email,role\n${address()},user\n${address()},makerspace_admin\n`);
    expect(report.results.map(({ problem }) => problem?.code)).toEqual([undefined, "grant_exceeds_own"]);
  });

  it("that runs twice invites once, and says so both times", async () => {
    const email = address();
    const { body } = await start(space.root, `email\n${email}\n`);
    const job = await finished(space.root, body?.id);
    await env.DB_000.prepare("UPDATE jobs SET status = 'queued' WHERE makerspace_id = ? AND id = ?")
      .bind(space.id, job.id)
      .run();
    const subject = { type: "job", id: job.id, version: 1 };
    const event = { id: crypto.randomUUID(), type: "job.queued", v: 1, makerspace_id: space.id, subject };
    await deliver([{ ...event, actor_id: "x", request_id: "x", occurred_at: Date.now(), data: {} }]);
    const again = await finished(space.root, job.id);
    expect(again.result).toEqual({ rows: 1, ok: 1, refused: 0 });
    await nextMail(email);
    expect(await mailTo(email)).toHaveLength(1);
  });

  it("takes five hundred rows", async () => {
    const emails = Array.from({ length: 500 }, address);
    const { job } = await imported(space.root, `email\n${emails.join("\n")}\n`, true);
    expect(job.result).toEqual({ rows: 500, ok: 500, refused: 0 });
    const more = await start(space.root, `email\n${[...emails, address()].join("\n")}\n`);
    expect(more.problem?.errors?.[0]?.detail).toBe("more than 500 rows");
  });

  it.each([
    ["role\nuser\n", "the first line names the columns, email among them"],
    ["email\n", "there are no rows below the header"],
    ["email,shoe_size\na@example.org,43\n", "unknown columns: shoe_size"],
    ["email,email\na@example.org,b@example.org\n", "a column is there twice"],
    ['email,message\na@example.org,"open', "line 2: a quote is not closed"],
    ['email,message\na@example.org,"x"y\n', "line 2: text follows a quote"],
  ])("refuses %j at once", async (csv, detail) => {
    const { status, problem } = await start(space.root, csv);
    expect([status, problem?.code, problem?.errors?.[0]]).toEqual([
      422,
      "invalid_body",
      { pointer: "/csv", code: "invalid_csv", detail },
    ]);
  });

  it("leaves no address in the job or its audit", async () => {
    const email = address();
    const { body } = await start(space.root, `email\n${email}\n`, true);
    await finished(space.root, body?.id);
    const rows = await env.DB_000.prepare("SELECT * FROM jobs WHERE makerspace_id = ? AND id = ?")
      .bind(space.id, body?.id)
      .all();
    expect(JSON.stringify(rows.results)).not.toContain(email);
  });
});
