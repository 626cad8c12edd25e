/** Uploads over a real connection: what is cut off in the middle is nowhere, and what arrives whole comes back whole. */

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { type Person, World } from "../support/http/world.ts";
import { eventually, startSystem } from "./support/system.ts";

const MIB = 1024 * 1024;

/** A PDF, by its first bytes. */
const pdf = (size: number): Buffer<ArrayBuffer> =>
  Buffer.concat([Buffer.from("%PDF-1.7\n"), randomBytes(size - 9)]) as Buffer<ArrayBuffer>;

const pathOf = (world: World, { member_id }: Person): string => world.path(`members/${member_id}/documents`);

/** Announces a file, sends a part of it, and hangs up. */
async function cutOff(world: World, owner: Person, file: Buffer, sent: number): Promise<void> {
  const { hostname, port } = new URL(world.url);
  const socket = connect(Number(port), hostname);
  await new Promise((resolve) => socket.once("connect", resolve));
  socket.write(
    [
      `POST ${pathOf(world, owner)}?kind=id_proof HTTP/1.1`,
      `host: ${hostname}:${port}`,
      `authorization: Bearer ${owner.api.token}`,
      "content-type: application/pdf",
      `content-length: ${file.length}`,
      "",
      "",
    ].join("\r\n"),
  );
  await new Promise((resolve) => socket.write(file.subarray(0, sent), resolve));
  await new Promise((resolve) => setTimeout(resolve, 300));
  socket.destroy();
}

/** The keys of the local bucket. */
function keysIn(persistTo: string): string[] {
  const folder = join(persistTo, "v3/r2/miniflare-R2BucketObject");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".sqlite") && name !== "metadata.sqlite")
    .flatMap((name) => {
      const database = new DatabaseSync(join(folder, name), { readOnly: true });
      const rows = database.prepare("SELECT key FROM _mf_objects ORDER BY key").all() as { key: string }[];
      database.close();
      return rows.map(({ key }) => key);
    });
}

test("an upload that is cut off leaves no document, and one of ten mebibytes comes back as it was", async (t) => {
  const { url, persistTo } = await startSystem(t);
  const world = await World.create(url);
  const owner = await world.person();
  const file = pdf(10 * MIB);
  for (const sent of [4, 300_000, 6 * MIB]) await cutOff(world, owner, file, sent);

  const headers = { authorization: `Bearer ${owner.api.token}`, "content-type": "application/pdf" };
  const response = await fetch(`${url}${pathOf(world, owner)}?kind=id_proof`, { method: "POST", headers, body: file });
  assert.equal(response.status, 201, await response.clone().text());
  const { id } = (await response.json()) as { id: string };
  const listed = await owner.api.all<{ id: string }>(pathOf(world, owner));
  assert.deepEqual(
    listed.map((one) => one.id),
    [id],
  );
  const link = await owner.api.post<{ url: string }>(`${pathOf(world, owner)}/${id}/links`);
  const back = Buffer.from(await (await fetch(url + link.url)).arrayBuffer());
  assert(back.equals(file));
  // Nothing of the others appears afterwards either.
  await eventually("a look after the dust has settled", () => true, 1_000);
  assert.equal((await owner.api.all(pathOf(world, owner))).length, 1);
  assert.deepEqual(keysIn(persistTo), [`${world.makerspace_id}/document/${id}`]);
});
