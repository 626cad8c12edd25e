/** The rotation of sealing keys as its document describes it: a new key in front, the command, and on without the old one. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { root, toolEnv } from "../../scripts/lib/env.ts";
import { type RunningServer, startServer } from "../../scripts/lib/server.ts";
import type { Api } from "../support/http/client.ts";
import { signIn } from "../support/http/world.ts";
import { temporaryFolder } from "./support/system.ts";

const run = promisify(execFile);
const key = (id: string): string => `${id}:${randomBytes(32).toString("base64")}`;

interface Keys {
  newest: string;
  keys: { id: string; configured: boolean; secrets: number }[];
  remaining: number;
}

/** Runs `work` against the system with these keys; it is ended afterwards. */
async function withKeys<T>(persistTo: string, keys: string, work: (server: RunningServer, root: Api) => Promise<T>) {
  const server = await startServer({ persistTo, vars: { RATE_LIMITS: "load", SETTINGS_KEYS: keys } });
  try {
    return await work(server, await signIn(server.url, "operator", ["super_admin"]));
  } finally {
    await server.stop();
  }
}

const rotate = (url: string, token: string | null) =>
  run("npm", ["run", "--silent", "rotate-keys", "--", url], {
    cwd: root,
    env: toolEnv(token === null ? {} : { MAKRCAVE_TOKEN: token }),
  });

test("a new key takes over without a pause, and the old one may go", async (t: TestContext) => {
  const persistTo = temporaryFolder(t);
  const [old, fresh] = [key("2026-01"), key("2027-01")];
  await withKeys(persistTo, old, async (server, operator) => {
    const body = { name: "Fab Lab", slug: "fab-lab", timezone: "UTC", currency: "EUR" };
    const { id } = await operator.post<{ id: string }>("/api/v1/makerspaces", body);
    const path = `/api/v1/makerspaces/${id}/settings/integrations`;
    const kept = await operator.send("PATCH", path, { body: { github_token: "ghp_0123456789abcdef" }, if_version: 1 });
    assert.equal(kept.status, 200);
    await assert.rejects(rotate(server.url, null), /MAKRCAVE_TOKEN is missing/);
  });
  await withKeys(persistTo, `${fresh},${old}`, async (server, operator) => {
    const { stdout } = await rotate(server.url, operator.token);
    assert.match(stdout, /Everything lies under 2027-01: older keys may go/);
    const state = await operator.get<Keys>("/api/v1/sealing_keys");
    assert.deepEqual(state.keys, [
      { id: "2027-01", configured: true, secrets: 1 },
      { id: "2026-01", configured: true, secrets: 0 },
    ]);
  });
  await withKeys(persistTo, fresh, async (_, operator) => {
    const state = await operator.get<Keys>("/api/v1/sealing_keys");
    assert.deepEqual(state, {
      newest: "2027-01",
      keys: [{ id: "2027-01", configured: true, secrets: 1 }],
      remaining: 0,
    });
  });
});
