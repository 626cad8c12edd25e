/** Files on their way in: what is taken, under which name, how much of it, and what is left of what is not. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { downloadName, safeName } from "../../../src/modules/files/model.ts";
import { through } from "../../support/faults.ts";
import { announce, download, sendContent, upload } from "../../support/files.ts";
import { emptyZip, joined, jpeg, pdf, png, bytesOf as textBytes, webp } from "../../support/pictures.ts";
import { makeSpace, type Person, type TestSpace } from "../../support/space.ts";
import type { FileInfo, FileUsage, SettingsSection } from "../../support/wire.ts";

let space: TestSpace;
let maintainer: Person;

beforeAll(async () => {
  space = await makeSpace();
  maintainer = await space.as("maintainer");
}, 30_000);

const objects = async (kind = ""): Promise<string[]> =>
  (await env.FILES.list({ prefix: `${space.id}/${kind}` })).objects.map(({ key }) => key.slice(37));

const content = ({ id }: { id: string }, query = ""): string => space.path(`/files/${id}/content${query}`);

const includes = (bytes: Uint8Array, text: string): boolean => new TextDecoder("latin1").decode(bytes).includes(text);

describe("a picture", () => {
  it("is made anew: upright, in its type, with a small one, and without what the camera wrote", async () => {
    const { api } = maintainer;
    const given = await jpeg(40, 20, "where I live");
    expect(includes(given, "where I live")).toBe(true);
    const file = await upload(space, api, given, { name: "bed.jpg" });
    expect(file).toMatchObject({
      status: "ready",
      content_type: "image/jpeg",
      width: 20,
      height: 40,
      thumbnail: true,
      attached: false,
    });
    const original = await download(api, content(file));
    expect(original.bytes.length).toBe(file.size);
    expect(includes(original.bytes, "where I live") || includes(original.bytes, "Exif")).toBe(false);
    const digest = await crypto.subtle.digest("SHA-256", original.bytes);
    expect(file.sha256).toBe([...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    const small = await download(api, content(file, "?variant=thumbnail"));
    expect([small.status, small.headers.get("content-type")]).toEqual([200, "image/webp"]);
    for (const bytes of [await png(900, 300, "a secret"), await webp(900, 300)]) {
      const made = await upload(space, api, bytes);
      expect(made).toMatchObject({ status: "ready", width: 900, height: 300 });
      const { bytes: out } = await download(api, content(made));
      expect(includes(out, "a secret")).toBe(false);
      const little = (await download(api, content(made, "?variant=thumbnail"))).bytes;
      const { body } = new Response(little);
      expect(body && (await env.IMAGES.info(body))).toMatchObject({ format: "image/webp", width: 320 });
    }
  });
});

describe("what is in a file", () => {
  it("says what it is: wrong types and files of two types are rejected, and nothing of them stays", async () => {
    const { api } = maintainer;
    const before = await objects();
    const manual = { purpose: "equipment_manual", name: "manual.pdf" };
    const picture = await png();
    const gif = joined(textBytes("GIF89a/*"), new Uint8Array(60), textBytes("*/=1;alert(1)//"));
    const svg = textBytes(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`);
    const cases: [string, Uint8Array<ArrayBuffer>, object, string][] = [
      ["text", textBytes("just some words, and no picture"), {}, "type_refused"],
      ["a program", textBytes("MZ\u0090\0 this program cannot be run in DOS mode"), {}, "type_refused"],
      ["GIF and JavaScript", gif, {}, "type_refused"],
      ["SVG", svg, manual, "type_refused"],
      ["HTML", textBytes("<!doctype html><script>alert(1)</script>"), manual, "type_refused"],
      ["an archive", emptyZip(), manual, "type_refused"],
      ["a manual as a photo", pdf(), {}, "type_refused"],
      ["another type than announced", picture, { content_type: "image/jpeg" }, "type_mismatch"],
      ["PDF and HTML", joined(pdf(), textBytes("<html><script>alert(1)</script>")), manual, "polyglot"],
      ["PDF and archive", joined(pdf(10_000), emptyZip()), manual, "polyglot"],
      ["a picture that is none", joined(picture.subarray(0, 40), new Uint8Array(200)), {}, "image_unreadable"],
    ];
    for (const [what, bytes, more, reason] of cases) {
      const file = await upload(space, api, bytes, more);
      expect([what, file.status, file.reason]).toEqual([what, "rejected", reason]);
      expect((await api.refused("GET", content(file))).code).toBe("illegal_transition");
    }
    expect(await objects()).toEqual(before);
  });

  it("is all that stays of a picture: a program behind it is not in what is made of it", async () => {
    const behind = joined(new Uint8Array(5_000), textBytes("<script>alert(1)</script>"));
    const file = await upload(space, maintainer.api, joined(await png(), behind));
    expect(file.status).toBe("ready");
    const { bytes } = await download(maintainer.api, content(file));
    expect(includes(bytes, "script")).toBe(false);
  });
});

describe("a name", () => {
  it("is made safe on every system, and ends as the file's type says", async () => {
    const names: [string, string][] = [
      ["../../etc/passwd", "passwd"],
      ["..\\..\\windows\\system32\\cmd.exe", "cmd.exe"],
      ["a\u0000b.png", "ab.png"],
      ["photo\u202Egnp.exe", "photognp.exe"],
      ["line\r\nset-cookie: x.png", "lineset-cookie_ x.png"],
      ["CON.png", "_CON.png"],
      ["lpt1", "_lpt1"],
      ["...", "file"],
      ["", "file"],
      ["trailing. . ", "trailing"],
      ["Übersicht (1).png", "Übersicht (1).png"],
      ["कैमरा.jpg", "कैमरा.jpg"],
    ];
    for (const [given, safe] of names) expect(safeName(given)).toBe(safe);
    const long = safeName(`${"ä".repeat(900)}.png`);
    expect([long.endsWith(".png"), new TextEncoder().encode(long).length <= 200]).toEqual([true, true]);
    expect(downloadName("photo.exe", "image/png")).toBe("photo.exe.png");
    expect(downloadName("photo.JPEG", "image/jpeg")).toBe("photo.JPEG");
    const file = await upload(space, maintainer.api, await png(), { name: '../"evil"\u202E.exe' });
    expect(file.name).toBe("_evil_.exe");
    const { headers } = await download(maintainer.api, content(file));
    expect(headers.get("content-disposition")).toBe(
      `attachment; filename="_evil_.exe.png"; filename*=UTF-8''_evil_.exe.png`,
    );
  });
});

describe("an upload", () => {
  it("that is cut off leaves nothing, and can be sent again until its time is over", async () => {
    const { api } = maintainer;
    const before = await objects();
    const bytes = pdf(200_000);
    const { body: session } = await announce(space, api, { purpose: "equipment_manual", size: bytes.length });
    const url = session?.upload_url ?? "";
    let isBegun = false;
    const broken = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (isBegun) return controller.error(new Error("the line was cut"));
        isBegun = true;
        controller.enqueue(bytes.subarray(0, 100_000));
      },
    });
    const cut = await sendContent(api.by(through({})), url, broken, bytes.length);
    expect([cut.status, cut.problem?.code]).toEqual([400, "malformed_request"]);
    expect(await objects()).toEqual(before);
    expect((await sendContent(api, url, pdf(5))).problem?.code).toBe("malformed_request");
    expect((await api.get<FileInfo>(url.replace("/content", ""))).status).toBe("pending");
    expect((await sendContent(api, url, bytes)).body?.status).toBe("ready");
    // Once is enough.
    expect((await sendContent(api, url, bytes)).problem?.code).toBe("illegal_transition");
  });

  it("is for those who may attach what it is for, of a size and a type that it takes", async () => {
    const ada = await space.person();
    const size = 1_000;
    expect((await announce(space, ada.api, { size })).status).toBe(403);
    const { api } = maintainer;
    expect((await announce(space, api, { size: 21 * 1024 * 1024 })).problem?.errors?.[0]?.pointer).toBe("/size");
    const typed = await announce(space, api, { size, content_type: "application/pdf" });
    expect(typed.problem?.errors?.[0]?.pointer).toBe("/content_type");
    expect((await announce(space, api, { size, purpose: "nothing" })).status).toBe(422);
  });
});

describe("the quota", () => {
  it("holds for twenty uploads at once, of a member and of all, and what is deleted makes room", async () => {
    const own = await makeSpace();
    const set = async (values: object) => {
      const path = own.path("/settings/files");
      const { version } = await own.root.get<SettingsSection>(path);
      await own.root.patch(path, values, version);
    };
    await set({ member_quota_mb: 1, makerspace_quota_mb: 2 });
    const size = 300 * 1024;
    const keeper = await own.as("maintainer");
    const all = await Promise.all(Array.from({ length: 20 }, () => announce(own, keeper.api, { size })));
    const opened = all.flatMap(({ body }) => (body ? [body] : []));
    expect(opened).toHaveLength(3);
    expect(all.filter(({ problem }) => problem?.code === "file_quota_exceeded")).toHaveLength(17);
    expect(await keeper.api.get<FileUsage>(own.path("/file_usage"))).toMatchObject({
      used_bytes: 3 * size,
      quota_bytes: 1024 * 1024,
      makerspace_used_bytes: null,
    });
    // The others have room of their own, until the makerspace has none.
    const others = await Promise.all([1, 2].map(() => own.person({ duties: [{ duty: "maintainer" }] })));
    const more = await Promise.all(
      others.flatMap(({ api }) => Array.from({ length: 5 }, () => announce(own, api, { size }))),
    );
    expect(more.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(await own.root.get<FileUsage>(own.path("/file_usage"))).toMatchObject({ makerspace_used_bytes: 6 * size });
    await keeper.api.delete(own.path(`/files/${opened[0]?.file_id}`));
    expect((await announce(own, keeper.api, { size })).status).toBe(201);
    // What was rejected takes no room.
    const sent = await sendContent(keeper.api, opened[1]?.upload_url ?? "", new Uint8Array(size));
    expect(sent.body?.status).toBe("rejected");
    expect((await announce(own, keeper.api, { size })).status).toBe(201);
  });
});
