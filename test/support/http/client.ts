/** A small HTTP client for black-box tests: one try per call, nothing hidden. */

import type { Interval } from "../../../src/modules/equipment/model.ts";
import type { ProblemBody } from "../../../src/platform/problem.ts";

/** What came back. `problem` is set when the body is application/problem+json, `body` otherwise. */
export interface Reply<T> {
  status: number;
  headers: Headers;
  body: T | null;
  problem: ProblemBody | null;
}

export interface SendOptions {
  body?: unknown;
  headers?: Record<string, string>;
  /** The Idempotency-Key. */
  key?: string;
  /** The version for If-Match. */
  if_version?: number;
  /** Milliseconds. */
  timeout_ms?: number;
}

/** Speaks as one principal. Nothing is repeated: an exception means that nobody knows whether the request took effect. */
export class Api {
  readonly url: string;
  readonly token: string | null;

  constructor(url: string, token: string | null = null) {
    this.url = url;
    this.token = token;
  }

  async send<T>(method: string, path: string, options: SendOptions = {}): Promise<Reply<T>> {
    const headers: Record<string, string> = { accept: "application/json", ...options.headers };
    if (this.token !== null) headers.authorization = `Bearer ${this.token}`;
    if (options.body !== undefined) headers["content-type"] = "application/json";
    if (options.key !== undefined) headers["idempotency-key"] = options.key;
    if (options.if_version !== undefined) headers["if-match"] = `"${options.if_version}"`;
    const response = await fetch(this.url + path, {
      method,
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: AbortSignal.timeout(options.timeout_ms ?? 30_000),
    });
    const text = await response.text();
    const isProblem = (response.headers.get("content-type") ?? "").startsWith("application/problem+json");
    const parsed: unknown = text === "" ? null : parse(text);
    return {
      status: response.status,
      headers: response.headers,
      // The wire is what these tests are about; a wrong shape shows itself in the assertion that reads it.
      body: isProblem ? null : (parsed as T | null),
      problem: isProblem ? (parsed as ProblemBody) : null,
    };
  }

  /** Sends and expects a success; everything else becomes an error that names request and answer. */
  async must<T>(method: string, path: string, options: SendOptions = {}): Promise<T> {
    const reply = await this.send<T>(method, path, options);
    if (reply.status >= 200 && reply.status < 300) return reply.body as T;
    throw new Error(`${method} ${path} answered ${reply.status} ${JSON.stringify(reply.problem ?? reply.body)}`);
  }

  get<T>(path: string): Promise<T> {
    return this.must<T>("GET", path);
  }

  /** POST with a fresh Idempotency-Key unless one is given. */
  post<T>(path: string, body: unknown = {}, key: string = crypto.randomUUID()): Promise<T> {
    return this.must<T>("POST", path, { body, key });
  }

  /** Every page of a list. */
  async all<T>(path: string): Promise<T[]> {
    const rows: T[] = [];
    let cursor: string | null = null;
    do {
      const query: string =
        cursor === null ? "" : `${path.includes("?") ? "&" : "?"}cursor=${encodeURIComponent(cursor)}`;
      const page: Page<T> = await this.get<Page<T>>(path + query);
      rows.push(...page.data);
      cursor = page.next_cursor;
    } while (cursor !== null);
    return rows;
  }
}

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

/** Not every failure speaks JSON (a proxy's page, a cut answer). */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** ISO 8601 UTC, as the API speaks. */
export const iso = (at: number): string => new Date(at).toISOString();

/** The two ends of an interval as they go over the wire. */
export const wireInterval = (interval: Interval): { starts_at: string; ends_at: string } => ({
  starts_at: iso(interval.starts_at),
  ends_at: iso(interval.ends_at),
});
