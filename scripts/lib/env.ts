/**
 * The one place where the tools' calls to the outside are switched off. Importing this module is enough for the
 * process that runs; children get the same through `toolEnv`.
 */
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

/** A file of an installed package, as an absolute path. */
export const packageFile = (path: string): string => join(root, "node_modules", path);
