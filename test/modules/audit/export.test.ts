/** The audit as a file: complete, recomputable by an outsider, safe in a spreadsheet, and the exporter's alone. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../../src/platform/ids.ts";
import { Api } from "../../support/api.ts";
import { record, seal } from "../../support/audit.ts";
import { iso, makeSpace, type TestSpace, until } from "../../support/space.ts";
import type { Job } from "../../support/wire.ts";

/** Exports, and fetches the file as anybody with the link. */
async function exported(space: TestSpace, body: object): Promise<{ job: Job; text: string; headers: Headers }> {
  const { api } = await space.as("makerspace_admin");
  const { id } = await api.post<Job>(space.path("/audit/exports"), body);
  const job = await until("the file", async () => {
    const found = await api.get<Job>(space.path(`/jobs/${id}`));
    return found.status === "succeeded" && found;
  });
  const answer = await new Api().send<string>("GET", job.result_url ?? "");
  return { job, text: answer.body ?? "", headers: answer.headers };
}

describe("an export", () => {
  it("lets anybody recompute the chain from the file alone", async () => {
    const space = await makeSpace();
    await space.as("makerspace_admin");
    for (let n = 0; n < 5; n += 1) await record(space, n === 2 ? { after: undefined } : {});
    await seal(space);
    const { text, headers, job } = await exported(space, { format: "ndjson", details: true });
    expect(headers.get("content-type")).toBe("application/x-ndjson");
    expect(headers.get("content-disposition")).toMatch(/audit-\d{4}-\d\d-\d\d\.ndjson/);
    const entries = text
      .trimEnd()
      .split("\n")
      .map((each) => JSON.parse(each) as Record<string, string> & { seq: number });
    expect(job.result).toEqual({ entries: entries.length });
    // The export itself is an entry, and not sealed yet.
    expect(entries.at(-1)).toMatchObject({ action: "job.queued", hash: null });
    const sealed = entries.filter((entry) => entry.hash !== null).sort((a, b) => a.seq - b.seq);
    expect(sealed.length).toBe(7);
    let before = "0".repeat(64);
    for (const entry of sealed) {
      const beside = entry.salt === null ? [] : [entry.salt, entry.before, entry.after];
      const digest = await sha256(JSON.stringify(beside));
      const times = [Date.parse(entry.occurred_at ?? ""), Date.parse(entry.recorded_at ?? "")];
      const facts = [entry.actor_kind, entry.actor_id, entry.action, entry.subject_type, entry.subject_id];
      const told = [before, space.id, entry.seq, entry.commit_id, ...times, ...facts, entry.request_id, digest];
      expect([entry.digest, entry.prev_hash, entry.hash]).toEqual([digest, before, await sha256(JSON.stringify(told))]);
      before = entry.hash ?? "";
    }
  });

  it("opens as a table, and nothing in it is run", async () => {
    const space = await makeSpace();
    const evil = `=HYPERLINK("https://evil.example","x")`;
    await record(space, { subject: { type: "thing", id: evil, version: 1 } });
    await record(space, { subject: { type: "thing", id: "+1", version: 1 } });
    const { text, headers } = await exported(space, { format: "csv" });
    expect(headers.get("content-type")).toBe("text/csv; charset=utf-8");
    const [head, ...lines] = text.split("\r\n");
    expect(head).toBe(
      "occurred_at,recorded_at,seq,action,subject_type,subject_id,actor_kind,actor_id,request_id,commit_id,digest,prev_hash,hash",
    );
    expect(lines.at(-1)).toBe("");
    expect(text).toContain(`,"'=HYPERLINK(""https://evil.example"",""x"")",`);
    expect(text).toContain(",'+1,");
    expect(text).not.toContain("colour");
  });

  it("holds the range that was asked for, more than one page of it", async () => {
    const space = await makeSpace();
    const start = Date.UTC(2025, 0, 1);
    await env.DB_000.prepare(
      `WITH RECURSIVE counter (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM counter WHERE n < 2499)
       INSERT INTO audit_log (makerspace_id, seq, commit_id, occurred_at, recorded_at, actor_kind, actor_id, action,
         subject_type, subject_id, request_id)
       SELECT ?1, n + 10, 'c' || n, ?2 + (n / 3), 1, 'system', 'test', 'thing.changed', 'thing', 't' || n, 'r' FROM counter`,
    )
      .bind(space.id, start)
      .run();
    const range = { occurred_from: iso(start + 10), occurred_to: iso(start + 800) };
    const { text, job } = await exported(space, { format: "ndjson", ...range });
    const seqs = text
      .trimEnd()
      .split("\n")
      .map((each) => (JSON.parse(each) as { seq: number }).seq);
    expect(seqs).toEqual(Array.from({ length: 790 * 3 }, (_, index) => index + 30 + 10));
    expect(job).toMatchObject({ result: { entries: 2370 }, progress: { done: 2370, total: 2370 } });
  });

  it("is itself in the audit, and its file goes after seven days", async () => {
    const space = await makeSpace();
    const { job } = await exported(space, { format: "csv" });
    const row = await env.DIRECTORY.prepare("SELECT expires_at FROM expiring_files WHERE key = ?")
      .bind(`${space.id}/audit_export/${job.id}`)
      .first<{ expires_at: number }>();
    expect(Math.abs((row?.expires_at ?? 0) - Date.now() - 7 * 86_400_000)).toBeLessThan(60_000);
    const { results } = await env.DB_000.prepare(
      "SELECT after FROM audit_log JOIN audit_details USING (makerspace_id, seq) WHERE makerspace_id = ? AND subject_id = ?",
    )
      .bind(space.id, job.id)
      .all();
    expect(results).toEqual([{ after: '{"kind":"audit_export"}' }]);
  });
});
