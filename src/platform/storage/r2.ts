/** Objects in R2, through the binding. */

import { env } from "cloudflare:workers";
import type { ObjectBody, ObjectOptions, Storage } from "./port.ts";

const metadata = ({ content_type, notes }: ObjectOptions): R2PutOptions => ({
  httpMetadata: { contentType: content_type },
  ...(notes && { customMetadata: notes }),
});

/** R2 wants to know how long a stream is. */
function sized(body: ObjectBody): { body: string | ArrayBuffer | Uint8Array | ReadableStream; piped: Promise<void> } {
  if (typeof body === "string" || body instanceof ArrayBuffer || body instanceof Uint8Array) {
    return { body, piped: Promise.resolve() };
  }
  const { readable, writable } = new FixedLengthStream(body.size);
  return { body: readable, piped: body.stream.pipeTo(writable) };
}

export const r2Storage: Storage = {
  async put(key, given, options) {
    const { body, piped } = sized(given);
    // A stream that breaks fails the put with it, and a put that fails ends the stream: neither is waited for alone.
    await Promise.all([env.FILES.put(key, body, metadata(options)), piped]);
  },

  async putOnce(key, body, options) {
    const written = await env.FILES.put(key, body, { ...metadata(options), onlyIf: { etagDoesNotMatch: "*" } });
    return written !== null;
  },

  async get(key, range) {
    const object = await env.FILES.get(key, range && { range });
    if (!object) return null;
    const content_type = object.httpMetadata?.contentType ?? "application/octet-stream";
    return { size: object.size, content_type, body: object.body, text: () => object.text() };
  },

  async delete(keys) {
    if (keys.length > 0) await env.FILES.delete([...keys]);
  },

  async list(prefix, { after, notes }) {
    const page = await env.FILES.list({
      prefix,
      ...(after !== undefined && { startAfter: after }),
      ...(notes && { include: ["customMetadata"] }),
    });
    const objects = page.objects.map((each) => ({
      key: each.key,
      stored_at: each.uploaded.getTime(),
      notes: each.customMetadata ?? {},
    }));
    return { objects, more: page.truncated };
  },

  async parts(key, options) {
    const upload = await env.FILES.createMultipartUpload(key, metadata(options));
    const sent: R2UploadedPart[] = [];
    return {
      async send(bytes) {
        sent.push(await upload.uploadPart(sent.length + 1, bytes));
      },
      async complete() {
        await upload.complete(sent);
      },
      abort: () => upload.abort(),
    };
  },
};
