/**
 * `MAKRCAVE_TOKEN=… npm run rotate-keys -- <url>`: seals every secret under the newest of SETTINGS_KEYS and waits until nothing lies under an
 * older one. The token is a super_admin's. Stopping it stops nothing: the rotation goes on by itself.
 */
import { setTimeout } from "node:timers/promises";

interface Keys {
  newest: string;
  keys: { id: string; configured: boolean; secrets: number }[];
  remaining: number;
}

const PATIENCE_MS = 10 * 60_000;
const url = process.argv[2] ?? `http://127.0.0.1:${process.env.PORT ?? "8787"}`;
const token = process.env.MAKRCAVE_TOKEN;
if (!token) {
  console.error("MAKRCAVE_TOKEN is missing: a token of a super_admin");
  process.exit(1);
}

const ask = async (method: string, path: string): Promise<Keys> => {
  const response = await fetch(url + path, { method, headers: { authorization: `Bearer ${token}` } });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Keys;
};

let state = await ask("POST", "/api/v1/sealing_keys/rotate");
const deadline = Date.now() + PATIENCE_MS;
while (state.remaining > 0 && Date.now() < deadline) {
  console.log(`${state.remaining} secrets still lie under older keys than ${state.newest}`);
  await setTimeout(2_000);
  state = await ask("GET", "/api/v1/sealing_keys");
}
for (const { id, configured, secrets } of state.keys) {
  console.log(`${id}: ${secrets} secrets${configured ? "" : ", and SETTINGS_KEYS does not have it"}`);
}
if (state.remaining > 0) {
  console.error("Not all could be sealed anew: the log names them as secret_unreadable");
  process.exit(1);
}
console.log(`Everything lies under ${state.newest}: older keys may go from SETTINGS_KEYS`);
