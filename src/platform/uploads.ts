/** Files that come in: streamed into the bucket within a limit, known by their first bytes and not by what they are called. */

import { env } from "cloudflare:workers";
import { type FileRef, fileKey } from "./files.ts";
import { describeError, log } from "./log.ts";
import { problem } from "./problem.ts";
import type { Upload } from "./route.ts";

/** What a file begins with, by its type. */
const signatures = {
  "application/pdf": [0x25, 0x50, 0x44, 0x46, 0x2d],
  "image/jpeg": [0xff, 0xd8, 0xff],
  "image/png": [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
} as const satisfies Record<string, readonly number[]>;

/** Types that are taken, with what their files are called at the end. */
export const fileExtensions = { "application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png" } as const;
export type KnownType = keyof typeof signatures;
export const knownTypes = Object.keys(signatures) as [KnownType, ...KnownType[]];

/** The longest signature. */
const HEAD = 8;

/** The type that these first bytes tell, or null. */
const typeOf = (head: Uint8Array): KnownType | null =>
  knownTypes.find((type) => signatures[type].every((byte, at) => head[at] === byte)) ?? null;

/** A file as it was stored. */
export interface Received {
  content_type: KnownType;
  /** Bytes. */
  size: number;
  /** Hex. */
  sha256: string;
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** As many bytes as a signature needs, or all there are. */
async function readHead(reader: Reader): Promise<Uint8Array> {
  let head = new Uint8Array(0);
  while (head.length < HEAD) {
    const { done, value } = await reader.read();
    if (done) break;
    const longer = new Uint8Array(head.length + value.length);
    longer.set(head);
    longer.set(value, head.length);
    head = longer;
  }
  return head;
}

const hex = (digest: ArrayBuffer): string =>
  [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Both ends of what is written: the bucket and the digest. */
class Sink {
  readonly #length: FixedLengthStream;
  readonly #digest = new crypto.DigestStream("SHA-256");
  readonly #writers: WritableStreamDefaultWriter<Uint8Array>[];
  /** Why the bucket did not take it; null when it did. */
  readonly #stored: Promise<{ error: unknown } | null>;
  /** True when the bucket gave up by itself. */
  hasFailed = false;
  #isAborted = false;

  constructor(ref: FileRef, type: KnownType, size: number) {
    this.#length = new FixedLengthStream(size);
    this.#writers = [this.#length.writable.getWriter(), this.#digest.getWriter()];
    // What an abort leaves behind is nobody's surprise.
    for (const left of [...this.#writers.map(({ closed }) => closed), this.#digest.digest]) left.catch(() => undefined);
    const put = env.FILES.put(fileKey(ref), this.#length.readable, { httpMetadata: { contentType: type } });
    // A bucket that gave up reads no more: writes would wait for ever.
    this.#stored = put.then(
      () => null,
      async (error: unknown) => {
        this.hasFailed = !this.#isAborted;
        await this.abort(error);
        return { error };
      },
    );
  }

  async write(piece: Uint8Array): Promise<void> {
    await Promise.all(this.#writers.map((writer) => writer.write(piece)));
  }

  /** The digest, once the bucket has everything. */
  async close(): Promise<ArrayBuffer> {
    await Promise.all(this.#writers.map((writer) => writer.close()));
    const failed = await this.#stored;
    if (failed) throw failed.error;
    return this.#digest.digest;
  }

  async abort(error: unknown): Promise<void> {
    this.#isAborted = true;
    await Promise.allSettled(this.#writers.map((writer) => writer.abort(error)));
  }

  /** Resolves when the bucket is through with it, either way. */
  async settled(): Promise<void> {
    await this.#stored;
  }
}

/**
 * Streams a file into the bucket. Nothing is stored of one that ends before the length it announced.
 * @throws file_type_refused unless it begins as the type it claims to be; malformed_request when it was cut off; unavailable
 */
export async function receiveFile(ref: FileRef, { body, size, content_type }: Upload): Promise<Received> {
  const reader = body.getReader();
  const head = await readHead(reader).catch(() => new Uint8Array(0));
  const type = typeOf(head);
  if (type === null || type !== content_type) {
    await reader.cancel().catch(() => undefined);
    throw problem("file_type_refused");
  }
  const sink = new Sink(ref, type, size);
  let received = 0;
  try {
    for (let piece: Uint8Array | undefined = head; piece; piece = (await reader.read()).value) {
      received += piece.length;
      if (received > size) throw new Error("longer than announced");
      await sink.write(piece);
    }
    if (received !== size) throw new Error("shorter than announced");
    return { content_type: type, size, sha256: hex(await sink.close()) };
  } catch (error) {
    await sink.abort(error);
    await sink.settled();
    await reader.cancel().catch(() => undefined);
    const isCut = received !== size && !sink.hasFailed;
    if (isCut) throw problem("malformed_request", { detail: "The file is not as long as announced." });
    log.warn("upload_failed", { error: describeError(error) });
    throw problem("unavailable", { retry_after: 5 });
  }
}
