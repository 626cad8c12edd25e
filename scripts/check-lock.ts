/** A step of `npm run verify`: package.json pins exact versions and package-lock.json fits it, on any registry. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { root } from "./lib/env.ts";

interface Manifest {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

interface LockedPackage extends Manifest {
  resolved?: string;
  integrity?: string;
  hasInstallScript?: boolean;
}

const read = <T>(name: string): T => JSON.parse(readFileSync(join(root, name), "utf8")) as T;
const manifest = read<Manifest & { allowScripts?: Record<string, boolean> }>("package.json");
const { packages } = read<{ packages: Record<string, LockedPackage> }>("package-lock.json");
const kinds = ["dependencies", "devDependencies", "optionalDependencies"] as const;

const unpinned = kinds
  .flatMap((kind) => Object.entries(manifest[kind] ?? {}))
  .filter(([, version]) => !/^(npm:@?[\w/-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
  .map(([name, version]) => `package.json: ${name} is ${version} instead of an exact version`);
const apart = kinds
  .filter((kind) => !isDeepStrictEqual(packages[""]?.[kind] ?? {}, manifest[kind] ?? {}))
  .map((kind) => `package-lock.json: its ${kind} are not those of package.json; run npm install`);
const locked = Object.entries(packages).filter(([path]) => path !== "");
const findings = [
  ...unpinned,
  ...apart,
  ...locked
    .filter(([, each]) => each.resolved)
    .map(([path]) => `package-lock.json: ${path} names a registry ("resolved")`),
  ...locked.filter(([, each]) => !each.integrity).map(([path]) => `package-lock.json: ${path} has no hash`),
  ...locked
    .filter(
      ([path, each]) =>
        each.hasInstallScript && !((path.split("node_modules/").at(-1) ?? "") in (manifest.allowScripts ?? {})),
    )
    .map(([path]) => `package.json: allowScripts says nothing about ${path}`),
];

for (const finding of findings) console.error(finding);
if (findings.length > 0) process.exit(1);
console.log(`${locked.length} packages are pinned`);
