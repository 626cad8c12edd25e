/** What a route says of itself. */

import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { AccessSources } from "../access/authorise.ts";
import type { Permission } from "../access/permissions.ts";
import type { Principal } from "../access/principal.ts";
import type { ProblemCode } from "../problem.ts";
import type { FileAsk } from "../ranges.ts";
import type { Space } from "../space.ts";
import type { ByteRange } from "../storage/port.ts";

/** Set by middleware, read by the factories alone. */
export interface AppEnv {
  Variables: {
    request_id: string;
    now: number;
    principal: Principal;
    space: Space;
    facts: Record<string, unknown>;
  };
}
export type App = OpenAPIHono<AppEnv>;

export type Schema = z.ZodType;
export type Output<S> = S extends Schema ? z.output<S> : undefined;
/** A route without a response schema answers without a body. */
// biome-ignore lint/suspicious/noConfusingVoidType: handlers of such routes are verbs that return nothing.
export type Answer<R> = R extends Schema ? z.output<R> : void;
export type Method = "get" | "post" | "patch" | "put" | "delete";

/** The eight modules and what carries them: one tag per operation, counted in docs/coverage.md. */
export const tags = [
  "inventory",
  "equipment",
  "members",
  "skills",
  "projects",
  "billing",
  "analytics",
  "settings",
  "notifications",
  "platform",
] as const;

/** "equipment_id" out of "/equipment/{equipment_id}". */
type Names<P extends string> = P extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
export type Params<P extends string> = Readonly<Record<Names<P>, string>>;

export interface Definition<P extends string, Q, B, R> {
  operation_id: string;
  tag: (typeof tags)[number];
  method: Method;
  /** Below /api/v1/makerspaces/{makerspace_id} for space routes, the full path otherwise. */
  path: P;
  summary: string;
  description?: string;
  query?: Q;
  body?: B;
  /** The body comes as a form (application/x-www-form-urlencoded), not as JSON. */
  body_is_form?: true;
  /** The body is a file of one of these content types: `body` is FileBody, and the handler reads its stream. */
  body_is_file?: readonly string[];
  /** A body that may be left out altogether. */
  body_optional?: boolean;
  /** Bytes; 64 KiB unless told. */
  body_limit?: number;
  /** `required`: 400 without the header. `optional`: remembered when it is sent. */
  idempotency?: "required" | "optional";
  /** `required`: 428 without the header. */
  if_match?: "required" | "optional";
  /** The answer holds a secret, or ends one: nobody on the way may keep it. */
  no_store?: true;
  status?: 200 | 201 | 202 | 204;
  /** Where what was made is read, as a path of the makerspace with `{id}`; below this path unless told. */
  location?: string;
  response?: R;
  /** The shape of what would be, where a request may ask for that first: the handler returns a Preview, answered with 200. */
  preview?: Schema;
  /** Answers a file instead of JSON: the handler returns a FileReply. `ranged`: also in part, or that it has not changed. */
  download?: true | "ranged";
  problems?: readonly ProblemCode[];
}

/** A file that comes in, not read yet. */
export interface Upload {
  body: ReadableStream<Uint8Array>;
  /** As announced, in bytes. */
  size: number;
  content_type: string;
}

/** The body of a route that takes a file. */
export const FileBody = z.custom<Upload>().openapi({ type: "string", format: "binary" });

export interface Input<P extends string, Q, B> {
  params: Params<P>;
  query: Output<Q>;
  body: Output<B>;
  /** The version named by If-Match. */
  if_match: number | null;
  /** What a download is asked for beside which file. */
  file_ask: FileAsk;
}

/** An answer with more to say than its body. */
export class Reply<T> {
  constructor(
    readonly body: T,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}
}

/** A file to save, never to show: browsers run nothing in it. Without a body the reader has it already. */
export class FileReply {
  constructor(
    readonly body: ReadableStream | string | null,
    readonly file: {
      filename: string;
      content_type: string;
      /** Of the whole file, in bytes. */
      size: number;
      range?: ByteRange | null;
      /** Strong, with its quotes: readers may keep the file, and ask whether it has changed. */
      etag?: string | null;
      /** Pages of other origins may show it. */
      embeddable?: boolean;
    },
  ) {}
}

/** What would be: nothing was changed. */
export class Preview {
  constructor(readonly body: unknown) {}
}

/** The body, marked as the answer of an earlier request with the same key when it was one. */
export const maybeReplayed = <T>(body: T, replayed: boolean): Reply<T> =>
  new Reply(body, replayed ? { "idempotency-replayed": "true" } : {});

type Said<R> = Answer<R> | Reply<Answer<R>> | FileReply | Preview;
export type Handled<R> = Promise<Said<R>> | Said<R>;

/** A route as modules export it: `app.ts` adds it to the application. */
export interface Route {
  operation_id: string;
  /** The permission (and whether tablets may ask for it), or why none is needed. */
  access:
    | { permission: Permission; tablets: boolean }
    | { signed_in: string; api_tokens: boolean }
    | { public_because: string };
  method: Method;
  path: string;
  add(app: App, sources: AccessSources): void;
}
