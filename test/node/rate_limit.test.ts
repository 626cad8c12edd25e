/** Limits as people meet them: whoever asks too much is told to wait, and nobody else notices. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Api, type Reply } from "../support/http/client.ts";
import { signIn } from "../support/http/world.ts";
import { report, startSystem } from "./support/system.ts";

/** As configured for `RATE_LIMITS=standard`: requests per minute of one person, and of one address. */
const LIMIT = 600;
const ADDRESS_LIMIT = 1_200;
const CONCURRENT = 24;

test("a burst of one person gets 429 with Retry-After, others are not affected", async (t) => {
  const { url } = await startSystem(t, { RATE_LIMITS: "standard" });
  const greedy = await signIn(url, "greedy");
  const patient = await signIn(url, "patient");

  let sent = 0;
  let refused: Reply<unknown> | null = null;
  const started = performance.now();
  const burst = async (): Promise<void> => {
    // A window may begin anew once during the burst, so up to two windows are needed; the limit per address is two windows, too.
    while (refused === null && sent < 2 * LIMIT - 100) {
      sent++;
      const reply = await greedy.send("GET", "/api/v1/me");
      if (reply.status === 429) refused ??= reply;
      else assert.equal(reply.status, 200);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, burst));
  assert(refused !== null, `${sent} requests were all served`);
  const { problem, headers }: Reply<unknown> = refused;
  assert.equal(problem?.code, "rate_limited");
  const wait = Number(headers.get("retry-after"));
  assert(Number.isInteger(wait) && wait >= 1 && wait <= 60, `Retry-After is ${headers.get("retry-after")}`);
  assert.match(headers.get("ratelimit-policy") ?? "", /q=600/);
  assert(sent >= LIMIT, `refused after ${sent} requests already`);

  for (let n = 0; n < 20; n++) assert.equal((await patient.send("GET", "/api/v1/me")).status, 200);
  report("rate_limit", { sent, seconds: Math.round((performance.now() - started) / 100) / 10 });
});

test("a burst from one address without a token gets 429 with Retry-After", async (t) => {
  const { url } = await startSystem(t, { RATE_LIMITS: "standard" });
  const nobody = new Api(url);
  let sent = 0;
  let refused: Reply<unknown> | null = null;
  const burst = async (): Promise<void> => {
    while (refused === null && sent < 2 * ADDRESS_LIMIT + 100) {
      sent++;
      const reply = await nobody.send("GET", "/api/v1/me");
      if (reply.status === 429) refused ??= reply;
      else assert.equal(reply.status, 401);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENT }, burst));
  assert(refused !== null, `${sent} requests were all answered`);
  const { problem, headers }: Reply<unknown> = refused;
  assert.equal(problem?.code, "rate_limited");
  assert.match(headers.get("retry-after") ?? "", /^[1-9][0-9]?$/);
  assert(sent >= ADDRESS_LIMIT, `refused after ${sent} requests already`);
  report("rate_limit_address", { sent });
});
