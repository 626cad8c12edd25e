/** What becomes of files by the clock: those that nobody looked through, those that belong to nothing, and what rows and store do not agree about. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { filePorts } from "../../../src/app.ts";
import { httpScan } from "../../../src/integrations/scan/http.ts";
import { fileComparison, fileRounds } from "../../../src/modules/files/index.ts";
import { settingsSource } from "../../../src/modules/settings/index.ts";
import type { EventEnvelope, EventType } from "../../../src/platform/events.ts";
import { putFile } from "../../../src/platform/files.ts";
import { newId } from "../../../src/platform/ids.ts";
import { tidyLooseFiles } from "../../../src/platform/loose-files.ts";
import { consumeBatch } from "../../../src/platform/queue.ts";
import { DAY, HOUR, MINUTE } from "../../../src/platform/time.ts";
import { outboxOf } from "../../support/background.ts";
import { faulty, inWorld, through } from "../../support/faults.ts";
import { announce, download, sendContent, upload } from "../../support/files.ts";
import { pdf, png } from "../../support/pictures.ts";
import { Receiver } from "../../support/receiver.ts";
import { makeSpace, type Person, type TestSpace } from "../../support/space.ts";
import type { FileInfo, FileUsage, MachineFile } from "../../support/wire.ts";

let space: TestSpace;
let maintainer: Person;

beforeAll(async () => {
  space = await makeSpace();
  maintainer = await space.as("maintainer");
}, 30_000);

afterEach(() => {
  filePorts.scan = null;
});

const objects = async (kind = "file", at = space): Promise<string[]> =>
  (await env.FILES.list({ prefix: `${at.id}/${kind}/` })).objects.map(({ key }) => key.split("/")[2] ?? "");

/** Delivers the clock's message as if it had looked at `now`, as long as it says that more is left. */
async function round(consumers: object, type: EventType, now: number, at = space): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) {
    const envelope: EventEnvelope = {
      id: newId(),
      type,
      v: 1,
      makerspace_id: at.id,
      subject: { type: "makerspace", id: at.id, version: 1 },
      actor_id: "clock",
      request_id: newId(),
      occurred_at: now,
      data: {},
    };
    const message = { id: "0", timestamp: new Date(), attempts: 1, body: envelope, ack: () => {}, retry: () => {} };
    await consumeBatch(consumers, { queue: "makrcave-work", messages: [message] } as unknown as MessageBatch, now);
  }
}
const due = (now: number, at = space) => round(fileRounds(filePorts, settingsSource).consumers, "files.due", now, at);

const stateOf = async ({ id }: { id: string }): Promise<Pick<FileInfo, "status" | "reason"> | null> => {
  const { body } = await maintainer.api.send<FileInfo>("GET", space.path(`/files/${id}`));
  return body && { status: body.status, reason: body.reason };
};

/** Sends a file in, in this world. */
const sent = async (): Promise<FileInfo> => {
  const bytes = pdf();
  const api = maintainer.api.by(through({}));
  const opened = await announce(space, api, { purpose: "equipment_manual", name: "m.pdf", size: bytes.length });
  const { body } = await sendContent(api, opened.body?.upload_url ?? "", bytes);
  if (!body) throw new Error("not taken");
  return body;
};

describe("who looks through files", () => {
  it("is believed when they say yes or no; whoever is slow, broken or babbles keeps the file waiting, for a day", async () => {
    const scanner = (manner: string) => httpScan(new Receiver().url(manner), "a token");
    filePorts.scan = scanner("clean");
    expect(await sent()).toMatchObject({ status: "ready" });
    filePorts.scan = scanner("infected");
    expect(await sent()).toMatchObject({ status: "rejected", reason: "infected" });
    expect(await objects("quarantine")).toEqual([]);
    const waiting: FileInfo[] = [];
    for (const manner of ["fail", "babbling", "hangup", "redirect"]) {
      filePorts.scan = scanner(manner);
      const file = await sent();
      expect([manner, file.status]).toEqual([manner, "quarantined"]);
      expect((await maintainer.api.refused("GET", space.path(`/files/${file.id}/content`))).code).toBe(
        "illegal_transition",
      );
      waiting.push(file);
    }
    expect(await objects("quarantine")).toHaveLength(4);
    // Tidying takes nothing that a row refers to.
    await tidyLooseFiles(Date.now() + 2 * HOUR);
    expect(await objects("quarantine")).toHaveLength(4);
    filePorts.scan = scanner("clean");
    await due(Date.now() + 5 * MINUTE);
    for (const file of waiting.slice(0, 3)) expect(await stateOf(file)).toEqual({ status: "ready", reason: null });
    filePorts.scan = scanner("fail");
    const last = await sent();
    await due(Date.now() + DAY + HOUR);
    expect(await stateOf(last)).toEqual({ status: "rejected", reason: "unchecked" });
    expect(await objects("quarantine")).toEqual([]);
  }, 60_000);
});

describe("the sweep", () => {
  it("takes what was never sent, and what belongs to nothing after a day; never what something has", async () => {
    const own = await makeSpace();
    const { api } = await own.as("maintainer");
    const machine = await own.machine();
    const bytes = await png();
    const [hung, idle] = [await upload(own, api, bytes), await upload(own, api, bytes)];
    const { body: never } = await announce(own, api, { size: 1_000 });
    const path = own.path(`/equipment/${machine.id}/files`);
    await api.post<MachineFile>(path, { file_id: hung.id, kind: "photo" });
    const there = async () => (await api.all<FileInfo>(own.path("/files"))).map(({ id }) => id).sort();
    await due(Date.now() + HOUR - MINUTE, own);
    expect(await there()).toEqual([hung.id, idle.id, never?.file_id].sort());
    await due(Date.now() + HOUR + MINUTE, own);
    expect(await there()).toEqual([hung.id, idle.id].sort());
    await due(Date.now() + DAY + MINUTE, own);
    expect(await there()).toEqual([hung.id]);
    await tidyLooseFiles(Date.now() + DAY + HOUR);
    expect((await objects("file", own)).every((id) => id.startsWith(hung.id))).toBe(true);
    const { used_bytes } = await api.get<FileUsage>(own.path("/file_usage"));
    const row = await env.DB_000.prepare("SELECT counted FROM files WHERE id = ?")
      .bind(hung.id)
      .first<{ counted: number }>();
    expect(used_bytes).toBe(row?.counted);
  });

  it("leaves what something gets while it is swept, with its bytes", async () => {
    const own = await makeSpace();
    const { api } = await own.as("maintainer");
    const machine = await own.machine();
    const file = await upload(own, api, await png());
    let isHung = false;
    const before = async (statements: readonly string[]): Promise<void> => {
      if (isHung || !statements.some((text) => /insert into "?loose_files/i.test(text))) return;
      isHung = true;
      await api.post(own.path(`/equipment/${machine.id}/files`), { file_id: file.id, kind: "photo" });
    };
    await inWorld({ DB_000: faulty(env.DB_000, { before }) }, () => due(Date.now() + DAY + MINUTE, own));
    expect(isHung).toBe(true);
    await tidyLooseFiles(Date.now() + DAY + 2 * HOUR);
    const { bytes } = await download(api, own.path(`/files/${file.id}/content`));
    expect(bytes.length).toBe(file.size);
  });
});

describe("the night's comparison", () => {
  it("deletes objects without a row once they are a day old, and says of rows whose object is gone that they are lost", async () => {
    const own = await makeSpace();
    const { api } = await own.as("maintainer");
    const compare = (now: number) => round(fileComparison.consumers, "files.compare_due", now, own);
    const bytes = await png();
    const [kept, lost] = [await upload(own, api, bytes), await upload(own, api, bytes)];
    const stray = { kind: "file", id: `${newId()}-1` };
    const left = { kind: "quarantine", id: `${newId()}-1` };
    for (const ref of [stray, left])
      await putFile({ makerspace_id: own.id, ...ref }, "x", { content_type: "image/png" });
    await env.FILES.delete(`${own.id}/file/${lost.id}-1`);
    await compare(Date.now());
    expect(await objects("file", own)).toContain(stray.id);
    await compare(Date.now() + DAY + MINUTE);
    expect((await objects("file", own)).sort()).toEqual(
      [`${kept.id}-1`, `${kept.id}-1.thumbnail`, `${lost.id}-1.thumbnail`].sort(),
    );
    expect(await objects("quarantine", own)).toEqual([]);
    const states = (await api.all<FileInfo>(own.path("/files"))).map(({ id, status }) => [id, status]);
    expect(Object.fromEntries(states)).toEqual({ [kept.id]: "ready", [lost.id]: "lost" });
    expect((await api.refused("GET", own.path(`/files/${lost.id}/content`))).code).toBe("illegal_transition");
    expect((await outboxOf(own, "files.lost")).map(({ data }) => data)).toEqual([{ files: 1 }]);
  });
});
