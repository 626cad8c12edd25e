/** Both stores of objects, held to the same; the one that speaks S3 against a server that checks signatures, and against some that misbehave. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { s3Storage } from "../../../src/integrations/storage/s3.ts";
import type { Storage } from "../../../src/platform/storage/port.ts";
import { r2Storage } from "../../../src/platform/storage/r2.ts";
import { provideStorage, storage } from "../../../src/platform/storage.ts";
import { through } from "../../support/faults.ts";
import { download, upload } from "../../support/files.ts";
import { png } from "../../support/pictures.ts";
import { makeSpace } from "../../support/space.ts";

/** As test/node/support/s3.ts lets in. */
const keys = { access_key_id: "AKTESTS", secret_access_key: "a secret of tests", region: "garage" };
const s3 = (bucket: string, more: object = {}): Storage =>
  s3Storage({ endpoint: env.S3_ENDPOINT, bucket, ...keys, ...more });

const text = { content_type: "text/plain" };

/** A stream of so many bytes, piece by piece; or one that breaks before. */
function streamOf(size: number, breaksAt = Number.POSITIVE_INFINITY): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent >= breaksAt) return controller.error(new Error("the line was cut"));
      if (sent >= size) return controller.close();
      const piece = new Uint8Array(Math.min(64 * 1024, size - sent)).fill(sent % 251);
      sent += piece.length;
      controller.enqueue(piece);
    },
  });
}

describe.each([
  { name: "R2", store: () => r2Storage },
  { name: "S3", store: () => s3(`b-${crypto.randomUUID()}`) },
])("$name", ({ store: open }) => {
  it("writes, reads whole and in part, lists in order, and deletes", async () => {
    const store = open();
    const at = (name: string): string => `${folder}/${name}`;
    const folder = crypto.randomUUID();
    expect(await store.get(at("a"))).toBeNull();
    await store.put(at("a"), "0123456789", text);
    const whole = await store.get(at("a"));
    expect([whole?.size, whole?.content_type, await whole?.text()]).toEqual([10, "text/plain", "0123456789"]);
    const part = await store.get(at("a"), { offset: 2, length: 3 });
    expect([part?.size, await part?.text()]).toEqual([10, "234"]);
    await store.put(at("a"), new Uint8Array([104, 105]), text);
    expect(await (await store.get(at("a")))?.text()).toBe("hi");

    const size = 300_000;
    await store.put(at("big & strange (ü)"), { stream: streamOf(size), size }, text);
    const big = new Uint8Array(await new Response((await store.get(at("big & strange (ü)")))?.body).arrayBuffer());
    expect([big.length, big[0], big[70_000]]).toEqual([size, 0, 65_536 % 251]);

    expect(await store.putOnce(at("once"), "1", { ...text, notes: { seq: "7", said: "straße" } })).toBe(true);
    expect(await store.putOnce(at("once"), "2", text)).toBe(false);
    expect(await (await store.get(at("once")))?.text()).toBe("1");

    for (const name of ["c", "d", "e"]) await store.put(at(name), name, text);
    const listed: string[] = [];
    for (let after: string | undefined; ; ) {
      const page = await store.list(`${folder}/`, after === undefined ? {} : { after });
      listed.push(...page.objects.map(({ key }) => key.slice(folder.length + 1)));
      expect(page.objects.every(({ stored_at }) => Math.abs(stored_at - Date.now()) < 60_000)).toBe(true);
      after = page.objects.at(-1)?.key;
      if (!page.more) break;
    }
    expect(listed).toEqual(["a", "big & strange (ü)", "c", "d", "e", "once"]);
    const noted = await store.list(at("once"), { notes: true });
    expect(noted.objects[0]?.notes).toEqual({ seq: "7", said: "straße" });

    await store.delete(listed.map(at));
    await store.delete([at("a")]);
    expect((await store.list(`${folder}/`, {})).objects).toEqual([]);
  });

  it("keeps nothing of what breaks off", async () => {
    const store = open();
    const key = `${crypto.randomUUID()}/x`;
    await expect(store.put(key, { stream: streamOf(400_000, 100_000), size: 400_000 }, text)).rejects.toThrow();
    await expect(store.put(key, { stream: streamOf(1_000), size: 2_000 }, text)).rejects.toThrow();
    expect(await store.get(key)).toBeNull();
  });
});

describe("S3", () => {
  it("is written in parts, and nothing is there before the end", async () => {
    const store = s3("parts");
    const key = `${crypto.randomUUID()}/whole`;
    const begun = await store.parts(key, text);
    const part = new Uint8Array(5 * 1024 * 1024).fill(7);
    await begun.send(part);
    expect(await store.get(key)).toBeNull();
    await begun.send(new Uint8Array([1, 2, 3]));
    await begun.complete();
    expect((await store.get(key, { offset: part.length - 1, length: 3 }))?.size).toBe(part.length + 3);
    const dropped = await store.parts(`${key}-not`, text);
    await dropped.send(part);
    await dropped.abort();
    expect(await store.get(`${key}-not`)).toBeNull();
  });

  it("carries everything that the house does with files", async () => {
    provideStorage(s3(`b-${crypto.randomUUID()}`));
    try {
      const space = await makeSpace();
      const { api } = await space.as("maintainer");
      const there = api.by(through({}));
      const file = await upload(space, there, await png());
      expect(file.status).toBe("ready");
      const path = space.path(`/files/${file.id}/content`);
      const part = await download(there, path, { range: "bytes=1-3" });
      expect([part.status, new TextDecoder().decode(part.bytes)]).toEqual([206, "PNG"]);
      expect((await env.FILES.list({ prefix: `${space.id}/` })).objects).toEqual([]);
      await there.delete(space.path(`/files/${file.id}`));
      expect((await storage().list(`${space.id}/`, {})).objects).toEqual([]);
    } finally {
      provideStorage(r2Storage);
    }
  });

  it("says so when the store refuses, breaks, says nothing or points elsewhere: a wrong key opens nothing", async () => {
    await expect(s3("b", { secret_access_key: "wrong" }).get("x/y")).rejects.toThrow("the store answered GET with 403");
    for (const bucket of ["broken", "silent", "elsewhere"]) {
      const store = s3(bucket);
      await expect(store.get("x/y")).rejects.toThrow();
      await expect(store.put("x/y", { stream: streamOf(200_000), size: 200_000 }, text)).rejects.toThrow();
      await expect(store.list("x/", {})).rejects.toThrow();
      await expect(store.delete(["x/y"])).rejects.toThrow();
      await expect(store.parts("x/y", text)).rejects.toThrow();
    }
  });
});
