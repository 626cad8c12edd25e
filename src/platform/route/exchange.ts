/** Between a request and a handler: headers, validated parts, remembered answers, the response. */

import type { Context } from "hono";
import { KeyTaken } from "../db/commit.ts";
import { typeOf } from "../http.ts";
import { Problem, problem } from "../problem.ts";
import type { RequestKey } from "../space.ts";
import {
  type AppEnv,
  type Definition,
  FileReply,
  type Input,
  maybeReplayed,
  type Output,
  type Params,
  Preview,
  Reply,
  type Upload,
} from "./definition.ts";

/** "3" out of If-Match; weak tags and lists are refused. */
function readIfMatch(c: Context<AppEnv>, mode: "required" | "optional" | undefined): number | null {
  const header = mode && c.req.header("if-match");
  // "*" names no version, so where one is required it is as good as nothing.
  if (mode === "required" && (!header || header === "*")) throw problem("precondition_required");
  if (!header || header === "*") return null;
  const version = /^"?(\d{1,16})"?$/.exec(header)?.[1];
  if (version === undefined) throw problem("stale_version");
  return Number(version);
}

export const headerOf = (definition: { idempotency?: "required" | "optional" }, c: Context<AppEnv>): string | null => {
  if (!definition.idempotency) return null;
  const key = c.req.header("idempotency-key");
  if (key === undefined && definition.idempotency === "required") throw problem("idempotency_key_missing");
  if (key !== undefined && !/^[\x21-\x7e]{1,200}$/.test(key)) throw problem("idempotency_key_missing");
  return key ?? null;
};

/** Where makerspaces are. */
export const SPACES = "/api/v1/makerspaces";

/** Characters that RFC 8187 lets stand as they are; encodeURIComponent leaves a few more. */
const encodeFilename = (name: string): string =>
  encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** A file goes out to be saved: not sniffed, not run, not kept by anybody in between. */
function respondWithFile(c: Context<AppEnv>, { body, file }: FileReply): Response {
  const { filename, size, range, etag } = file;
  c.header("cache-control", etag ? "private, no-cache" : "private, no-store");
  if (etag) c.header("etag", etag);
  if (etag || range) c.header("accept-ranges", "bytes");
  if (body === null) return c.body(null, 304);
  const ascii = filename.replaceAll(/[^\x20-\x7e]|["\\%]/g, "_");
  c.header("content-type", file.content_type);
  c.header("content-length", String(range ? range.length : size));
  c.header("content-disposition", `attachment; filename="${ascii}"; filename*=UTF-8''${encodeFilename(filename)}`);
  c.header("content-security-policy", "sandbox; default-src 'none'");
  c.header("x-content-type-options", "nosniff");
  if (file.embeddable) c.header("cross-origin-resource-policy", "cross-origin");
  if (!range) return c.body(body, 200);
  c.header("content-range", `bytes ${range.offset}-${range.offset + range.length - 1}/${size}`);
  return c.body(body, 206);
}

/** Turns what a handler returned into a response: ETag of anything with a version, Location of anything created. */
export function respond(
  c: Context<AppEnv>,
  {
    status = 200,
    location = "",
    no_store,
  }: Pick<Definition<string, unknown, unknown, unknown>, "status" | "location" | "no_store">,
  result: unknown,
): Response {
  if (result instanceof FileReply) return respondWithFile(c, result);
  if (result instanceof Preview) return c.json(result.body as Record<string, unknown>, 200);
  const reply = result instanceof Reply ? result : new Reply(result);
  for (const [name, value] of Object.entries(reply.headers)) c.header(name, value);
  if (no_store) c.header("cache-control", "no-store");
  if (status === 204 || reply.body === undefined) return c.body(null, status);
  const body = reply.body as { id?: unknown; version?: unknown } | null;
  if (typeof body?.version === "number") c.header("etag", `"${body.version}"`);
  if ((status === 201 || status === 202) && typeof body?.id === "string") {
    const made = body.id;
    const inSpace = location.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      name === "id" ? made : (c.req.param(name) ?? ""),
    );
    c.header("location", location ? `${SPACES}/${c.req.param("makerspace_id")}${inSpace}` : `${c.req.path}/${body.id}`);
  }
  return c.json(body as Record<string, unknown>, status);
}

/** The file of a request, to be streamed. */
function readUpload(c: Context<AppEnv>): Upload {
  const { body, headers } = c.req.raw;
  if (!body) throw problem("malformed_request");
  return { body, size: Number(headers.get("content-length")), content_type: typeOf(headers) };
}

function readBody(
  c: Context<AppEnv>,
  {
    body,
    body_is_form,
    body_is_file,
  }: Pick<Definition<string, unknown, unknown, unknown>, "body" | "body_is_form" | "body_is_file">,
  valid: (part: "json" | "form") => unknown,
): unknown {
  if (body_is_file) return readUpload(c);
  return body ? (valid(body_is_form ? "form" : "json") ?? {}) : undefined;
}

/** The validated parts of a request, as the library's validators left them. */
export function readInput<P extends string, Q, B>(
  c: Context<AppEnv>,
  definition: Definition<P, Q, B, unknown>,
): Input<P, Q, B> {
  const valid = c.req.valid.bind(c.req) as unknown as (part: "query" | "json" | "form") => unknown;
  return {
    params: c.req.param() as Params<P>,
    query: (definition.query ? valid("query") : undefined) as Output<Q>,
    body: readBody(c, definition, valid) as Output<B>,
    if_match: readIfMatch(c, definition.if_match),
    file_ask: {
      range: c.req.header("range") ?? null,
      if_range: c.req.header("if-range") ?? null,
      if_none_match: c.req.header("if-none-match") ?? null,
    },
  };
}

/** Answers from memory, or runs; the loser of a race for a key answers with what the winner stored. */
export async function withKey(
  key: RequestKey | null,
  keys_in: "d1" | "object",
  remembered: (key: RequestKey) => Promise<unknown>,
  answer: () => Promise<unknown>,
): Promise<unknown> {
  if (!key || keys_in === "object") return answer();
  const found = await remembered(key);
  if (found !== null) return maybeReplayed(found, true);
  try {
    return await answer();
  } catch (error) {
    // Whatever stood in the way may be what a request with the same key has done meanwhile: then its answer is ours.
    const stored = error instanceof KeyTaken || error instanceof Problem ? await remembered(key) : null;
    if (stored === null) throw error;
    return maybeReplayed(stored, true);
  }
}
