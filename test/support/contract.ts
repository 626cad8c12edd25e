/** Holds every exchange of the tests against the OpenAPI document that the worker itself serves. */

import { exports } from "cloudflare:workers";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import type { Permission } from "../../src/platform/access/permissions.ts";

interface MediaType {
  schema: object;
}

interface DocumentedResponse {
  content?: Record<string, MediaType>;
  "x-problem-codes"?: string[];
}

export interface Operation {
  operationId: string;
  "x-permission": Permission | "signed_in" | "super_admin" | "public";
  "x-tablets"?: true;
  "x-api-tokens"?: true;
  security: object[];
  parameters?: { name: string; in: string; required: boolean }[];
  requestBody?: { content: Record<string, MediaType> };
  responses: Record<string, DocumentedResponse>;
}

export interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object>; securitySchemes: Record<string, object> };
}

/** One operation and where it is. */
export interface Endpoint {
  method: string;
  /** With its parameters in braces. */
  path: string;
  operation: Operation;
}

/** What came back, as far as the document speaks of it. */
export interface Exchange {
  method: string;
  /** Without the query. */
  path: string;
  status: number;
  content_type: string | null;
  text: string;
  request_id: string | null;
}

const ORIGIN = "https://makrcave.test";

async function fetchDocument(): Promise<OpenApi> {
  const response = await exports.default.fetch(`${ORIGIN}/openapi.json`);
  return response.json();
}

let document: Promise<OpenApi> | undefined;

/** The document, fetched once per file. */
export const openApi = (): Promise<OpenApi> => {
  document ??= fetchDocument();
  return document;
};

/** Every operation of the document. */
export const endpointsOf = (openapi: OpenApi): Endpoint[] =>
  Object.entries(openapi.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

/** `operation_id status` of every exchange so far in this file. */
export const seen = new Set<string>();

/** The requests that succeeded in changing something, or said so, by operation id. */
export const changes = new Map<string, Set<string>>();

/** Notes an exchange for those who want to know what there was. */
function note({ operationId }: Operation, { method, status, request_id }: Exchange): void {
  seen.add(`${operationId} ${status}`);
  if (method === "GET" || status >= 300 || request_id === null) return;
  changes.set(operationId, (changes.get(operationId) ?? new Set()).add(request_id));
}

/** Notes a socket that was opened. */
export async function noteSocket(url: string): Promise<void> {
  const { pathname } = new URL(url);
  const found = endpointsOf(await openApi()).find(
    ({ path }) => path.startsWith("/live/") && patternOf(path).test(pathname),
  );
  if (found) seen.add(`${found.operation.operationId} 101`);
}

const patternOf = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll(/[.]/g, "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`);

class Judge {
  readonly #ajv = new Ajv2020({ strict: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();
  readonly #patterns: (Endpoint & { pattern: RegExp })[];

  constructor(openapi: OpenApi) {
    addFormats.default(this.#ajv);
    this.#ajv.addSchema(openapi, "document");
    this.#patterns = endpointsOf(openapi).map((endpoint) => ({ ...endpoint, pattern: patternOf(endpoint.path) }));
  }

  /** What is wrong with an exchange; null when the document foresaw it. */
  faultOf(exchange: Exchange): string | null {
    const { method, path, status, content_type, text } = exchange;
    const here = this.#patterns.filter((endpoint) => endpoint.pattern.test(path));
    // A literal path wins over a parameter, as in the router.
    const found = here
      .filter((endpoint) => endpoint.method === method)
      .sort((a, b) => a.path.split("{").length - b.path.split("{").length)[0];
    if (!found) return this.#undocumented(here.length > 0, status, content_type, text);
    note(found.operation, exchange);
    const documented = found.operation.responses[status];
    if (!documented) return `${found.operation.operationId} does not document ${status}`;
    if (!documented.content)
      return text === "" ? null : `${found.operation.operationId} documents no body for ${status}`;
    const type = (content_type ?? "").split(";")[0] ?? "";
    if (documented.content["*/*"]) return null;
    const media = documented.content[type];
    if (!media) return `${found.operation.operationId} does not document ${type} for ${status}`;
    const body = JSON.parse(text) as unknown;
    const codes = documented["x-problem-codes"];
    const { code } = (body ?? {}) as { code?: string };
    if (codes && !codes.includes(code ?? "")) {
      return `${found.operation.operationId} does not document the problem ${code} for ${status}`;
    }
    return this.#misfit(media.schema, body);
  }

  /** Paths and methods that do not exist answer a problem, too. */
  #undocumented(isKnownPath: boolean, status: number, content_type: string | null, text: string): string | null {
    const expected = isKnownPath ? 405 : 404;
    if (status !== expected) return `nothing is documented here, so ${expected} is due, not ${status}`;
    if (content_type !== "application/problem+json") return `a problem is due, not ${content_type}`;
    return this.#misfit({ $ref: "#/components/schemas/Problem" }, JSON.parse(text));
  }

  #misfit(schema: object, body: unknown): string | null {
    const key = JSON.stringify(schema).replaceAll('"$ref":"#', '"$ref":"document#');
    let validate = this.#validators.get(key);
    if (!validate) {
      validate = this.#ajv.compile(JSON.parse(key) as object);
      this.#validators.set(key, validate);
    }
    return validate(body) ? null : this.#ajv.errorsText(validate.errors, { dataVar: "body" });
  }
}

let judge: Promise<Judge> | undefined;

/** @throws when the document does not foresee this exchange. */
export async function holdToContract(exchange: Exchange): Promise<void> {
  judge ??= openApi().then((openapi) => new Judge(openapi));
  const fault = (await judge).faultOf(exchange);
  if (fault === null) return;
  const { method, path, status, text } = exchange;
  throw new Error(`${method} ${path} answered ${status}, against the contract: ${fault}\n${text.slice(0, 500)}`);
}
