/** The dependency rules of .dependency-cruiser.mjs, as a function of a tree. */
import { existsSync, globSync } from "node:fs";
import { join } from "node:path";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import extractOptions from "dependency-cruiser/config-utl/extract-depcruise-options";
import extractTsConfig from "dependency-cruiser/config-utl/extract-ts-config";
import { root } from "./env.ts";

/** An import that a rule forbids. */
export interface Violation {
  rule: string;
  from: string;
  to: string;
}

const readRules = () => extractOptions(join(root, ".dependency-cruiser.mjs"));

/** The names of the rules that are configured. */
export const ruleNames = async (): Promise<string[]> =>
  ((await readRules()).ruleSet?.forbidden ?? []).map((rule) => rule.name ?? "(unnamed)");

const FOLDERS = ["src", "durable-objects", "web", "scripts", "bench", "test"];

/**
 * Cruises every folder of `tree` that the rules speak of.
 *
 * @throws Error when source files were not looked at: a cruise that sees nothing finds nothing
 */
export const checkDependencies = async (tree: string): Promise<{ violations: Violation[]; files: number }> => {
  const folders = FOLDERS.filter((folder) => existsSync(join(tree, folder)));
  const options = await readRules();
  const tsConfig = extractTsConfig(join(root, "tsconfig.json"));
  const { output } = await cruise(folders, { ...options, baseDir: tree, validate: true }, undefined, { tsConfig });
  const { modules, summary } = output as ICruiseResult;
  const seen = new Set(modules.map((module) => module.source));
  const present = folders.flatMap((folder) => globSync(`${folder}/**/*.{ts,tsx}`, { cwd: tree }));
  const unseen = present.filter((file) => !file.endsWith(".d.ts") && !seen.has(file));
  if (present.length === 0 || unseen.length > 0) throw new Error(`not looked at: ${unseen.join(", ") || "anything"}`);
  const violations = summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to }));
  return { violations, files: present.length };
};
