/** Files that come in: streamed into the store within a limit, known by what is in them and not by what they are called. */

import { type FileType, HEAD_BYTES, hasMarkup, isArchive, TAIL_BYTES, typeOf } from "./file-types.ts";
import { deleteFile, type FileRef, fileKey } from "./files.ts";
import { describeError, log } from "./log.ts";
import { problem } from "./problem.ts";
import type { Upload } from "./route.ts";
import { storage } from "./storage.ts";

/** A file as it was stored. */
export interface Received {
  content_type: FileType;
  /** Bytes. */
  size: number;
  /** Hex. */
  sha256: string;
}

/** Why a file was not taken: it is of no type that is wanted here, not of the one that was announced, or of two types at once. */
export type Refusal = "type_refused" | "type_mismatch" | "polyglot";

type Reader = ReadableStreamDefaultReader<Uint8Array>;

const joined = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
};

/** As many bytes as are looked at, or all there are. */
async function readHead(reader: Reader): Promise<Uint8Array> {
  let head = new Uint8Array(0) as Uint8Array;
  while (head.length < HEAD_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    head = joined(head, value);
  }
  return head;
}

/** Bytes as hex digits. */
export const hex = (digest: ArrayBuffer): string =>
  [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Both ends of what is written: the store and the digest. */
class Sink {
  readonly #pipe = new TransformStream<Uint8Array, Uint8Array>();
  readonly #digest = new crypto.DigestStream("SHA-256");
  readonly #writers: WritableStreamDefaultWriter<Uint8Array>[];
  /** Why the store did not take it; null when it did. */
  readonly #stored: Promise<{ error: unknown } | null>;
  /** True when the store gave up by itself. */
  hasFailed = false;
  #isAborted = false;

  constructor(ref: FileRef, type: FileType, size: number) {
    this.#writers = [this.#pipe.writable.getWriter(), this.#digest.getWriter()];
    // What an abort leaves behind is nobody's surprise.
    for (const left of [...this.#writers.map(({ closed }) => closed), this.#digest.digest]) left.catch(() => undefined);
    const put = storage().put(fileKey(ref), { stream: this.#pipe.readable, size }, { content_type: type });
    // A store that gave up reads no more: writes would wait for ever.
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

  /** The digest, once the store has everything. */
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

  /** Resolves when the store is through with it, either way. */
  async settled(): Promise<void> {
    await this.#stored;
  }
}

/** What may come in. */
interface Wanted {
  types: readonly FileType[];
  /** The type that was announced; null when nobody said. */
  announced: string | null;
}

function refusalOf(head: Uint8Array, { types, announced }: Wanted): Refusal | FileType {
  const type = typeOf(head);
  if (type === null || !types.includes(type)) return "type_refused";
  if (announced !== null && announced !== type) return "type_mismatch";
  return hasMarkup(head) ? "polyglot" : type;
}

const isRefusal = (verdict: Refusal | FileType): verdict is Refusal => !verdict.includes("/");

/** The last bytes of what goes by. */
class Tail {
  #pieces: Uint8Array[] = [];
  #length = 0;

  add(piece: Uint8Array): void {
    if (piece.length >= TAIL_BYTES) this.#pieces = [];
    this.#pieces.push(piece.slice(-TAIL_BYTES));
    this.#length = this.#pieces.length === 1 ? TAIL_BYTES : this.#length + piece.length;
    // Put together now and then, so that neither their number nor their length grows.
    if (this.#length < 4 * TAIL_BYTES && this.#pieces.length < 1_000) return;
    this.#pieces = [this.bytes()];
    this.#length = this.#pieces[0]?.length ?? 0;
  }

  bytes(): Uint8Array {
    return this.#pieces.reduce(joined, new Uint8Array(0) as Uint8Array).slice(-TAIL_BYTES);
  }
}

/** Writes a stream, from its head on. @returns the last bytes of it */
async function pour(reader: Reader, sink: Sink, head: Uint8Array, size: number, seen: (bytes: number) => void) {
  let received = 0;
  const tail = new Tail();
  for (let piece: Uint8Array | undefined = head; piece; piece = (await reader.read()).value) {
    received += piece.length;
    seen(received);
    if (received > size) throw new Error("longer than announced");
    tail.add(piece);
    await sink.write(piece);
  }
  if (received !== size) throw new Error("shorter than announced");
  return tail.bytes();
}

/**
 * Streams a file into the store. Nothing is stored of one that is refused, or that ends before the length it announced.
 * @throws malformed_request when it was cut off; unavailable
 */
export async function takeFile(
  ref: FileRef,
  { body, size }: Pick<Upload, "body" | "size">,
  wanted: Wanted,
): Promise<Received | { refused: Refusal }> {
  const reader = body.getReader();
  const head = await readHead(reader).catch(() => new Uint8Array(0));
  const verdict = refusalOf(head, wanted);
  if (isRefusal(verdict)) {
    await reader.cancel().catch(() => undefined);
    // A stream that broke off before its type could be told is cut off, and no type at all.
    if (head.length < Math.min(size, HEAD_BYTES)) throw problem("malformed_request", { detail: "The file broke off." });
    return { refused: verdict };
  }
  const sink = new Sink(ref, verdict, size);
  let received = 0;
  try {
    const tail = await pour(reader, sink, head, size, (bytes) => {
      received = bytes;
    });
    const digest = await sink.close();
    if (!isArchive(tail)) return { content_type: verdict, size, sha256: hex(digest) };
  } catch (error) {
    await sink.abort(error);
    await sink.settled();
    await reader.cancel().catch(() => undefined);
    const isCut = received !== size && !sink.hasFailed;
    if (isCut) throw problem("malformed_request", { detail: "The file is not as long as announced." });
    log.warn("upload_failed", { error: describeError(error) });
    throw problem("unavailable", { retry_after: 5 });
  }
  await deleteFile(ref);
  return { refused: "polyglot" };
}

/**
 * Streams a file of an announced type into the store.
 * @throws file_type_refused unless it is what it claims to be, and nothing else; malformed_request when it was cut off; unavailable
 */
export async function receiveFile<T extends FileType>(
  ref: FileRef,
  upload: Upload,
  types: readonly T[],
): Promise<Received & { content_type: T }> {
  const taken = await takeFile(ref, upload, { types, announced: upload.content_type });
  if ("refused" in taken) throw problem("file_type_refused");
  // One of `types`, or it was refused.
  return taken as Received & { content_type: T };
}
