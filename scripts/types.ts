/** `npm run types`: writes worker-configuration.d.ts when wrangler.toml or the runtime changed. */
import { generateTypes } from "./lib/prepare.ts";

console.log((await generateTypes()) ? "worker-configuration.d.ts written" : "worker-configuration.d.ts is up to date");
