/// <reference types="vite/types/importMeta.d.ts" />
/**
 * One day in a makerspace: every operation of the document answers its success, as documented. A new one is missed until it has its place
 * in a part of the tour (test/contract/tour).
 */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { problems } from "../../src/platform/problem.ts";
import { Api } from "../support/api.ts";
import { changes, endpointsOf, type Operation, openApi, seen } from "../support/contract.ts";
import { until } from "../support/space.ts";
import { unaudited } from "./unaudited.ts";

/** True when one of these requests stands in the audit of any makerspace. */
async function isAudited(request_ids: ReadonlySet<string>): Promise<boolean> {
  const found = await env.DB_000.prepare(
    "SELECT 1 FROM audit_log WHERE request_id IN (SELECT value FROM json_each(?)) LIMIT 1",
  )
    .bind(JSON.stringify([...request_ids]))
    .first();
  return found !== null;
}

/** The status of success that an operation documents. */
const successOf = ({ responses }: Operation): string => Object.keys(responses).find((status) => status < "300") ?? "";

/** The parts of the day, a file each; each brings its own makerspaces. */
const parts = Object.values(import.meta.glob<Record<string, () => void>>("./tour/*.ts", { eager: true })).flatMap(
  (file) => Object.values(file),
);

describe("a day in a makerspace", () => {
  for (const part of parts) part();

  it("has had a place for every operation", async () => {
    const all = endpointsOf(await openApi()).map(({ operation }) => `${operation.operationId} ${successOf(operation)}`);
    expect(all.filter((success) => !seen.has(success))).toEqual([]);
  });

  it("has left its trace in the audit: every operation that changes something, but for those that say why not", async () => {
    const operations = endpointsOf(await openApi()).filter(({ method }) => method !== "GET");
    const ids = operations.map(({ operation }) => operation.operationId);
    const isMissing = async (id: string): Promise<boolean> => !(await isAudited(changes.get(id) ?? new Set()));
    // What an object decides comes with its projection, a moment later.
    const missing = async (): Promise<string[]> => {
      const found = await Promise.all(ids.map(async (id) => ((await isMissing(id)) ? [id] : [])));
      return found.flat().sort();
    };
    const excused = Object.keys(unaudited).sort();
    await until("the projections", async () => (await missing()).length <= excused.length, 10).catch(() => undefined);
    expect(await missing()).toEqual(excused);
    expect(ids.length).toBeGreaterThan(30);
  }, 30_000);
});

describe("the document", () => {
  it("is OpenAPI 3.1 and names every operation once, with a tag, a summary and what it asks for", async () => {
    const openapi = await openApi();
    expect(openapi.openapi).toBe("3.1.0");
    const operations = endpointsOf(openapi).map(({ operation }) => operation);
    expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(operations.length);
    for (const operation of operations) {
      expect(operation).toMatchObject({
        tags: [expect.any(String)],
        summary: expect.any(String),
        "x-permission": expect.any(String),
      });
    }
  });

  it("spells every path in full, and everything else in snake_case", async () => {
    const { paths, components } = await openApi();
    const known = /^\/(health|ready|dev\/mail|(live|api\/v1)(\/(\{[a-z_]+\}|[a-z_.]+))+)$/;
    expect(Object.keys(paths).filter((path) => !known.test(path))).toEqual([]);
    const names = Object.values(components.schemas).flatMap((schema) =>
      Object.keys((schema as { properties?: object }).properties ?? {}),
    );
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
  });

  it("says for each refusal which problems it may be, each of its status, and that bodies hold nothing unknown", async () => {
    const openapi = await openApi();
    const { components } = openapi;
    const responses = endpointsOf(openapi).flatMap(({ operation }) => Object.entries(operation.responses));
    for (const [status, response] of responses.filter(([code]) => code >= "400")) {
      const codes = response["x-problem-codes"] ?? [];
      expect(codes.length).toBeGreaterThan(0);
      expect(codes.filter((code) => String(problems[code as keyof typeof problems][0]) !== status)).toEqual([]);
      expect(Object.keys(response.content ?? {})).toEqual(["application/problem+json"]);
    }
    const open = Object.entries(components.schemas).filter(([, schema]) => {
      const { type, additionalProperties } = schema as { type?: string; additionalProperties?: unknown };
      return type === "object" && additionalProperties !== false;
    });
    // Keys of other issuers carry what they like, and so do their messages.
    expect(open.map(([name]) => name).sort()).toEqual(["BackchannelLogoutInput", "Jwks"]);
  });

  it("judges: what it does not foresee fails a test", async () => {
    const answering = (body: string, status = 200, type = "application/json") =>
      new Api(null, async () => new Response(body, { status, headers: { "content-type": type } })).send(
        "GET",
        "/health",
      );
    await expect(answering('{"status":"ok"}')).resolves.toMatchObject({ status: 200 });
    await expect(answering('{"status":"ok","more":1}')).rejects.toThrow(/additional properties/);
    await expect(answering('{"status":"fine"}')).rejects.toThrow(/against the contract/);
    await expect(answering('{"status":"ok"}', 201)).rejects.toThrow(/does not document 201/);
    await expect(answering("ok", 200, "text/plain")).rejects.toThrow(/does not document text\/plain/);
    const nowhere = new Api(null, async () => Response.json({})).send("GET", "/nowhere");
    await expect(nowhere).rejects.toThrow(/404 is due/);
  });
});
