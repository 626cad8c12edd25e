/** A hundred megabytes: in without lying in memory, out in parts. */

import { env } from "cloudflare:workers";
import { expect, it } from "vitest";
import { through } from "../../support/faults.ts";
import { announce, download, sendContent } from "../../support/files.ts";
import { makeSpace } from "../../support/space.ts";

const MEGABYTE = 1024 * 1024;
const PIECE = 256 * 1024;
const SIZE = 100 * MEGABYTE;

/** The byte at a place: a PDF's first ones, then the number of its piece. */
const byteAt = (place: number): number => {
  const head = "%PDF-1.7\n";
  return place < head.length ? head.charCodeAt(place) : Math.floor(place / PIECE) % 251;
};

it("is taken piece by piece, never more than two megabytes ahead of the store, and read in ranges", async () => {
  const space = await makeSpace();
  const { api } = await space.as("maintainer");
  let [sent, taken, ahead] = [0, 0, 0];
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent === SIZE) return controller.close();
      const piece = new Uint8Array(PIECE).fill(byteAt(sent + PIECE - 1));
      for (let place = sent; place < 9; place += 1) piece[place] = byteAt(place);
      sent += PIECE;
      ahead = Math.max(ahead, sent - taken);
      controller.enqueue(piece);
    },
  });
  // The bucket as it is, with somebody who counts what it takes.
  const FILES = new Proxy(env.FILES, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      // What is copied from quarantine is not looked at again.
      if (key !== "put" || taken === SIZE) return value.bind(target);
      return (name: string, body: ReadableStream<Uint8Array>, options: R2PutOptions) => {
        const counted = new TransformStream<Uint8Array, Uint8Array>({
          transform(piece, controller) {
            taken += piece.length;
            controller.enqueue(piece);
          },
        });
        return target.put(name, body.pipeThrough(counted).pipeThrough(new FixedLengthStream(SIZE)), options);
      };
    },
  });
  const { body: session } = await announce(space, api, { name: "all.pdf", purpose: "equipment_manual", size: SIZE });
  const answer = await sendContent(api.by(through({ FILES })), session?.upload_url ?? "", source, SIZE);
  expect(answer.body).toMatchObject({ status: "ready", size: SIZE, content_type: "application/pdf" });
  expect([sent, taken]).toEqual([SIZE, SIZE]);
  expect(ahead).toBeLessThan(2 * MEGABYTE);
  const path = session?.upload_url ?? "";
  for (const [offset, length] of [
    [0, 100],
    [50 * MEGABYTE - 7, MEGABYTE],
    [SIZE - 1, 1],
  ] as const) {
    const range = `bytes=${offset}-${offset + length - 1}`;
    const { status, headers, bytes } = await download(api, path, { range });
    expect([status, bytes.length, headers.get("content-range")]).toEqual([
      206,
      length,
      `bytes ${offset}-${offset + length - 1}/${SIZE}`,
    ]);
    expect(bytes.every((byte, at) => byte === byteAt(offset + at))).toBe(true);
  }
}, 180_000);
