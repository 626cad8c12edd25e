/** A route's definition → its operation in the OpenAPI document, validators included. */

import { createRoute, type RouteConfig, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import type { ProblemCode } from "../problem.ts";
import { problemResponses } from "../problem-docs.ts";
import type { AppEnv, Definition, Route, Schema } from "./definition.ts";

const parameterNames = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");

const pathParameter = (name: string) =>
  z
    .string()
    .max(80)
    .openapi({ param: { name, in: "path" }, example: "019a9d2e-7c11-7b3a-9a53-8a1f0a4f7d10" });

function headerSchema(definition: Definition<string, unknown, unknown, unknown>): z.ZodObject | undefined {
  const shape: Record<string, z.ZodType> = {};
  if (definition.idempotency) {
    const key = z.string().openapi({
      description:
        "1 to 200 characters; the answer is remembered for 24 hours (tablets: 7 days), for bookings and sessions by the machine.",
    });
    shape["idempotency-key"] = definition.idempotency === "required" ? key : key.optional();
  }
  if (definition.if_match) {
    const tag = z.string().openapi({ description: "The ETag you read.", example: '"3"' });
    shape["if-match"] = definition.if_match === "required" ? tag : tag.optional();
  }
  return Object.keys(shape).length > 0 ? z.object(shape) : undefined;
}

/** What the operation asks for, in one word: a permission, or who else may. */
function permissionOf(access: Route["access"]): string {
  if ("permission" in access) return access.permission;
  if ("public_because" in access) return "public";
  return access.signed_in === "super_admin" ? "super_admin" : "signed_in";
}

/** Principals that are no people, where they may ask, too. */
const whoElse = (access: Route["access"]) => ({
  ...("tablets" in access && access.tablets && { "x-tablets": true }),
  ...("api_tokens" in access && access.api_tokens && { "x-api-tokens": true }),
});

/** Signed-in callers are told of parameters that nobody reads; monitors and caches may add theirs to public paths. */
const NoQuery = z.strictObject({});

interface HasBody {
  body_is_form?: true;
  body_is_file?: readonly string[];
}
const typesOf = ({ body_is_form, body_is_file }: HasBody): readonly string[] =>
  body_is_file ?? [body_is_form ? "application/x-www-form-urlencoded" : "application/json"];
/** What a body of the wrong shape is told. */
function misfit({ body_is_form, body_is_file }: HasBody): ProblemCode {
  if (body_is_file) return "length_required";
  return body_is_form ? "invalid_parameter" : "invalid_body";
}
const Binary = z.string().openapi({ format: "binary" });
/** What a file may be answered with besides itself. */
const parts = {
  206: { description: "The part that Range asks for", content: { "*/*": { schema: Binary } } },
  304: { description: "If-None-Match names what the file is still" },
};

/** What a success looks like; where a request may ask what would be, that is a 200 of its own. */
function successes(definition: Definition<string, Schema | undefined, Schema | undefined, Schema | undefined>) {
  const { response, preview, download, status = 200 } = definition;
  const json = (description: string, schema: Schema) => ({ description, content: { "application/json": { schema } } });
  const file = { description: "The file, as an attachment", content: { "*/*": { schema: Binary } } };
  if (download) return { [status]: file, ...(download === "ranged" && parts) };
  if (!response) return { [status]: { description: "Success, without a body" } };
  if (!preview) return { [status]: json("Success", response) };
  if (status === 200) return { 200: json("Success, or what would be", z.union([response, preview])) };
  return { [status]: json("Success", response), 200: json("What would be", preview) };
}

export function describe(
  definition: Definition<string, Schema | undefined, Schema | undefined, Schema | undefined>,
  path: string,
  access: Route["access"],
  problems: readonly ProblemCode[],
  middleware: MiddlewareHandler<AppEnv>[],
): RouteConfig & { middleware: MiddlewareHandler<AppEnv>[] } {
  const { body } = definition;
  const query = definition.query ?? ("public_because" in access ? undefined : NoQuery);
  const names = parameterNames(path);
  const headers = headerSchema(definition);
  const all = [...problems, ...(definition.problems ?? [])];
  if (query) all.push("invalid_parameter");
  if (body) all.push("malformed_request", "payload_too_large", "unsupported_media_type", misfit(definition));
  if (definition.idempotency === "required") all.push("idempotency_key_missing");
  if (definition.idempotency) all.push("idempotency_mismatch");
  if (definition.if_match) all.push("stale_version");
  if (definition.if_match === "required") all.push("precondition_required");
  if (definition.download === "ranged") all.push("range_not_satisfiable");
  return createRoute({
    operationId: definition.operation_id,
    tags: [definition.tag] as string[],
    method: definition.method,
    path,
    summary: definition.summary,
    ...(definition.description && { description: definition.description }),
    ...("public_because" in access
      ? { security: [] as Record<string, string[]>[] }
      : { security: [{ bearer: [] as string[] }] }),
    "x-permission": permissionOf(access),
    ...whoElse(access),
    middleware,
    request: {
      ...(names.length > 0 && {
        params: z.object(Object.fromEntries(names.map((name) => [name, pathParameter(name)]))),
      }),
      ...(query && { query: query as z.ZodObject }),
      // Documented here, read in http.ts: a missing one has a problem of its own.
      ...(headers && { headers: headers.partial() }),
      ...(body && {
        body: {
          required: !definition.body_optional,
          content: Object.fromEntries(typesOf(definition).map((type) => [type, { schema: body }])),
        },
      }),
    },
    responses: { ...successes(definition), ...problemResponses(all) },
  });
}
