/** The whole application as `npm start` runs it: under wrangler. */
import { join } from "node:path";
import { buildAssets } from "../../scripts/lib/prepare.ts";
import { descendantsOf } from "../../scripts/lib/processes.ts";
import { startServer } from "../../scripts/lib/server.ts";
import { appVariables } from "./app.ts";
import type { Subject } from "./child.ts";
import type { Issuer } from "./issuer.ts";

/** Starts it with its state below `folder`; only the runtime's processes count. */
export async function startDev(issuer: Issuer, folder: string): Promise<Subject> {
  await buildAssets();
  const server = await startServer({ persistTo: join(folder, "dev"), vars: appVariables(issuer), logLevel: "error" });
  return {
    port: server.port,
    pids: () =>
      descendantsOf(server.pid)
        .filter(({ name }) => name === "workerd")
        .map(({ pid }) => pid),
    stop: () => server.stop(),
  };
}
