/** Files as they are read: by whom, in which parts, and through links. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { wantedRange, wholeFile } from "../../../src/platform/ranges.ts";
import { Api } from "../../support/api.ts";
import { download, upload } from "../../support/files.ts";
import { pdf, png } from "../../support/pictures.ts";
import { makeSpace, type Person, type TestSpace } from "../../support/space.ts";
import type { Equipment, FileInfo, FileLink, MachineFile } from "../../support/wire.ts";

let space: TestSpace;
let maintainer: Person;
let machine: Equipment;

beforeAll(async () => {
  space = await makeSpace();
  [maintainer, machine] = await Promise.all([space.as("maintainer"), space.machine()]);
}, 30_000);

const manualOf = (bytes: Uint8Array<ArrayBuffer>, name = "manual.pdf"): Promise<FileInfo> =>
  upload(space, maintainer.api, bytes, { purpose: "equipment_manual", name });

const hung = async (file: FileInfo, kind = "manual"): Promise<MachineFile> =>
  maintainer.api.post<MachineFile>(space.path(`/equipment/${machine.id}/files`), { file_id: file.id, kind });

const content = ({ id }: { id: string }, query = ""): string => space.path(`/files/${id}/content${query}`);

const objects = async (): Promise<string[]> =>
  (await env.FILES.list({ prefix: `${space.id}/` })).objects.map(({ key }) => key.split("/")[2] ?? "");

describe("a file", () => {
  it("is its uploader's alone until something has it, and then of whoever may see that", async () => {
    const { api } = maintainer;
    const [ada, abroad] = [await space.person(), await makeSpace()];
    const file = await upload(space, api, await png());
    const stranger = await abroad.as("makerspace_admin");
    for (const other of [ada.api, space.root]) {
      expect((await other.refused("GET", space.path(`/files/${file.id}`))).code).toBe("not_found");
      expect((await other.refused("GET", content(file))).code).toBe("not_found");
      expect((await other.refused("POST", space.path(`/files/${file.id}/links`), { body: {} })).code).toBe("not_found");
    }
    const path = space.path(`/equipment/${machine.id}/files`);
    expect((await ada.api.refused("POST", path, { body: { file_id: file.id, kind: "photo" } })).code).toBe("forbidden");
    const notMine = await space.root.refused("POST", path, { body: { file_id: file.id, kind: "photo" } });
    expect(notMine.code).toBe("file_unusable");
    const asManual = await api.refused("POST", path, { body: { file_id: file.id, kind: "manual" } });
    expect(asManual.code).toBe("file_unusable");
    await hung(file, "photo");
    expect(await ada.api.get<FileInfo>(space.path(`/files/${file.id}`))).toMatchObject({
      attached: true,
      expires_at: null,
    });
    expect((await download(ada.api, content(file, "?variant=thumbnail"))).status).toBe(200);
    // Another makerspace's is not there, by either path.
    for (const [where, who] of [
      [space, stranger.api],
      [abroad, stranger.api],
      [abroad, abroad.root],
    ] as const)
      expect((await who.refused("GET", where.path(`/files/${file.id}`))).status).toBe(404);
    expect((await ada.api.get<{ data: MachineFile[] }>(`${path}?kind=photo`)).data.map(({ id }) => id)).toEqual([
      file.id,
    ]);
    // It is the machine's now: once, and until it is taken off.
    expect((await api.refused("POST", path, { body: { file_id: file.id, kind: "photo" } })).code).toBe("file_unusable");
    expect((await api.refused("DELETE", space.path(`/files/${file.id}`))).code).toBe("file_in_use");
    await api.delete(`${path}/${file.id}`);
    expect((await ada.api.refused("GET", content(file))).code).toBe("not_found");
    expect((await objects()).filter((id) => id.startsWith(file.id))).toEqual([]);
  });

  it("is had by one thing of two that want it at once, and a machine has at most twenty of a kind", async () => {
    const { api } = maintainer;
    const [one, other] = [await space.machine(), await space.machine()];
    const bytes = await png();
    const file = await upload(space, api, bytes);
    const tries = await Promise.all(
      [one, other].map(({ id }) =>
        api.send("POST", space.path(`/equipment/${id}/files`), { body: { file_id: file.id, kind: "photo" } }),
      ),
    );
    expect(tries.map(({ status }) => status).sort()).toEqual([201, 409]);
    await env.DB_000.prepare(
      `INSERT INTO files (makerspace_id, id, purpose, name, status, content_type, size, counted, sha256, attempt, tries, owner_id, version, created_at, updated_at)
       SELECT ?, 'x' || value, 'equipment_manual', 'x.pdf', 'ready', 'application/pdf', 1, 1, hex(zeroblob(32)), 1, 0, ?, 1, 1, 1
       FROM json_each('[${Array.from({ length: 19 }, (_, index) => index).join(",")}]')`,
    )
      .bind(space.id, one.id)
      .run();
    const manuals = await Promise.all([1, 2, 3].map(() => manualOf(pdf())));
    const path = space.path(`/equipment/${one.id}/files`);
    const answers = await Promise.all(
      manuals.map(({ id }) => api.send("POST", path, { body: { file_id: id, kind: "manual" } })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ problem }) => problem?.code === "too_many_files")).toHaveLength(2);
    await env.DB_000.prepare("DELETE FROM files WHERE makerspace_id = ? AND id LIKE 'x%'").bind(space.id).run();
  });
});

describe("a download", () => {
  it("comes whole, in part, or not at all when the reader has it", async () => {
    const bytes = pdf(1_000);
    for (let at = 9; at < bytes.length; at += 1) bytes[at] = 0x30 + (at % 10);
    const file = await manualOf(bytes);
    const { api } = maintainer;
    const whole = await download(api, content(file));
    const headers = Object.fromEntries(whole.headers);
    expect(headers).toMatchObject({
      "content-type": "application/pdf",
      "content-length": "1000",
      "content-disposition": `attachment; filename="manual.pdf"; filename*=UTF-8''manual.pdf`,
      "content-security-policy": "sandbox; default-src 'none'",
      "x-content-type-options": "nosniff",
      "cache-control": "private, no-cache",
      "accept-ranges": "bytes",
      etag: `"${file.sha256}"`,
    });
    expect(whole.bytes).toEqual(bytes);
    const part = async (range: string, more: Record<string, string> = {}) => {
      const answer = await download(api, content(file), { range, ...more });
      return [answer.status, answer.headers.get("content-range"), answer.bytes.length];
    };
    expect(await part("bytes=10-19")).toEqual([206, "bytes 10-19/1000", 10]);
    expect((await download(api, content(file), { range: "bytes=10-19" })).bytes).toEqual(bytes.subarray(10, 20));
    expect(await part("bytes=990-")).toEqual([206, "bytes 990-999/1000", 10]);
    expect(await part("bytes=-5")).toEqual([206, "bytes 995-999/1000", 5]);
    expect(await part("bytes=990-5000")).toEqual([206, "bytes 990-999/1000", 10]);
    for (const range of ["bytes=1000-", "bytes=0-1,5-6", "bytes=-0"]) {
      const { headers, problem } = await api.send("GET", content(file), { headers: { range } });
      expect([range, problem?.code, headers.get("content-range")]).toEqual([
        range,
        "range_not_satisfiable",
        "bytes */1000",
      ]);
    }
    for (const range of ["bytes=5-2", "lines=1-2", "bytes=a-b"]) expect((await part(range))[0]).toBe(200);
    const etag = headers.etag ?? "";
    expect((await part("bytes=0-9", { "if-range": etag }))[0]).toBe(206);
    expect((await part("bytes=0-9", { "if-range": '"another"' }))[0]).toBe(200);
    for (const known of [etag, `"x", W/${etag}`, "*"]) {
      const answer = await download(api, content(file), { "if-none-match": known });
      expect([known, answer.status, answer.bytes.length, answer.headers.get("etag")]).toEqual([known, 304, 0, etag]);
    }
    expect((await download(api, content(file), { "if-none-match": '"another"' })).status).toBe(200);
    expect(wantedRange({ ...wholeFile, range: "bytes=0-" }, 0, null)).toBe("unsatisfiable");
  });

  it("by a link needs no token for ten minutes, may be shown by pages elsewhere, and ends with the file", async () => {
    const file = await upload(space, maintainer.api, await png());
    await hung(file, "photo");
    const ada = await space.person();
    const { url, expires_at } = await ada.api.post<FileLink>(space.path(`/files/${file.id}/links`), {
      variant: "thumbnail",
    });
    expect(Math.abs(Date.parse(expires_at) - Date.now() - 600_000)).toBeLessThan(20_000);
    const anybody = new Api();
    const shown = await download(anybody, url);
    expect([shown.status, shown.headers.get("content-type")]).toEqual([200, "image/webp"]);
    expect(shown.headers.get("cross-origin-resource-policy")).toBe("cross-origin");
    expect(shown.headers.get("content-disposition")).toContain('filename="photo.png.webp"');
    const part = await download(anybody, url, { range: "bytes=0-3" });
    expect([part.status, new TextDecoder().decode(part.bytes)]).toEqual([206, "RIFF"]);
    const { results } = await env.DIRECTORY.prepare("SELECT * FROM file_links").all();
    expect(JSON.stringify(results)).not.toContain(url.split("/").at(-1));
    await maintainer.api.delete(space.path(`/equipment/${machine.id}/files/${file.id}`));
    expect((await anybody.refused("GET", url)).code).toBe("not_found");
  });
});
