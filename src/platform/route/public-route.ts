/** Paths for anybody. */

import type { Context, MiddlewareHandler } from "hono";
import { limitBody } from "../http.ts";
import { limitIp } from "../limits.ts";
import type { App, AppEnv, Definition, Handled, Input, Route, Schema } from "./definition.ts";
import { describe } from "./describe.ts";
import { readInput, respond } from "./exchange.ts";

/** What a public route knows of its caller: nothing but the request. */
export interface Visitor {
  request_id: string;
  now: number;
  ip: string;
  defer: (work: Promise<unknown>) => void;
}

interface PublicDefinition<P extends string, Q, B, R> extends Definition<P, Q, B, R> {
  /** Why nobody has to sign in. */
  public_because: string;
}

/** A path for anybody; it states its reason. */
export function publicRoute<
  const P extends string,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
  R extends Schema | undefined = undefined,
>(definition: PublicDefinition<P, Q, B, R>, handler: (visitor: Visitor, input: Input<P, Q, B>) => Handled<R>): Route {
  const access = { public_because: definition.public_because };
  const add = (app: App): void => {
    const guard: MiddlewareHandler<AppEnv> = async (c, next) => {
      if (definition.no_store) c.header("cache-control", "no-store");
      await limitIp(c);
      await next();
    };
    const run = async (c: Context<AppEnv>): Promise<Response> => {
      const visitor: Visitor = {
        request_id: c.get("request_id"),
        now: c.get("now"),
        ip: c.req.header("cf-connecting-ip") ?? "local",
        defer: (work) => c.executionCtx.waitUntil(work),
      };
      return respond(c, definition, await handler(visitor, readInput(c, definition)));
    };
    const base = ["rate_limited", "unavailable", "internal_error"] as const;
    app.openapi(
      describe(definition, definition.path, access, base, [guard, limitBody(definition.body_limit)]),
      run as never,
    );
  };
  return { operation_id: definition.operation_id, access, method: definition.method, path: definition.path, add };
}
