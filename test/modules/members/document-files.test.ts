/** Files of documents and their rows: whatever fails between the two, neither stays without the other for long. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { putFile } from "../../../src/platform/files.ts";
import { newId } from "../../../src/platform/ids.ts";
import { claimLoose, dropLoose, letGo, noteLoose, tidyLooseFiles } from "../../../src/platform/loose-files.ts";
import { HOUR, MINUTE } from "../../../src/platform/time.ts";
import { record, storeOf } from "../../support/audit.ts";
import { documentsOf, fileOf, handedIn, handIn } from "../../support/documents.ts";
import { faulty, inWorld, through } from "../../support/faults.ts";
import { makeSpace, type TestSpace } from "../../support/space.ts";
import type { Document } from "../../support/wire.ts";

const keysOf = async (space: TestSpace): Promise<string[]> =>
  (await env.FILES.list({ prefix: `${space.id}/document/` })).objects.map(({ key }) => key.split("/")[2] ?? "");

const looseOf = async (space: TestSpace): Promise<string[]> => {
  const { results } = await env.DB_000.prepare("SELECT id FROM loose_files WHERE makerspace_id = ? ORDER BY id")
    .bind(space.id)
    .all<{ id: string }>();
  return results.map(({ id }) => id);
};

/** A bucket one of whose methods fails. */
const bucketWithout = (method: "put" | "delete"): R2Bucket =>
  new Proxy(env.FILES, {
    get(target, key) {
      if (key === method) return async () => Promise.reject(new Error("the bucket is away"));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });

/** A stream that says less, or more, than was announced, or breaks. */
const streamOf = (bytes: Uint8Array, ending: "ends" | "breaks"): ReadableStream<Uint8Array> => {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent < bytes.length) {
        const piece = bytes.subarray(sent, sent + 64 * 1024);
        sent += piece.length;
        controller.enqueue(piece);
      } else if (ending === "ends") controller.close();
      else controller.error(new Error("the line was cut"));
    },
  });
};

describe("an upload", () => {
  it("that is cut off leaves no file and no document", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const bytes = fileOf("application/pdf", 300_000);
    const cases = [
      { bytes: streamOf(bytes, "ends"), length: "300001" },
      { bytes: streamOf(bytes, "breaks"), length: "400000" },
      { bytes: streamOf(bytes, "ends"), length: "299999" },
    ];
    for (const one of cases) {
      const { status, problem } = await handIn(space, ada, ada.api.by(through({})), one);
      expect([one.length, status, problem?.code]).toEqual([one.length, 400, "malformed_request"]);
    }
    expect([await keysOf(space), await ada.api.all(documentsOf(space, ada))]).toEqual([[], []]);
    expect(await looseOf(space)).toHaveLength(3);
    await tidyLooseFiles(Date.now() + HOUR + MINUTE);
    expect(await looseOf(space)).toEqual([]);
  });

  it("whose row cannot be written leaves a file that is tidied away, and no other", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const kept = await handedIn(space, ada);
    const DB_000 = faulty(env.DB_000, {
      before: (statements) => {
        if (statements.some((text) => /INSERT INTO member_documents/i.test(text))) throw new Error("the disk is full");
      },
    });
    expect((await handIn(space, ada, ada.api.by(through({ DB_000 })))).status).toBe(500);
    const [orphan] = await looseOf(space);
    expect((await keysOf(space)).sort()).toEqual([kept.id, orphan].sort());
    // It may be on its way still.
    await tidyLooseFiles(Date.now() + HOUR - MINUTE);
    expect(await keysOf(space)).toHaveLength(2);
    await tidyLooseFiles(Date.now() + HOUR + MINUTE);
    expect([await keysOf(space), await looseOf(space)]).toEqual([[kept.id], []]);
    expect((await ada.api.all<Document>(documentsOf(space, ada))).map(({ id }) => id)).toEqual([kept.id]);
  });

  it("is refused while the bucket is away, and a deletion is made good later", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const away = (method: "put" | "delete") => ada.api.by(through({ FILES: bucketWithout(method) }));
    expect((await handIn(space, ada, away("put"))).problem?.code).toBe("unavailable");
    const { id } = await handedIn(space, ada);
    await away("delete").delete(documentsOf(space, ada, `/${id}`));
    expect(await keysOf(space)).toEqual([id]);
    await tidyLooseFiles(Date.now() + HOUR + MINUTE);
    expect([await keysOf(space), await looseOf(space)]).toEqual([[], []]);
  });

  it("is one of at most fifty, however many come at once", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    await env.DB_000.prepare(
      `INSERT INTO member_documents (makerspace_id, id, member_id, kind, status, content_type, size, sha256, submitted_by, version, created_at, updated_at)
       SELECT ?, 'd' || value, ?, 'id_proof', 'rejected', 'image/png', 1, hex(zeroblob(32)), 'x', 1, 1, 1
       FROM json_each('[${Array.from({ length: 48 }, (_, index) => index).join(",")}]')`,
    )
      .bind(space.id, ada.member.id)
      .run();
    const answers = await Promise.all(Array.from({ length: 6 }, () => handIn(space, ada, ada.api)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(2);
    expect(answers.filter(({ problem }) => problem?.code === "too_many_documents")).toHaveLength(4);
    await tidyLooseFiles(Date.now() + HOUR + MINUTE);
    expect(await keysOf(space)).toHaveLength(2);
  });
});

describe("a loose file", () => {
  it("is claimed or deleted, never both: who comes too late does not refer to it", async () => {
    const space = await makeSpace();
    const store = storeOf(space);
    const file = { kind: "document", id: newId() };
    await noteLoose(store, file, Date.now() - 2 * HOUR);
    await putFile({ makerspace_id: space.id, ...file }, "x", { content_type: "image/png" });
    // The clockwork is at it, and the bucket is away: the file is given up all the same.
    const tidied = inWorld({ FILES: bucketWithout("delete") }, () => tidyLooseFiles(Date.now()));
    await expect(tidied).rejects.toThrow("the bucket is away");
    const late = record(space, {}, { writes: [claimLoose(store, file)] });
    await expect(late).rejects.toMatchObject({ code: "conflict" });
    await tidyLooseFiles(Date.now());
    expect([await keysOf(space), await looseOf(space)]).toEqual([[], []]);
  });

  it("that was let go is deleted at once, and repeating it changes nothing", async () => {
    const space = await makeSpace();
    const store = storeOf(space);
    const file = { kind: "document", id: newId() };
    await putFile({ makerspace_id: space.id, ...file }, "x", { content_type: "image/png" });
    await record(space, {}, { writes: [letGo(store, file, Date.now())] });
    await record(space, {}, { writes: [letGo(store, file, Date.now())] });
    await dropLoose(store, [file]);
    await dropLoose(store, [file]);
    expect([await keysOf(space), await looseOf(space)]).toEqual([[], []]);
  });
});
