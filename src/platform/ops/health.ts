/** Is it alive, and can it work? */

import { env } from "cloudflare:workers";
import { sql } from "drizzle-orm";
import { directory, everyShard } from "../db/driver.ts";
import { attemptsOf } from "../objects.ts";
import { problem } from "../problem.ts";
import { publicRoute, Reply } from "../route.ts";
import { SECOND } from "../time.ts";
import { Health, Ready } from "./contract.ts";

/** Asking costs two queries and an object; monitors ask often. */
const CACHED_FOR = 5 * SECOND;

type Part = "ok" | "down";
interface Checks {
  directory: Part;
  space: Part;
  objects: Part;
}

const check = async (work: () => Promise<unknown>): Promise<Part> => {
  try {
    await work();
    return "ok";
  } catch {
    return "down";
  }
};

const cache: { at: number; checks: Checks | null } = { at: 0, checks: null };

async function checks(now: number): Promise<Checks> {
  if (cache.checks && now - cache.at < CACHED_FOR) return cache.checks;
  const ask = attemptsOf(env.ATTEMPTS, "ready");
  const [directoryAnswers, space, objects] = await Promise.all([
    check(() => directory().get(sql`SELECT 1`)),
    check(() => Promise.all(everyShard().map((shard) => shard.get(sql`SELECT 1`)))),
    check(() => ask.ping()),
  ]);
  cache.at = now;
  cache.checks = { directory: directoryAnswers, space, objects };
  return cache.checks;
}

export const healthRoutes = [
  publicRoute(
    {
      operation_id: "get_health",
      tag: "platform",
      method: "get",
      path: "/health",
      summary: "Alive: the worker answers",
      public_because: "Load balancers have no account.",
      response: Health,
    },
    () => ({ status: "ok" as const }),
  ),
  publicRoute(
    {
      operation_id: "get_ready",
      tag: "platform",
      method: "get",
      path: "/ready",
      summary: "Ready: both databases and an object answer (cached for 5 seconds)",
      public_because: "Load balancers have no account.",
      response: Ready,
      problems: ["unavailable"],
    },
    async ({ now }) => {
      const found = await checks(now);
      const down = Object.entries(found).flatMap(([name, part]) => (part === "down" ? [name] : []));
      if (down.length > 0) throw problem("unavailable", { detail: `Down: ${down.join(", ")}.`, retry_after: 5 });
      return new Reply({ status: "ready" as const }, { "cache-control": "no-store" });
    },
  ),
];
