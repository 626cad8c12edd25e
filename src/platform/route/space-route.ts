/** Paths inside a makerspace. */

import type { BatchItem } from "drizzle-orm/batch";
import type { Context, MiddlewareHandler } from "hono";
import { type AccessSources, authenticate, type FactReads, openSpace } from "../access/authorise.ts";
import type { Permission } from "../access/permissions.ts";
import type { Principal } from "../access/principal.ts";
import type { SpaceStore } from "../db/store.ts";
import { config } from "../env.ts";
import { limitBody, limitFile, readRequestKey, rememberedAnswer } from "../http.ts";
import { limitIp, limitPrincipal } from "../limits.ts";
import type { Space } from "../space.ts";
import {
  type App,
  type AppEnv,
  type Definition,
  type Handled,
  type Input,
  type Params,
  Reply,
  type Route,
  type Schema,
} from "./definition.ts";
import { describe } from "./describe.ts";
import { headerOf, readInput, respond, SPACES, withKey } from "./exchange.ts";

type FactRows<F> = { [K in keyof F]: F[K] extends (...args: never[]) => infer S ? Awaited<S> : never };

interface SpaceDefinition<P extends string, Q, B, R, F> extends Definition<P, Q, B, R> {
  /** Without it this does not compile. */
  permission: Permission;
  /** Whether paired tablets may call it, within their machines. */
  tablets?: true;
  /** Where the key is kept: in D1 with the commit, or in the object with the effect. */
  keys_in?: "d1" | "object";
  facts?: F;
}

interface SpaceInput<P extends string, Q, B, F> extends Input<P, Q, B> {
  facts: FactRows<F>;
  principal: Principal;
  /** Origin of our own URLs, as the client reached us. */
  origin: string;
}

const everyRoute = [
  "unauthenticated",
  "forbidden",
  "feature_disabled",
  "membership_suspended",
  "membership_pending",
  "not_found",
  "rate_limited",
  "unavailable",
  "internal_error",
] as const;

/** A path inside a makerspace: authenticated, scoped and authorised before anything else is read. */
export function spaceRoute<
  const P extends string,
  Q extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
  R extends Schema | undefined = undefined,
  F extends Readonly<Record<string, (store: SpaceStore, params: Params<P>) => BatchItem<"sqlite">>> = Record<
    never,
    never
  >,
>(
  definition: SpaceDefinition<P, Q, B, R, F>,
  handler: (space: Space, input: SpaceInput<P, Q, B, F>) => Handled<R>,
): Route {
  const path = `${SPACES}/{makerspace_id}${definition.path}`;
  const access = { permission: definition.permission, tablets: definition.tablets ?? false };
  const add = (app: App, sources: AccessSources): void => {
    const guard: MiddlewareHandler<AppEnv> = async (c, next) => {
      await limitIp(c);
      const now = c.get("now");
      const principal = await authenticate(c.req.header("authorization"), sources, now);
      await limitPrincipal(principal);
      const params = c.req.param() as Record<string, string>;
      const { space, facts } = await openSpace(
        principal,
        {
          makerspace_id: params.makerspace_id ?? "",
          ...access,
          facts: (definition.facts ?? {}) as FactReads,
          params,
          request_id: c.get("request_id"),
          now,
          defer: (work) => c.executionCtx.waitUntil(work),
        },
        sources,
      );
      c.set("principal", principal);
      c.set("space", space);
      c.set("facts", facts);
      await next();
    };
    const run = async (c: Context<AppEnv>): Promise<Response> => {
      const space = c.get("space");
      const header = headerOf(definition, c);
      const key = header === null ? null : await readRequestKey(c, header, definition.operation_id, c.get("principal"));
      space.key = key;
      const answer = async (): Promise<unknown> =>
        handler(space, {
          ...readInput(c, definition),
          facts: c.get("facts") as FactRows<F>,
          principal: c.get("principal"),
          origin: new URL(c.req.url).origin,
        });
      const result = await withKey(
        key,
        definition.keys_in ?? "d1",
        (found) => rememberedAnswer(space.store, found, space.now),
        answer,
      );
      const isForgotten = key !== null && definition.keys_in !== "object" && !space.hasStoredAnswer;
      if (isForgotten && config.ENVIRONMENT !== "production" && !(result instanceof Reply)) {
        throw new Error(`${definition.operation_id} takes a key, but its commit has no \`answer\``);
      }
      const timing = space.serverTiming();
      if (timing) c.header("server-timing", timing);
      return respond(c, definition, result);
    };
    const { body_is_file, body_limit } = definition;
    const limit = body_is_file ? limitFile(body_is_file, body_limit) : limitBody(body_limit);
    app.openapi(describe(definition, path, access, everyRoute, [guard, limit]), run as never);
  };
  return { operation_id: definition.operation_id, access, method: definition.method, path, add };
}
