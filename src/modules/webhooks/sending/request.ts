/**
 * One request to a receiver, who is a stranger: never followed elsewhere, never waited for, never read to the end. What a name may lead to is in
 * docs/adr/0017-webhooks-reach-public-servers.md.
 */

import { z } from "@hono/zod-openapi";
import { config } from "../../../platform/env.ts";
import { ANSWER_MAX, ATTEMPT_TIMEOUT_MS, isPublicAddress, targetFault } from "../model.ts";

/** Head and body of an answer, as far as they are kept. */
export interface KeptAnswer {
  status_code: number;
  headers: Record<string, string>;
  body: string;
  /** The body went on. */
  truncated: boolean;
}

/** What became of a request. `error` is one word; null when the receiver took it. */
export interface Outcome {
  error: string | null;
  answer: KeptAnswer | null;
}

const Resolved = z.object({ Answer: z.array(z.object({ type: z.number(), data: z.string() })).optional() });
const ADDRESS_TYPES: Readonly<Record<string, number>> = { A: 1, AAAA: 28 };

async function lookUp(resolver: string, host: string, type: string): Promise<string[]> {
  const url = new URL(resolver);
  url.searchParams.set("name", host);
  url.searchParams.set("type", type);
  const response = await fetch(url, {
    headers: { accept: "application/dns-json" },
    signal: AbortSignal.timeout(ATTEMPT_TIMEOUT_MS / 2),
  });
  const { Answer = [] } = Resolved.parse(await response.json());
  return Answer.filter((answer) => answer.type === ADDRESS_TYPES[type]).map((answer) => answer.data);
}

/** Why this target must not be called now; null when it may. The configured resolver says what the name means today. */
async function refusal(target: string): Promise<string | null> {
  if (targetFault(target, config.WEBHOOK_ORIGINS) !== null) return "forbidden_target";
  const { origin, hostname } = new URL(target);
  if (config.WEBHOOK_RESOLVER === null || config.WEBHOOK_ORIGINS.includes(origin)) return null;
  try {
    const resolver = config.WEBHOOK_RESOLVER;
    const found = await Promise.all(Object.keys(ADDRESS_TYPES).map((type) => lookUp(resolver, hostname, type)));
    const addresses = found.flat();
    if (addresses.length === 0) return "unresolved";
    return addresses.every(isPublicAddress) ? null : "forbidden_target";
  } catch {
    return "unresolved";
  }
}

const HEADERS_MAX = 50;
const HEADER_MAX = 1_000;

/** Reads up to 64 KiB, then hangs up. */
async function readCapped(response: Response): Promise<{ body: string; truncated: boolean }> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let body = "";
  let size = 0;
  for (;;) {
    const chunk = await reader?.read();
    if (!chunk || chunk.done) return { body: body + decoder.decode(), truncated: false };
    const piece = chunk.value.subarray(0, ANSWER_MAX - size);
    body += decoder.decode(piece, { stream: true });
    size += piece.length;
    if (size < ANSWER_MAX) continue;
    await reader?.cancel();
    return { body, truncated: true };
  }
}

const wordFor = (status: number): string | null => {
  if (status >= 200 && status < 300) return null;
  return status >= 300 && status < 400 ? "redirect" : `status_${status}`;
};

/** Sends a body once. Whatever goes wrong is an outcome, not an error. */
export async function sendOnce(target: string, headers: Record<string, string>, body: string): Promise<Outcome> {
  const refused = await refusal(target);
  if (refused !== null) return { error: refused, answer: null };
  try {
    const signal = AbortSignal.timeout(ATTEMPT_TIMEOUT_MS);
    // A redirect may lead anywhere: it is an answer like any other, and not a good one.
    const response = await fetch(target, { method: "POST", headers, body, redirect: "manual", signal });
    // The name was looked up once more to connect, by a resolver that answers to nobody here. Where it means something else by now, nothing of
    // the answer is read or kept.
    const moved = await refusal(target);
    if (moved !== null) {
      await response.body?.cancel();
      return { error: moved, answer: null };
    }
    const read = await readCapped(response);
    const kept = [...response.headers].slice(0, HEADERS_MAX).map(([name, value]) => [name, value.slice(0, HEADER_MAX)]);
    const answer = { status_code: response.status, headers: Object.fromEntries(kept), ...read };
    return { error: wordFor(response.status), answer };
  } catch (error) {
    const isLate = error instanceof Error && error.name === "TimeoutError";
    return { error: isLate ? "timeout" : "unreachable", answer: null };
  }
}
