/** Files: put, linked, downloaded by whoever has the link, gone when their time is over. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { FileWriter } from "../../../src/platform/file-writer.ts";
import {
  deleteFile,
  type FileRef,
  fileKey,
  getFile,
  LINK_TTL,
  linkFile,
  putFile,
  revokeLink,
  revokeLinks,
  tidyFiles,
} from "../../../src/platform/files.ts";
import { newId } from "../../../src/platform/ids.ts";
import { jobConsumers } from "../../../src/platform/ops/jobs.ts";
import { DAY, HOUR } from "../../../src/platform/time.ts";
import { Api, type Page } from "../../support/api.ts";
import { blackHole, deliverTo, outboxOf, tick } from "../../support/background.ts";
import { through } from "../../support/faults.ts";
import { makeSpace } from "../../support/space.ts";
import type { Job } from "../../support/wire.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const anybody = new Api();
const text = { content_type: "text/plain; charset=utf-8" };

const newRef = (): FileRef => ({ makerspace_id: newId(), kind: "report", id: newId() });

/** A file with a link that works for another hour. */
async function linked(filename = "report.txt", more: { expires_at?: number } = {}) {
  const ref = newRef();
  await putFile(ref, "what it says", text);
  return { ref, link: await linkFile(ref, { filename, now: Date.now(), ...more }) };
}

describe("a file", () => {
  it("lies under its makerspace, and goes with its links", async () => {
    const { ref, link } = await linked();
    expect((await env.FILES.list({ prefix: `${ref.makerspace_id}/` })).objects.map(({ key }) => key)).toEqual([
      `${ref.makerspace_id}/report/${ref.id}`,
    ]);
    expect(await (await getFile(ref))?.text()).toBe("what it says");
    await deleteFile(ref);
    expect(await getFile(ref)).toBeNull();
    expect((await anybody.refused("GET", link.url)).code).toBe("not_found");
    await deleteFile(ref);
  });

  it("cannot be named out of its folder", () => {
    const ref = newRef();
    for (const id of ["../x", "a/b", "", ".hidden"]) expect(() => fileKey({ ...ref, id })).toThrow("not the name");
    expect(() => fileKey({ ...ref, kind: "../other" })).toThrow("not the name");
    expect(() => fileKey({ ...ref, makerspace_id: "" })).toThrow("not the name");
  });

  it("of more than one part is written whole", async () => {
    const ref = newRef();
    const writer = await FileWriter.open(ref, text);
    const line = `${"0123456789äöü€".repeat(64)}\n`;
    const lines = Math.ceil((17 * 1024 * 1024) / new TextEncoder().encode(line).length);
    for (let index = 0; index < lines; index += 1000) await writer.write(line.repeat(Math.min(1000, lines - index)));
    expect(await getFile(ref)).toBeNull();
    await writer.close();
    expect((await (await getFile(ref))?.text()) === line.repeat(lines)).toBe(true);
    const dropped = newRef();
    const other = await FileWriter.open(dropped, text);
    await other.write(line.repeat(10_000));
    await other.abort();
    expect(await getFile(dropped)).toBeNull();
  });

  it("goes when its time is over, at the next tidying, and not before", async () => {
    const [due, kept, forever] = [newRef(), newRef(), newRef()];
    await putFile(due, "1", { ...text, expires_at: Date.now() - 1 });
    await putFile(kept, "2", { ...text, expires_at: Date.now() + HOUR });
    await putFile(forever, "3", text);
    await tick("quarter");
    expect([await getFile(due), await (await getFile(kept))?.text(), await (await getFile(forever))?.text()]).toEqual([
      null,
      "2",
      "3",
    ]);
    await tidyFiles(Date.now() + 2 * HOUR);
    expect([await getFile(kept), (await getFile(forever))?.size]).toEqual([null, 1]);
  });
});

describe("a link", () => {
  it("opens its file for anybody who has it, to be saved and never to be run", async () => {
    const { link } = await linked();
    const answer = await anybody.send<string>("GET", link.url);
    expect([answer.status, answer.body]).toEqual([200, "what it says"]);
    const headers = Object.fromEntries(answer.headers);
    expect(headers).toMatchObject({
      "content-type": text.content_type,
      "content-length": "12",
      "content-disposition": `attachment; filename="report.txt"; filename*=UTF-8''report.txt`,
      "content-security-policy": "sandbox; default-src 'none'",
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-store",
    });
  });

  it("names the download as it is called, in every alphabet", async () => {
    const { link } = await linked('Übersicht "Mai" (1).txt');
    const { headers } = await anybody.send("GET", link.url);
    expect(headers.get("content-disposition")).toBe(
      `attachment; filename="_bersicht _Mai_ (1).txt"; filename*=UTF-8''%C3%9Cbersicht%20%22Mai%22%20%281%29.txt`,
    );
  });

  it("works for seven days unless told otherwise, and says so when it is over", async () => {
    const now = Date.now();
    const { ref, link } = await linked();
    expect(Math.abs(link.expires_at - now - LINK_TTL)).toBeLessThan(10_000);
    expect(LINK_TTL).toBe(7 * DAY);
    const ended = await linkFile(ref, { filename: "x", now, expires_at: now - 1 });
    expect(await anybody.refused("GET", ended.url)).toMatchObject({ status: 410, code: "link_expired" });
    await tidyFiles(now + 29 * DAY);
    expect((await anybody.refused("GET", ended.url)).code).toBe("link_expired");
    await tidyFiles(now + 31 * DAY);
    expect((await anybody.refused("GET", ended.url)).code).toBe("not_found");
  });

  it("is unknown unless it was handed out, and once it was revoked", async () => {
    expect((await anybody.refused("GET", `/api/v1/files/${"x".repeat(43)}`)).code).toBe("not_found");
    const { ref, link } = await linked();
    const other = await linkFile(ref, { filename: "x", now: Date.now() });
    const third = await linkFile(ref, { filename: "x", now: Date.now() });
    await revokeLink(link.url);
    expect((await anybody.refused("GET", link.url)).code).toBe("not_found");
    expect((await anybody.send("GET", other.url)).status).toBe(200);
    await revokeLinks(ref);
    for (const { url } of [other, third]) expect((await anybody.refused("GET", url)).code).toBe("not_found");
  });

  it("leaves no trace of its token: neither in the database nor in the log", async () => {
    const said = vi.spyOn(console, "info").mockImplementation(() => {});
    const { link } = await linked();
    const token = link.url.slice(link.url.lastIndexOf("/") + 1);
    expect(token).toMatch(/^[\w-]{43}$/);
    await anybody.send("GET", link.url);
    const { results } = await env.DIRECTORY.prepare("SELECT * FROM file_links").all();
    expect(JSON.stringify(results)).not.toContain(token);
    const lines = said.mock.calls.map((line) => JSON.stringify(line));
    expect(lines.some((line) => line.includes("/api/v1/files/"))).toBe(true);
    expect(lines.filter((line) => line.includes(token))).toEqual([]);
  });
});

describe("the file of a job", () => {
  it("is handed to whoever started it, and to nobody else", async () => {
    const space = await makeSpace();
    const [{ api }, other] = [await space.as("makerspace_admin"), await space.as("stock_keeper")];
    const job = await api.by(through({ EVENTS: blackHole() as Queue })).post<Job>(space.path("/reconciliations"));
    const [envelope] = await outboxOf(space, "job.queued");
    if (!envelope) throw new Error("no event");
    const consumers = jobConsumers({
      reconcile: async ({ makerspace_id, job_id, now, attach }) => {
        const expires_at = now + LINK_TTL;
        const ref = { kind: "report", id: job_id };
        await putFile({ ...ref, makerspace_id }, "figures", { ...text, expires_at });
        await attach({ ...ref, filename: "figures.txt", expires_at });
        return { rows: 1 };
      },
    });
    await deliverTo(consumers, envelope);
    const path = space.path(`/jobs/${job.id}`);
    const done = await api.get<Job>(path);
    expect(done).toMatchObject({ status: "succeeded", result: { rows: 1 }, result_url: expect.any(String) });
    expect(await anybody.get(done.result_url ?? "")).toBe("figures");
    expect(await other.api.get<Job>(path)).toMatchObject({ status: "succeeded", result_url: null });
    expect((await api.all<Job>(space.path("/jobs"))).map((each) => each.result_url)).toEqual([null]);
    await tidyFiles(Date.now() + 8 * DAY);
    expect((await anybody.refused("GET", done.result_url ?? "")).code).toBe("not_found");
  });

  it("and the job itself: members see their own jobs alone", async () => {
    const space = await makeSpace();
    const [admin, user] = [await space.as("makerspace_admin"), await space.as("user")];
    const job = await admin.api.post<Job>(space.path("/reconciliations"));
    expect((await user.api.get<Page<Job>>(space.path("/jobs"))).data).toEqual([]);
    expect((await user.api.refused("GET", space.path(`/jobs/${job.id}`))).code).toBe("not_found");
    await env.DB_000.prepare("UPDATE jobs SET created_by = ? WHERE id = ?").bind(user.member.id, job.id).run();
    expect((await user.api.get<Page<Job>>(space.path("/jobs"))).data.map(({ id }) => id)).toEqual([job.id]);
    expect((await user.api.get<Job>(space.path(`/jobs/${job.id}`))).id).toBe(job.id);
  });
});
