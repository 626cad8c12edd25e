/** WebSockets, opened by a ticket. */

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { Id } from "../contract.ts";
import { config } from "../env.ts";
import { sha256 } from "../ids.ts";
import { limitIp } from "../limits.ts";
import { problem } from "../problem.ts";
import { problemResponses } from "../problem-docs.ts";
import type { App, AppEnv, Params, Route, tags } from "./definition.ts";

/** True for our own pages and the origins on the list; a client without a browser sends none. */
function isAllowedOrigin(c: Context<AppEnv>): boolean {
  const origin = c.req.header("origin");
  return origin === undefined || origin === new URL(c.req.url).origin || config.ALLOWED_ORIGINS.includes(origin);
}

const MAKERSPACE_THING = /^[0-9a-f-]{36}$/;

interface SocketDefinition<P extends string> {
  operation_id: string;
  tag: (typeof tags)[number];
  path: P;
  summary: string;
  description: string;
}

const Ticket = z.object({
  ticket: z.string().openapi({ description: "From the `url` of a live ticket; good once, for 30 seconds." }),
  resume: z
    .string()
    .optional()
    .openapi({ description: "The last number seen: what was missed comes instead of a snapshot." }),
});
const refusals = ["malformed_request", "unauthenticated", "forbidden", "not_found", "rate_limited"] as const;

/** A WebSocket: the single-use ticket in its query is the credential; the object that granted it checks it. */
export function socketRoute<const P extends string>(
  definition: SocketDefinition<P>,
  object: (params: Params<P>) => { fetch(request: Request): Promise<Response> },
): Route {
  const { path, operation_id, tag, summary, description } = definition;
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const add = (app: App): void => {
    app.openAPIRegistry.registerPath({
      operationId: operation_id,
      tags: [tag],
      method: "get",
      path,
      summary,
      description,
      security: [],
      "x-permission": "public",
      request: { params: z.object(Object.fromEntries(names.map((name) => [name, Id]))), query: Ticket },
      responses: { 101: { description: "The socket is open" }, ...problemResponses(refusals) },
    });
    app.get(path.replaceAll(/\{(\w+)\}/g, ":$1"), async (c) => {
      await limitIp(c);
      if (c.req.header("upgrade")?.toLowerCase() !== "websocket")
        throw problem("malformed_request", { detail: "This is a WebSocket." });
      if (!isAllowedOrigin(c)) throw problem("forbidden", { detail: "This origin is not on the list." });
      const params = c.req.param() as Params<P>;
      const ticket = c.req.query("ticket") ?? "";
      if (!Object.values<string>(params).every((id) => MAKERSPACE_THING.test(id)) || !/^[\w-]{43}$/.test(ticket))
        throw problem("not_found");
      const headers = new Headers(c.req.raw.headers);
      headers.set("x-ticket-digest", await sha256(ticket));
      // The ticket itself reaches neither the object's storage nor its logs.
      const url = new URL(c.req.url);
      url.searchParams.delete("ticket");
      return object(params).fetch(new Request(url, { headers }));
    });
  };
  return { operation_id, access: { public_because: "The ticket is the credential." }, method: "get", path, add };
}
