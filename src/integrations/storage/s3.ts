/** Objects in a store that speaks S3: MinIO, Garage, Ceph, AWS. Addressed by path, signed with Signature Version 4. */

import { AwsClient } from "aws4fetch";
import type { ListedObject, ObjectBody, ObjectOptions, Storage } from "../../platform/storage/port.ts";

/** Where the store is, and who we are there. */
export interface S3Server {
  /** Such as "https://s3.example.org". */
  endpoint: string;
  bucket: string;
  region: string;
  access_key_id: string;
  secret_access_key: string;
}

/** What a request may take until its answer begins; bodies that stream take as long as they take. */
const ANSWER_WITHIN = 30_000;

const NOTE = "x-amz-meta-";

/** The store refused, or answered what nobody understands. Its message names the operation and the status, never a key. */
class StorageFault extends Error {
  override name = "StorageFault";
}

const encodeKey = (key: string): string => key.split("/").map(encodeURIComponent).join("/");

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
const unescaped = (xml: string): string =>
  xml.replaceAll(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    return hex ? String.fromCodePoint(Number.parseInt(hex, 16)) : (entities[name] ?? whole);
  });
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);

/** What stands in the elements of this name; of the answers that are read here none holds an element within itself. */
const elements = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}(?: [^>]*)?>([\\s\\S]*?)</${name}>`, "g"))].map((match) => match[1] ?? "");
const element = (xml: string, name: string): string => unescaped(elements(xml, name)[0] ?? "");

const headersOf = ({ content_type, notes = {} }: ObjectOptions): Record<string, string> => ({
  "content-type": content_type,
  ...Object.fromEntries(Object.entries(notes).map(([name, value]) => [NOTE + name, encodeURIComponent(value)])),
});

const notesOf = (headers: Headers): Record<string, string> =>
  Object.fromEntries(
    [...headers]
      .filter(([name]) => name.startsWith(NOTE))
      .map(([name, value]) => [name.slice(NOTE.length), decodeURIComponent(value)]),
  );

/** A body as fetch takes it; a stream is sent with the length that S3 asks for. */
function outgoing(body: ObjectBody): { body: BodyInit; piped: Promise<void> } {
  if (typeof body === "string" || body instanceof ArrayBuffer || body instanceof Uint8Array) {
    return { body, piped: Promise.resolve() };
  }
  const { readable, writable } = new FixedLengthStream(body.size);
  return { body: readable, piped: body.stream.pipeTo(writable) };
}

interface Ask {
  headers?: Record<string, string>;
  query?: Record<string, string>;
  body?: BodyInit;
  /** Statuses besides those of success that are an answer, too. */
  also?: readonly number[];
}

/** One bucket, and how to speak to it. */
class Bucket {
  readonly #client: AwsClient;
  readonly #base: string;

  constructor({ endpoint, bucket, region, access_key_id, secret_access_key }: S3Server) {
    const [accessKeyId, secretAccessKey] = [access_key_id, secret_access_key];
    this.#client = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3", retries: 0 });
    this.#base = `${endpoint.replace(/\/+$/, "")}/${encodeURIComponent(bucket)}`;
  }

  /** @throws StorageFault for an answer that is none; whatever fetch throws */
  async ask(method: string, key: string, { headers = {}, query = {}, body, also = [] }: Ask = {}): Promise<Response> {
    const url = new URL(key === "" ? this.#base : `${this.#base}/${encodeKey(key)}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const request = await this.#client.sign(url, { method, headers, ...(body !== undefined && { body }) });
    const signal = body instanceof ReadableStream ? null : AbortSignal.timeout(ANSWER_WITHIN);
    const response = await fetch(request, { redirect: "manual", ...(signal && { signal }) });
    if (response.ok || also.includes(response.status)) return response;
    await response.body?.cancel();
    throw new StorageFault(`the store answered ${method} with ${response.status}`);
  }
}

/** How many objects are asked for their notes at the same time. */
const AT_ONCE = 5;

async function withNotes(bucket: Bucket, objects: readonly ListedObject[]): Promise<ListedObject[]> {
  const found: ListedObject[] = [];
  for (let from = 0; from < objects.length; from += AT_ONCE) {
    const some = objects.slice(from, from + AT_ONCE).map(async (each) => {
      const { headers } = await bucket.ask("HEAD", each.key, { also: [404] });
      return { ...each, notes: notesOf(headers) };
    });
    found.push(...(await Promise.all(some)));
  }
  return found;
}

/** Writes in parts. @throws StorageFault also where S3 says with status 200 that it failed */
async function beginParts(bucket: Bucket, key: string, options: ObjectOptions) {
  const begun = await bucket.ask("POST", key, { headers: headersOf(options), query: { uploads: "" } });
  const uploadId = element(await begun.text(), "UploadId");
  if (uploadId === "") throw new StorageFault("the store began no upload");
  const tags: string[] = [];
  return {
    async send(bytes: Uint8Array<ArrayBuffer>) {
      const query = { partNumber: String(tags.length + 1), uploadId };
      const { headers } = await bucket.ask("PUT", key, { query, body: bytes });
      tags.push(headers.get("etag") ?? "");
    },
    async complete() {
      const parts = tags.map(
        (tag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${escaped(tag)}</ETag></Part>`,
      );
      const body = `<CompleteMultipartUpload>${parts.join("")}</CompleteMultipartUpload>`;
      const done = await bucket.ask("POST", key, { query: { uploadId }, body });
      if ((await done.text()).includes("<Error>")) throw new StorageFault("the store did not complete an upload");
    },
    async abort() {
      await bucket.ask("DELETE", key, { query: { uploadId }, also: [404] });
    },
  };
}

/** A store of objects that speaks S3. */
export function s3Storage(server: S3Server): Storage {
  const bucket = new Bucket(server);
  return {
    async put(key, given, options) {
      const { body, piped } = outgoing(given);
      await Promise.all([bucket.ask("PUT", key, { headers: headersOf(options), body }), piped]);
    },

    async putOnce(key, body, options) {
      const headers = { ...headersOf(options), "if-none-match": "*" };
      // 409 is two at once: the other one wins.
      const { status } = await bucket.ask("PUT", key, { headers, body, also: [409, 412] });
      return status < 300;
    },

    async get(key, range) {
      const headers = range && { range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
      const response = await bucket.ask("GET", key, { ...(headers && { headers }), also: [404] });
      if (response.status === 404 || !response.body) {
        await response.body?.cancel();
        return null;
      }
      const whole = /\/(\d+)$/.exec(response.headers.get("content-range") ?? "")?.[1];
      if (range && whole === undefined) {
        await response.body.cancel();
        throw new StorageFault("the store knows no ranges");
      }
      return {
        size: Number(whole ?? response.headers.get("content-length")),
        content_type: response.headers.get("content-type") ?? "application/octet-stream",
        body: response.body,
        text: () => response.text(),
      };
    },

    async delete(keys) {
      // One by one: the operation for many wants a digest that this runtime does not have everywhere.
      for (let from = 0; from < keys.length; from += AT_ONCE) {
        await Promise.all(keys.slice(from, from + AT_ONCE).map((key) => bucket.ask("DELETE", key, { also: [404] })));
      }
    },

    async list(prefix, { after, notes }) {
      const query = { "list-type": "2", prefix, ...(after !== undefined && { "start-after": after }) };
      const xml = await (await bucket.ask("GET", "", { query })).text();
      const objects = elements(xml, "Contents").map((each) => ({
        key: element(each, "Key"),
        stored_at: Date.parse(element(each, "LastModified")),
        notes: {},
      }));
      return {
        objects: notes ? await withNotes(bucket, objects) : objects,
        more: element(xml, "IsTruncated") === "true",
      };
    },

    parts: (key, options) => beginParts(bucket, key, options),
  };
}
