/** What has to exist before the system runs or is checked, each made only when its inputs changed. */

import { whenStale } from "./fresh.ts";
import { must, script } from "./run.ts";

/** The static files: the pages of web/, Swagger UI and ReDoc, in dist/assets. */
export const buildAssets = (show = false): Promise<boolean> =>
  whenStale(
    "assets",
    [
      "web/**/*",
      "src/modules/**/{model,live,port}.ts",
      "src/platform/problem.ts",
      "scripts/{build,size}.ts",
      "tsconfig*.json",
      "package-lock.json",
    ],
    "dist/assets",
    async () => {
      await script("build", [], { show });
    },
  );

/** The types of the runtime and of the bindings in wrangler.toml. */
export const generateTypes = (): Promise<boolean> =>
  whenStale(
    "types",
    ["wrangler.toml", "package-lock.json", "scripts/lib/prepare.ts"],
    "worker-configuration.d.ts",
    async () => {
      // Variables as plain strings: their values differ from one environment to the next.
      await must("wrangler", ["types", "--strict-vars=false"]);
    },
  );
