/** The parts of HTTP that every route shares: body limits and Idempotency-Keys. */

import { and, eq, gt } from "drizzle-orm";
import type { Context, MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { type Principal, principalKey } from "./access/principal.ts";
import { directory } from "./db/driver.ts";
import type { SpaceStore } from "./db/store.ts";
import { idempotencyKeys, platformIdempotencyKeys } from "./db/tables.ts";
import { sha256 } from "./ids.ts";
import { problem } from "./problem.ts";
import type { RequestKey } from "./space.ts";
import { DAY } from "./time.ts";

const BODY_LIMIT = 64 * 1024;

/** Refuses a larger body while it streams in. @throws payload_too_large */
export const limitBody = (maxSize = BODY_LIMIT): MiddlewareHandler =>
  bodyLimit({
    maxSize,
    onError: () => {
      throw problem("payload_too_large");
    },
  });

/** The content type without its parameters. */
export const typeOf = (headers: Headers): string =>
  (headers.get("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";

/** Refuses a file that is too large, of another type, or of a length unknown, before any of it is read. */
export const limitFile =
  (types: readonly string[], max_bytes = BODY_LIMIT): MiddlewareHandler =>
  async (c, next) => {
    const { headers } = c.req.raw;
    if (!types.includes(typeOf(headers)))
      throw problem("unsupported_media_type", { detail: `Send ${types.join(", ")}.` });
    const length = headers.get("content-length");
    if (length === null || !/^[1-9]\d*$/.test(length)) throw problem("length_required");
    if (Number(length) > max_bytes) throw problem("payload_too_large");
    await next();
  };

/** The key of this request: scoped to (principal, route), with the fingerprint of path and body. */
export async function readRequestKey(
  c: Context,
  key: string,
  operation_id: string,
  principal: Principal,
): Promise<RequestKey> {
  return {
    key,
    scope: `${principalKey(principal)}:${operation_id}`,
    fingerprint: await sha256(
      `${c.req.path}\n${c.req.header("if-match") ?? ""}\n${c.req.raw.body ? await c.req.text() : ""}`,
    ),
    ttl_ms: principal.kind === "tablet" ? 7 * DAY : DAY,
  };
}

function sameRequest(row: { fingerprint: string; body: unknown } | undefined, key: RequestKey): unknown {
  if (!row) return null;
  if (row.fingerprint !== key.fingerprint) throw problem("idempotency_mismatch");
  return row.body;
}

/** The answer stored under a key, or null. @throws idempotency_mismatch when the key was used with another body. */
export async function rememberedAnswer(store: SpaceStore, key: RequestKey, now: number): Promise<unknown> {
  const [row] = await store.db
    .select({ fingerprint: idempotencyKeys.fingerprint, body: idempotencyKeys.body })
    .from(idempotencyKeys)
    .where(
      store.in(
        idempotencyKeys,
        eq(idempotencyKeys.scope, key.scope),
        eq(idempotencyKeys.key, key.key),
        gt(idempotencyKeys.expires_at, now),
      ),
    );
  return sameRequest(row, key);
}

/** The same for paths outside makerspaces. */
export async function rememberedPlatformAnswer(key: RequestKey, now: number): Promise<unknown> {
  const { scope, key: name, expires_at } = platformIdempotencyKeys;
  const [row] = await directory()
    .select({ fingerprint: platformIdempotencyKeys.fingerprint, body: platformIdempotencyKeys.body })
    .from(platformIdempotencyKeys)
    .where(and(eq(scope, key.scope), eq(name, key.key), gt(expires_at, now)));
  return sameRequest(row, key);
}
