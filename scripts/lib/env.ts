/**
 * The one place where the tools' calls to the outside are switched off. Importing this module is enough for the
 * process that runs; children get the same through `toolEnv`.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Telemetry, update checks and look-ups of wrangler, miniflare, Redocly and Vite: all off. */
export const quiet = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_SEND_ERROR_REPORTS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_NO_SKILLS_UPDATE_PROMPTS: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  DO_NOT_TRACK: "1",
  REDOCLY_TELEMETRY: "off",
  REDOCLY_SUPPRESS_UPDATE_NOTICE: "true",
  NO_UPDATE_NOTIFIER: "1",
} as const;

Object.assign(process.env, quiet);

/** The environment for a tool that a script starts: quiet, and with the repository's own Node first on PATH. */
export const toolEnv = (extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  ...quiet,
  PATH: `${join(root, "node_modules", ".bin")}:${process.env.PATH ?? ""}`,
  ...extra,
});

/** Where the tools may leave what can be thrown away. */
export const cacheFolder: string = join(root, "node_modules", ".cache", "makrcave");

/**
 * The environment for wrangler's command line: it writes no log files, and its temporary files stay in the
 * repository. When it fails it asks the registry for a newer version, which no variable switches off; a cached answer that never expires does.
 */
export const wranglerEnv = (extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => {
  const temporary = join(cacheFolder, "tmp");
  mkdirSync(join(temporary, "update-check"), { recursive: true });
  const answer = { latest: null, lastUpdate: Number.MAX_SAFE_INTEGER / 2 };
  writeFileSync(join(temporary, "update-check", "wrangler-latest.json"), JSON.stringify(answer));
  return toolEnv({ TMPDIR: temporary, WRANGLER_WRITE_LOGS: "false", ...extra });
};

/** A file of an installed package, as an absolute path. */
export const packageFile = (path: string): string => join(root, "node_modules", path);
