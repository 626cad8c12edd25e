/** Files that are written piece by piece, because they are too large for memory: exports. */

import { type FileOptions, type FileRef, fileKey, noteExpiry } from "./files.ts";
import type { ObjectParts } from "./storage/port.ts";
import { storage } from "./storage.ts";

/** The store wants parts of equal size, of 5 MiB or more; only the last may be smaller. */
const PART = 8 * 1024 * 1024;

/** Collects text and bytes and sends them to the store part by part. Nothing is there to be read before `close`. */
export class FileWriter {
  readonly #key: string;
  readonly #content_type: string;
  readonly #encoder = new TextEncoder();
  #upload: ObjectParts | null = null;
  #buffer = new Uint8Array(PART);
  #filled = 0;

  private constructor(key: string, content_type: string) {
    this.#key = key;
    this.#content_type = content_type;
  }

  /** Begins a file. */
  static async open(ref: FileRef, { content_type, expires_at }: FileOptions): Promise<FileWriter> {
    await noteExpiry(ref, expires_at);
    return new FileWriter(fileKey(ref), content_type);
  }

  async write(piece: string | Uint8Array): Promise<void> {
    let rest = typeof piece === "string" ? this.#encoder.encode(piece) : piece;
    while (rest.length > 0) {
      const some = rest.subarray(0, PART - this.#filled);
      this.#buffer.set(some, this.#filled);
      this.#filled += some.length;
      rest = rest.subarray(some.length);
      if (this.#filled === PART) await this.#send();
    }
  }

  /** Ends the file; from now on it can be read. */
  async close(): Promise<void> {
    if (!this.#upload) {
      await storage().put(this.#key, this.#buffer.slice(0, this.#filled), { content_type: this.#content_type });
      return;
    }
    if (this.#filled > 0) await this.#send();
    await this.#upload.complete();
  }

  /** Gives up: nothing of it stays. */
  async abort(): Promise<void> {
    await this.#upload?.abort();
  }

  async #send(): Promise<void> {
    this.#upload ??= await storage().parts(this.#key, { content_type: this.#content_type });
    await this.#upload.send(this.#buffer.slice(0, this.#filled));
    this.#filled = 0;
  }
}
