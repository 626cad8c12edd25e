/** The archive that a member exports: their data, and the files that they handed in. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { exportMemberDataJob } from "../../../src/modules/members/index.ts";
import { personalData } from "../../../src/personal-data.ts";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { FileWriter } from "../../../src/platform/file-writer.ts";
import { ZipWriter } from "../../../src/platform/zip-writer.ts";
import { documentsOf, fileOf, handedIn } from "../../support/documents.ts";
import { download, upload } from "../../support/files.ts";
import { png as picture } from "../../support/pictures.ts";
import { makeSpace, until } from "../../support/space.ts";
import type { Job } from "../../support/wire.ts";
import { downloadZip, readZip, textIn } from "../../support/zip.ts";

interface Row {
  id: string;
  status: string;
  file?: string;
}

it("holds each document that was handed in as it is, its place in its row, and none of others or of what was replaced", async () => {
  const space = await makeSpace();
  const [ada, ben] = [await space.person(), await space.person()];
  // Longer than a piece of the store's stream.
  const [pdf, png] = [fileOf("application/pdf", 300_000), fileOf("image/png", 70_000)];
  crypto.getRandomValues(png.subarray(100, 60_000));
  const old = await handedIn(space, ada, { kind: "certificate" });
  await space.root.post(documentsOf(space, ada, `/${old.id}/verify`));
  const [one, two] = [
    await handedIn(space, ada, { bytes: pdf }),
    await handedIn(space, ada, { kind: "certificate", replaces: old.id, bytes: png, type: "image/png" }),
  ];
  await space.root.post(documentsOf(space, ada, `/${two.id}/verify`));
  const others = await handedIn(space, ben);

  const { id } = await ada.api.post<Job>(space.path(`/members/${ada.member.id}/data_exports`));
  const job = await until("the export", async () => {
    const now = await ada.api.get<Job>(space.path(`/jobs/${id}`));
    return now.status === "succeeded" && now;
  });
  expect(job.result).toMatchObject({ files: 2 });
  const files = await downloadZip(job.result_url ?? "");
  const [first, second] = [`files/member_documents/${one.id}.pdf`, `files/member_documents/${two.id}.png`];
  expect([...files.keys()].sort()).toEqual(["data.json", first, second].sort());
  const isSame = (name: string, bytes: Uint8Array<ArrayBuffer>): boolean =>
    crypto.subtle.timingSafeEqual(files.get(name) ?? new Uint8Array(), bytes);
  expect([isSame(first, pdf), isSame(second, png)]).toEqual([true, true]);
  const text = textIn(files, "data.json");
  const { data } = JSON.parse(text) as { data: Record<string, { rows: Row[] }> };
  const places = data.member_documents?.rows.map((row) => [row.id, row.file]);
  expect(new Map(places as [string, string | undefined][])).toEqual(
    new Map([
      [old.id, undefined],
      [one.id, first],
      [two.id, second],
    ]),
  );
  expect(text).not.toContain(others.id);
});

it("holds what was uploaded, too, as it can be downloaded", async () => {
  const space = await makeSpace();
  const ada = await space.person();
  const photo = await upload(space, ada.api, await picture(), { purpose: "fault_report" });
  const { id } = await ada.api.post<Job>(space.path(`/members/${ada.member.id}/data_exports`));
  const job = await until("the export", async () => {
    const now = await ada.api.get<Job>(space.path(`/jobs/${id}`));
    return now.status === "succeeded" && now;
  });
  const files = await downloadZip(job.result_url ?? "");
  const there = await download(ada.api, space.path(`/files/${photo.id}/content`));
  expect(files.get(`files/files/${photo.id}.png`)).toEqual(there.bytes);
});

it("is written piece by piece, whatever it holds: names with umlauts, nothing at all, much in many pieces", async () => {
  const ref = { makerspace_id: crypto.randomUUID(), kind: "data_export", id: "x" };
  const options = { content_type: "application/zip", expires_at: Date.now() + 60_000 };
  const zip = new ZipWriter(await FileWriter.open(ref, options), Date.now());
  // Longer than a part of what is sent to the store.
  const pieces = Array.from({ length: 300 }, (_, index) => `${index}:${"ä".repeat(20_000)}\n`);
  async function* of(...some: string[]) {
    yield* some;
  }
  await zip.add("Größe.txt", of("Ölkännchen"));
  await zip.add("empty", of());
  await zip.add("much", of(...pieces));
  await zip.close();
  const object = await env.FILES.get(`${ref.makerspace_id}/data_export/x`);
  const files = readZip(new Uint8Array((await object?.arrayBuffer()) ?? new ArrayBuffer()));
  expect(textIn(files, "Größe.txt")).toBe("Ölkännchen");
  expect(files.get("empty")).toHaveLength(0);
  expect(textIn(files, "much")).toBe(pieces.join(""));
});

it("of somebody who is erased while it is written leaves nothing behind", async () => {
  const space = await makeSpace();
  const ada = await space.person();
  await handedIn(space, ada);
  const attached: unknown[] = [];
  const job = {
    store: new SpaceStore(space.id, "000"),
    makerspace_id: space.id,
    job_id: crypto.randomUUID(),
    created_by: ada.member.id,
    request_id: "test",
    input: { member_id: ada.member.id },
    now: Date.now(),
    async progress() {
      await env.DB_000.prepare(
        "UPDATE members SET status = 'left', user_id = NULL, erased_at = ?3 WHERE makerspace_id = ?1 AND id = ?2 AND erased_at IS NULL",
      )
        .bind(space.id, ada.member.id, Date.now())
        .run();
      return true;
    },
    attach: async (file: unknown) => void attached.push(file),
  };
  await expect(exportMemberDataJob(personalData)(job)).rejects.toMatchObject({ code: "not_found" });
  expect(attached).toEqual([]);
  expect((await env.FILES.list({ prefix: `${space.id}/data_export/` })).objects).toEqual([]);
});
