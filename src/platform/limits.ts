/** Rate limits per address and per person. The platform counts per location and roughly; exact limits count in AttemptsObject. */

import { env } from "cloudflare:workers";
import type { Context } from "hono";
import { type Principal, principalKey } from "./access/principal.ts";
import { config } from "./env.ts";
import { problem } from "./problem.ts";

/** As in wrangler.toml; seconds. */
export const limitPolicies = {
  standard: { user: 600, ip: 1_200, window: 60 },
  load: { user: 1_000_000, ip: 1_000_000, window: 60 },
} as const;

const policy = limitPolicies[config.RATE_LIMITS];
const limiters =
  config.RATE_LIMITS === "load"
    ? { user: env.LIMIT_USER_LOAD, ip: env.LIMIT_IP_LOAD }
    : { user: env.LIMIT_USER, ip: env.LIMIT_IP };

/** Said on every answer; the remaining count is not known, because nobody counts it exactly. */
export const rateLimitPolicy = `"user";q=${policy.user};w=${policy.window}, "ip";q=${policy.ip};w=${policy.window}`;

async function count(limiter: RateLimit, key: string): Promise<void> {
  const { success } = await limiter.limit({ key });
  if (!success) throw problem("rate_limited", { retry_after: policy.window });
}

/** @throws rate_limited */
export const limitIp = (c: Context): Promise<void> => count(limiters.ip, c.req.header("cf-connecting-ip") ?? "local");

/** @throws rate_limited */
export const limitPrincipal = (principal: Principal): Promise<void> => count(limiters.user, principalKey(principal));
