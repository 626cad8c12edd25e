/** Reads archives by the format's own text (APPNOTE.TXT), with nothing of what writes them. */

import { exports } from "cloudflare:workers";
import { ORIGIN } from "./api.ts";

const remainders = Uint32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = (rest >>> 1) ^ (rest & 1 ? 0xedb88320 : 0);
  return rest;
});

function crcOf(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) crc = (crc >>> 8) ^ (remainders[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

/** The files of an archive that stores them as they are, by name. @throws Error for what is no whole archive, and for damaged files */
export function readZip(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - 22;
  if (view.getUint32(end, true) !== 0x06054b50) throw new Error("no end of a central directory");
  const files = new Map<string, Uint8Array>();
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    if (view.getUint32(at, true) !== 0x02014b50) throw new Error("no entry of a central directory");
    const [method, crc, size] = [
      view.getUint16(at + 10, true),
      view.getUint32(at + 16, true),
      view.getUint32(at + 24, true),
    ];
    const [named, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true)) as [
      number,
      number,
      number,
    ];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + named));
    const local = view.getUint32(at + 42, true);
    if (view.getUint32(local, true) !== 0x04034b50 || method !== 0) throw new Error(`no stored file: ${name}`);
    const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const content = bytes.subarray(begin, begin + size);
    if (crcOf(content) !== crc || files.has(name)) throw new Error(`damaged: ${name}`);
    files.set(name, content);
    at += 46 + named + extra + comment;
  }
  if (at !== end) throw new Error("something behind the central directory");
  return files;
}

/** Downloads an archive by its link. */
export async function downloadZip(url: string): Promise<Map<string, Uint8Array>> {
  const response = await exports.default.fetch(new Request(ORIGIN + url));
  const type = response.headers.get("content-type");
  if (type !== "application/zip") throw new Error(`answered ${response.status} ${type}`);
  return readZip(new Uint8Array(await response.arrayBuffer()));
}

/** The text of a file in an archive. */
export const textIn = (files: ReadonlyMap<string, Uint8Array>, name: string): string => {
  const content = files.get(name);
  if (!content) throw new Error(`there is no ${name} among ${[...files.keys()].join(", ")}`);
  return new TextDecoder().decode(content);
};
