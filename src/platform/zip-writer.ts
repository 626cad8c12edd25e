/** Archives that are written piece by piece: files of any length, one behind the other, none of them ever in memory as a whole. */

import { Zip, ZipPassThrough } from "fflate";
import type { FileWriter } from "./file-writer.ts";

/** A ZIP as a file in the bucket. What is in it is stored as it is: texts are short, and pictures are packed already. */
export class ZipWriter {
  readonly #file: FileWriter;
  readonly #at: number;
  readonly #encoder = new TextEncoder();
  readonly #zip: Zip;
  #made: Uint8Array[] = [];

  /** @param at epoch milliseconds, from 1980 on: when its files were made */
  constructor(file: FileWriter, at: number) {
    this.#file = file;
    this.#at = at;
    this.#zip = new Zip((error, piece) => {
      if (error) throw error;
      this.#made.push(piece);
    });
  }

  /** Adds a file. @param name its path in the archive, by slashes */
  async add(name: string, pieces: AsyncIterable<string | Uint8Array>): Promise<void> {
    const entry = new ZipPassThrough(name);
    entry.mtime = this.#at;
    this.#zip.add(entry);
    for await (const piece of pieces) {
      entry.push(typeof piece === "string" ? this.#encoder.encode(piece) : piece);
      await this.#pass();
    }
    entry.push(new Uint8Array(0), true);
    await this.#pass();
  }

  /** Ends the archive; from now on it can be read. */
  async close(): Promise<void> {
    this.#zip.end();
    await this.#pass();
    await this.#file.close();
  }

  /** Gives up: nothing of it stays. */
  abort(): Promise<void> {
    return this.#file.abort();
  }

  async #pass(): Promise<void> {
    const made = this.#made;
    this.#made = [];
    for (const piece of made) await this.#file.write(piece);
  }
}
