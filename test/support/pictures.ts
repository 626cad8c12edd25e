/** Real pictures, made where they are needed. */

import { env } from "cloudflare:workers";

type Bytes = Uint8Array<ArrayBuffer>;

export const bytesOf = (text: string): Bytes => Uint8Array.from(text, (char) => char.charCodeAt(0));

export function joined(...parts: readonly Uint8Array[]): Bytes {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const uint32 = (value: number): Bytes => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

const chunk = (type: string, data: Uint8Array): Bytes => {
  const body = joined(bytesOf(type), data);
  return joined(uint32(data.length), body, uint32(crc32(body)));
};

const deflate = async (bytes: Bytes): Promise<Bytes> => {
  const stream = new Response(bytes).body?.pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream ?? null).arrayBuffer());
};

/** A PNG of one colour, with a comment in it if told. */
export async function png(width = 40, height = 20, comment = ""): Promise<Bytes> {
  const rows = new Uint8Array(height * (width * 3 + 1)).fill(0x7f);
  for (let row = 0; row < height; row += 1) rows[row * (width * 3 + 1)] = 0;
  return joined(
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", joined(uint32(width), uint32(height), Uint8Array.of(8, 2, 0, 0, 0))),
    comment === "" ? new Uint8Array(0) : chunk("tEXt", bytesOf(`Comment\0${comment}`)),
    chunk("IDAT", await deflate(rows)),
    chunk("IEND", new Uint8Array(0)),
  );
}

const encoded = async (bytes: Bytes, format: "image/jpeg" | "image/webp"): Promise<Bytes> => {
  const { body } = new Response(bytes);
  if (!body) throw new Error("no picture");
  const made = await env.IMAGES.input(body).output({ format });
  return new Uint8Array(await made.response().arrayBuffer());
};

export const webp = async (width = 40, height = 20): Promise<Bytes> => encoded(await png(width, height), "image/webp");

/** A JPEG that lies on its side, as a camera writes it: the EXIF part says so, and says a secret. */
export async function jpeg(width = 40, height = 20, secret = "where I live"): Promise<Bytes> {
  const plain = await encoded(await png(width, height), "image/jpeg");
  // Big-endian TIFF: orientation 6 (turn right), and a description behind the directory.
  const text = bytesOf(`${secret}\0`);
  const tiff = joined(
    bytesOf("MM\0*\0\0\0\u0008\0\u0002"),
    Uint8Array.of(0x01, 0x0e, 0, 2, ...uint32(text.length), ...uint32(38)),
    Uint8Array.of(0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0),
    uint32(0),
    text,
  );
  const exif = joined(bytesOf("Exif\0\0"), tiff);
  const app1 = joined(Uint8Array.of(0xff, 0xe1, (exif.length + 2) >>> 8, (exif.length + 2) & 0xff), exif);
  return joined(plain.subarray(0, 2), app1, plain.subarray(2));
}

/** A PDF, as far as its beginning says. */
export const pdf = (size = 64): Bytes => {
  const file = new Uint8Array(Math.max(size, 9)).fill(0x20);
  file.set(bytesOf("%PDF-1.7\n"));
  return file;
};

/** An archive without a part: nothing but its end. */
export const emptyZip = (): Bytes => joined(bytesOf("PK\u0005\u0006"), new Uint8Array(18));
