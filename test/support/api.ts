/** A client of the worker in the real runtime. Each answer is held against the OpenAPI document before a test sees it. */

import { exports } from "cloudflare:workers";
import type { ProblemBody } from "../../src/platform/problem.ts";
import { holdToContract } from "./contract.ts";

export const ORIGIN = "https://makrcave.test";

export interface SendOptions {
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is, with the content type of `headers` (application/json unless told). */
  text?: string;
  /** A file, sent as it is with the content type of `headers`. */
  bytes?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  headers?: Record<string, string>;
  /** The Idempotency-Key: a fresh one on POST unless told, none with null. */
  key?: string | null;
  /** The version for If-Match, or the header itself. */
  if_match?: number | string;
}

/** What came back. `problem` is set when the body is a problem, `body` otherwise. */
export interface Answer<T> {
  status: number;
  headers: Headers;
  body: T | null;
  problem: ProblemBody | null;
}

/** A page of a list. */
export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

export type Send = (request: Request) => Promise<Response>;

const throughTheWorker: Send = (request) => exports.default.fetch(request);

function headersOf(method: string, token: string | null, options: SendOptions): Headers {
  const headers = new Headers(options.headers);
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  const hasBody = options.body !== undefined || options.text !== undefined;
  if (hasBody && !headers.has("content-type")) headers.set("content-type", "application/json");
  const key = options.key === undefined && method === "POST" ? crypto.randomUUID() : options.key;
  if (key) headers.set("idempotency-key", key);
  const { if_match } = options;
  if (if_match !== undefined) headers.set("if-match", typeof if_match === "number" ? `"${if_match}"` : if_match);
  return headers;
}

/** Speaks as one principal. */
export class Api {
  constructor(
    readonly token: string | null = null,
    /** How requests reach the worker; tests of faults put their own way here. */
    readonly way: Send = throughTheWorker,
  ) {}

  /** The same principal on another way. */
  by(way: Send): Api {
    return new Api(this.token, way);
  }

  /** Any answer. */
  async send<T>(method: string, path: string, options: SendOptions = {}): Promise<Answer<T>> {
    const body = options.bytes ?? options.text ?? (options.body === undefined ? null : JSON.stringify(options.body));
    const headers = headersOf(method, this.token, options);
    const response = await this.way(new Request(ORIGIN + path, { method, headers, body }));
    const text = await response.text();
    const content_type = response.headers.get("content-type");
    const { pathname } = new URL(path, ORIGIN);
    const request_id = response.headers.get("x-request-id");
    await holdToContract({ method, path: pathname, status: response.status, content_type, text, request_id });
    const isProblem = content_type === "application/problem+json";
    const isJson =
      /^application\/(problem\+)?json\b/.test(content_type ?? "") && !response.headers.has("content-disposition");
    // A download is its text.
    const parsed: unknown = text === "" ? null : isJson ? JSON.parse(text) : text;
    return {
      status: response.status,
      headers: response.headers,
      body: isProblem ? null : (parsed as T | null),
      problem: isProblem ? (parsed as ProblemBody) : null,
    };
  }

  /** The body of a success. @throws for anything else, with request and answer. */
  async must<T>(method: string, path: string, options: SendOptions = {}): Promise<T> {
    const answer = await this.send<T>(method, path, options);
    if (answer.status >= 200 && answer.status < 300) return answer.body as T;
    throw new Error(`${method} ${path} answered ${answer.status} ${JSON.stringify(answer.problem ?? answer.body)}`);
  }

  /** The problem of a refusal. @throws for a success. */
  async refused(method: string, path: string, options: SendOptions = {}): Promise<ProblemBody> {
    const answer = await this.send<unknown>(method, path, options);
    if (answer.problem) return answer.problem;
    throw new Error(`${method} ${path} answered ${answer.status} ${JSON.stringify(answer.body)}, not a problem`);
  }

  get<T>(path: string): Promise<T> {
    return this.must<T>("GET", path);
  }

  post<T>(path: string, body: unknown = {}, options: SendOptions = {}): Promise<T> {
    return this.must<T>("POST", path, { body, ...options });
  }

  patch<T>(path: string, body: unknown, if_match?: number): Promise<T> {
    return this.must<T>("PATCH", path, { body, ...(if_match !== undefined && { if_match }) });
  }

  async delete(path: string): Promise<void> {
    await this.must<null>("DELETE", path);
  }

  /** Every page of a list, in order. */
  async all<T>(path: string): Promise<T[]> {
    const rows: T[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const query: string =
        cursor === "" ? "" : `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`;
      const page: Page<T> = await this.get<Page<T>>(path + query);
      rows.push(...page.data);
      cursor = page.next_cursor;
    }
    return rows;
  }
}
