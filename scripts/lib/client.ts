/** A small client of the public API for scripts: JSON in, JSON out. */
import { randomUUID } from "node:crypto";

type Json = Record<string, unknown>;

/** An answer that is not 2xx; `code` is the problem's. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(request: string, status: number, problem: Json) {
    super(`${request} answered ${status}: ${JSON.stringify(problem)}`);
    this.status = status;
    this.code = typeof problem.code === "string" ? problem.code : "";
  }
}

/** Speaks to the API as one person. */
export interface Client {
  get<T>(path: string): Promise<T>;
  /** Every item of a list, page by page. */
  list<T>(path: string): Promise<T[]>;
  /** A POST with an Idempotency-Key of its own. */
  post<T>(path: string, body: unknown): Promise<T>;
}

const call = async <T>(url: string, path: string, token: string | undefined, body?: unknown): Promise<T> => {
  const method = body === undefined ? "GET" : "POST";
  const response = await fetch(url + path, {
    method,
    headers: {
      accept: "application/json",
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { "content-type": "application/json", "idempotency-key": randomUUID() }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer: unknown = text.startsWith("{") ? JSON.parse(text) : { detail: text };
  if (!response.ok) throw new ApiError(`${method} ${path}`, response.status, answer as Json);
  return answer as T;
};

const listAll = async <T>(url: string, path: string, token: string): Promise<T[]> => {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const query: string = `${path.includes("?") ? "&" : "?"}limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ""}`;
    const page: { data: T[]; next_cursor: string | null } = await call(url, path + query, token);
    items.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor);
  return items;
};

/** Whom a development token is for. */
export interface Identity {
  sub: string;
  email?: string;
  name?: string;
  realm_roles?: readonly string[];
}

/** Signs in at the development issuer of the worker behind `url`. */
export const signIn = async (url: string, identity: Identity): Promise<Client> => {
  const { access_token: token } = await call<{ access_token: string }>(url, "/api/v1/dev/tokens", undefined, identity);
  return {
    get: (path) => call(url, path, token),
    list: (path) => listAll(url, path, token),
    post: (path, body) => call(url, path, token, body),
  };
};
