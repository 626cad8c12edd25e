/** Bundles a worker as it would be deployed. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { root } from "../../scripts/lib/env.ts";
import { must } from "../../scripts/lib/run.ts";

/** The compatibility date of wrangler.toml. */
export const compatibilityDate = (): string =>
  /^compatibility_date = "([\d-]+)"$/m.exec(readFileSync(join(root, "wrangler.toml"), "utf8"))?.[1] ?? "2026-10-01";

export interface Bundle {
  /** The one module, as an absolute path. */
  path: string;
  bytes: number;
  gzip_bytes: number;
}

/** Bundles `entry` (relative to the root) into a new folder below `folder`. */
export async function bundle(entry: string, folder: string, minify = false): Promise<Bundle> {
  const out = mkdtempSync(join(folder, "bundle-"));
  const config = join(out, "wrangler.json");
  // Bindings play no part in bundling; rules and flags of wrangler.toml would, but it has none.
  writeFileSync(
    config,
    JSON.stringify({ name: "bench", main: join(root, entry), compatibility_date: compatibilityDate() }),
  );
  await must("wrangler", ["deploy", "--dry-run", "--outdir", out, "--config", config, ...(minify ? ["--minify"] : [])]);
  const modules = readdirSync(out).filter((name) => name.endsWith(".js"));
  const [name, ...others] = modules;
  if (name === undefined || others.length > 0) throw new Error(`${entry}: bundled into ${modules.join(", ")}`);
  const path = join(out, name);
  const code = readFileSync(path);
  return { path, bytes: code.length, gzip_bytes: gzipSync(code, { level: 9 }).length };
}
