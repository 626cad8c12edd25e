/** Paths outside any makerspace, for signed-in people. */

import type { Context, MiddlewareHandler } from "hono";
import { type AccessSources, authenticate, refuseDenied } from "../access/authorise.ts";
import { type OpenedToken, openToken } from "../access/open-token.ts";
import type { ApiTokenPrincipal, UserPrincipal } from "../access/principal.ts";
import { limitBody, readRequestKey, rememberedPlatformAnswer } from "../http.ts";
import { limitIp, limitPrincipal } from "../limits.ts";
import { problem } from "../problem.ts";
import type { RequestKey } from "../space.ts";
import type { App, AppEnv, Definition, Handled, Input, Route, Schema } from "./definition.ts";
import { describe } from "./describe.ts";
import { headerOf, readInput, respond, withKey } from "./exchange.ts";

/** What a platform route knows of its caller. */
export interface Caller {
  principal: UserPrincipal;
  request_id: string;
  now: number;
  key: RequestKey | null;
  /** Origin of our own URLs, as the client reached us. */
  origin: string;
  defer: (work: Promise<unknown>) => void;
}

interface PlatformDefinition<P extends string, Q, B, R> extends Definition<P, Q, B, R> {
  /** `signed_in` says why any person may; `super_admin` asks for the realm role. */
  allow: { signed_in: string } | "super_admin";
  /** What an API token is answered; without it, tokens are turned away. */
  for_tokens?: (opened: OpenedToken, caller: TokenCaller) => Handled<R>;
}

/** An API token as a platform route meets it. */
export interface TokenCaller {
  request_id: string;
  now: number;
}

/** A path outside any makerspace, for signed-in people. */
export function platformRoute<
  const P extends string,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
  R extends Schema | undefined = undefined,
>(definition: PlatformDefinition<P, Q, B, R>, handler: (caller: Caller, input: Input<P, Q, B>) => Handled<R>): Route {
  const signed_in = definition.allow === "super_admin" ? "super_admin" : definition.allow.signed_in;
  const access = { signed_in, api_tokens: definition.for_tokens !== undefined };
  const add = (app: App, sources: AccessSources): void => {
    const guard: MiddlewareHandler<AppEnv> = async (c, next) => {
      await limitIp(c);
      const principal = await authenticate(c.req.header("authorization"), sources, c.get("now"));
      await limitPrincipal(principal);
      if (principal.kind === "tablet") throw problem("forbidden");
      if (principal.kind === "api_token") return answerToken(c, principal);
      await refuseDenied(principal, c.get("request_id"), c.get("now"));
      if (definition.allow === "super_admin" && !principal.super_admin) throw problem("forbidden");
      c.set("principal", principal);
      await next();
    };
    const answerToken = async (c: Context<AppEnv>, token: ApiTokenPrincipal): Promise<Response> => {
      if (!definition.for_tokens) throw problem("forbidden", { detail: "API tokens open their makerspace alone." });
      const [request_id, now] = [c.get("request_id"), c.get("now")];
      const defer = (work: Promise<unknown>): void => c.executionCtx.waitUntil(work);
      const opened = await openToken(token, { facts: {}, params: {}, request_id, now, defer }, sources);
      return respond(c, definition, await definition.for_tokens(opened, { request_id, now }));
    };
    const run = async (c: Context<AppEnv>): Promise<Response> => {
      const principal = c.get("principal") as UserPrincipal;
      const header = headerOf(definition, c);
      const key = header === null ? null : await readRequestKey(c, header, definition.operation_id, principal);
      const caller: Caller = {
        principal,
        request_id: c.get("request_id"),
        now: c.get("now"),
        key,
        origin: new URL(c.req.url).origin,
        defer: (work) => c.executionCtx.waitUntil(work),
      };
      const answer = async (): Promise<unknown> => handler(caller, readInput(c, definition));
      const result = await withKey(key, "d1", (found) => rememberedPlatformAnswer(found, caller.now), answer);
      return respond(c, definition, result);
    };
    const forTokens = definition.for_tokens
      ? (["feature_disabled", "membership_suspended", "membership_pending"] as const)
      : [];
    const base = [
      "unauthenticated",
      "forbidden",
      ...forTokens,
      "rate_limited",
      "unavailable",
      "internal_error",
    ] as const;
    app.openapi(
      describe(definition, definition.path, access, base, [guard, limitBody(definition.body_limit)]),
      run as never,
    );
  };
  return { operation_id: definition.operation_id, access, method: definition.method, path: definition.path, add };
}
