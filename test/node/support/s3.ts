/**
 * A server that speaks as much S3 as the house uses, checks every signature by itself, and misbehaves for buckets that are called so. It runs
 * beside the runtime and keeps everything in memory.
 */

import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** Who may come in; anybody else's signature is wrong. */
export const s3Keys = { access_key_id: "AKTESTS", secret_access_key: "a secret of tests", region: "garage" } as const;

interface Stored {
  bytes: Buffer;
  headers: Record<string, string>;
  at: Date;
}

/** As many keys as a page of a listing has: few, so that there are pages. */
const PAGE = 3;

const buckets = new Map<string, Map<string, Stored>>();
const uploads = new Map<string, { key: string; headers: Record<string, string>; parts: Map<number, Buffer> }>();
let made = 0;

const sha256 = (text: string | Buffer): string => createHash("sha256").update(text).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();

/** As the standard of signatures spells it. */
const spelt = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** True when the request is signed as Signature Version 4 has it: by its date, path, query, headers and what it says of its body. */
function isSigned(request: IncomingMessage, url: URL, body: Buffer): boolean {
  const { headers, method = "" } = request;
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      headers.authorization ?? "",
    );
  if (!match) return false;
  const [, id, day = "", region = "", names = "", signature] = match;
  const date = String(headers["x-amz-date"]);
  const claimed = String(headers["x-amz-content-sha256"]);
  const signed = names.split(";");
  if (id !== s3Keys.access_key_id || region !== s3Keys.region || !date.startsWith(day)) return false;
  if (!["host", "x-amz-date", "x-amz-content-sha256"].every((name) => signed.includes(name))) return false;
  if (claimed !== "UNSIGNED-PAYLOAD" && claimed !== sha256(body)) return false;
  const query = [...url.searchParams].map(([name, value]) => `${spelt(name)}=${spelt(value)}`).sort();
  const canonical = [
    method,
    url.pathname
      .split("/")
      .map((part) => spelt(decodeURIComponent(part)))
      .join("/"),
    query.join("&"),
    ...signed.map((name) => `${name}:${String(headers[name]).trim().replaceAll(/\s+/g, " ")}`),
    "",
    names,
    claimed,
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n");
  const key = ["s3", "aws4_request"].reduce(hmac, hmac(hmac(`AWS4${s3Keys.secret_access_key}`, day), region));
  return hmac(key, text).toString("hex") === signature;
}

const kept = (headers: IncomingMessage["headers"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name === "content-type" || name.startsWith("x-amz-meta-"))
      .map(([name, value]) => [name, String(value)]),
  );

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

const tagOf = (bytes: Buffer): string => `"${createHash("md5").update(bytes).digest("hex")}"`;

function list(response: ServerResponse, objects: Map<string, Stored>, query: URLSearchParams): void {
  const [prefix, after] = [query.get("prefix") ?? "", query.get("start-after") ?? ""];
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
  const contents = keys.slice(0, PAGE).map((key) => {
    const { bytes, at } = objects.get(key) ?? { bytes: Buffer.of(), at: new Date() };
    return `<Contents><Key>${escaped(key)}</Key><LastModified>${at.toISOString()}</LastModified><Size>${bytes.length}</Size></Contents>`;
  });
  const xml = `<?xml version="1.0"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><IsTruncated>${keys.length > PAGE}</IsTruncated>${contents.join("")}</ListBucketResult>`;
  response.writeHead(200, { "content-type": "application/xml" }).end(xml);
}

function read(request: IncomingMessage, response: ServerResponse, found: Stored | undefined): void {
  if (!found) return void response.writeHead(404).end("<Error><Code>NoSuchKey</Code></Error>");
  const { bytes, headers } = found;
  const shared = { ...headers, etag: tagOf(bytes) };
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
  if (first === undefined || last === undefined) {
    response.writeHead(200, { ...shared, "content-length": bytes.length });
    return void response.end(request.method === "HEAD" ? undefined : bytes);
  }
  const part = bytes.subarray(Number(first), Number(last) + 1);
  const range = `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`;
  response.writeHead(206, { ...shared, "content-length": part.length, "content-range": range }).end(part);
}

function inParts(
  request: IncomingMessage,
  response: ServerResponse,
  key: string,
  query: URLSearchParams,
  body: Buffer,
) {
  const objects = buckets.get("parts") ?? new Map<string, Stored>();
  buckets.set("parts", objects);
  const id = query.get("uploadId");
  if (id === null) {
    made += 1;
    uploads.set(`u${made}`, { key, headers: kept(request.headers), parts: new Map() });
    return void response
      .writeHead(200)
      .end(`<InitiateMultipartUploadResult><UploadId>u${made}</UploadId></InitiateMultipartUploadResult>`);
  }
  const upload = uploads.get(id);
  if (upload?.key !== key) return void response.writeHead(404).end();
  if (request.method === "PUT") {
    upload.parts.set(Number(query.get("partNumber")), body);
    return void response.writeHead(200, { etag: tagOf(body) }).end();
  }
  uploads.delete(id);
  if (request.method === "DELETE") return void response.writeHead(204).end();
  const named = [...body.toString().matchAll(/<PartNumber>(\d+)<\/PartNumber><ETag>([^<]+)<\/ETag>/g)];
  const parts = named.map(([, number]) => upload.parts.get(Number(number)) ?? Buffer.of());
  const fits = named.every(([, , tag], index) => tag?.replaceAll("&#34;", '"') === tagOf(parts[index] ?? Buffer.of()));
  if (!fits) return void response.writeHead(200).end("<Error><Code>InvalidPart</Code></Error>");
  objects.set(key, { bytes: Buffer.concat(parts), headers: upload.headers, at: new Date() });
  response.writeHead(200).end("<CompleteMultipartUploadResult></CompleteMultipartUploadResult>");
}

/** Buckets that are no good → what they do instead. */
const misbehaving: Readonly<Record<string, (response: ServerResponse) => void>> = {
  broken: (response) => void response.writeHead(500).end("<Error><Code>InternalError</Code></Error>"),
  silent: (response) => void response.destroy(),
  elsewhere: (response) => void response.writeHead(307, { location: "/parts/secret" }).end(),
};

function answer(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const url = new URL(request.url ?? "/", "http://s3");
  const [, bucket = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
  const key = rest.join("/");
  const { searchParams: query } = url;
  if (!isSigned(request, url, body))
    return void response.writeHead(403).end("<Error><Code>SignatureDoesNotMatch</Code></Error>");
  const manner = misbehaving[bucket];
  if (manner) return manner(response);
  if (query.has("uploads") || query.has("uploadId")) return inParts(request, response, key, query, body);
  const objects = buckets.get(bucket) ?? new Map<string, Stored>();
  buckets.set(bucket, objects);
  if (key === "") return list(response, objects, query);
  if (request.method === "GET" || request.method === "HEAD") return read(request, response, objects.get(key));
  if (request.method === "DELETE") {
    objects.delete(key);
    return void response.writeHead(204).end();
  }
  if (request.headers["if-none-match"] === "*" && objects.has(key)) return void response.writeHead(412).end();
  objects.set(key, { bytes: body, headers: kept(request.headers), at: new Date() });
  response.writeHead(200, { etag: tagOf(body) }).end();
}

/** Starts it on a port of its own. @returns its origin */
export async function startS3(): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    // Whoever breaks off has sent nothing.
    request.on("end", () => request.complete && answer(request, response, Buffer.concat(chunks)));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  server.unref();
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the store has no port");
  return `http://127.0.0.1:${address.port}`;
}
