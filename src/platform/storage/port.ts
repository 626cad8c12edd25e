/** What the house asks of a store of objects. */

/** A part of an object, in bytes. */
export interface ByteRange {
  offset: number;
  length: number;
}

/** What is stored with an object. */
export interface ObjectOptions {
  content_type: string;
  /** A few short texts, read with a listing. */
  notes?: Record<string, string>;
}

/** An object as it is read. */
export interface StoredObject {
  /** Of the whole object, in bytes; `body` may be a part of it. */
  size: number;
  content_type: string;
  body: ReadableStream<Uint8Array>;
  text(): Promise<string>;
}

/** An object in a listing. */
export interface ListedObject {
  key: string;
  /** Epoch milliseconds. */
  stored_at: number;
  /** Where they were asked for. */
  notes: Record<string, string>;
}

/** An object that is written part by part; nothing is there to be read before `complete`. */
export interface ObjectParts {
  /** All parts but the last are of one size, of 5 MiB or more. */
  send(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  complete(): Promise<void>;
  abort(): Promise<void>;
}

/** A stream whose length is known before it is read. */
export interface SizedStream {
  stream: ReadableStream<Uint8Array>;
  /** Bytes. */
  size: number;
}

export type ObjectBody = string | ArrayBuffer | Uint8Array<ArrayBuffer> | SizedStream;

/** A store of objects by key. Whatever it cannot do, it throws. */
export interface Storage {
  /** Writes an object whole or not at all; one with the same key is replaced. */
  put(key: string, body: ObjectBody, options: ObjectOptions): Promise<void>;
  /** The same unless there is one. Returns false when there was. */
  putOnce(key: string, body: string, options: ObjectOptions): Promise<boolean>;
  /** An object, or the part of it that is asked for; null when there is none. The range lies within the object. */
  get(key: string, range?: ByteRange): Promise<StoredObject | null>;
  /** Deletes objects, up to a thousand; those that are not there are no fault. */
  delete(keys: readonly string[]): Promise<void>;
  /** Up to a thousand objects with this prefix, in the order of their keys, after one of them. */
  list(
    prefix: string,
    options: { after?: string; notes?: boolean },
  ): Promise<{ objects: ListedObject[]; more: boolean }>;
  /** Begins an object that is written in parts. */
  parts(key: string, options: ObjectOptions): Promise<ObjectParts>;
}
