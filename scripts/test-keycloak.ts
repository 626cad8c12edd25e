/**
 * `npm run test:keycloak`: signs in with a real Keycloak (test/keycloak). Where Java or Maven is missing, or the distribution cannot be
 * fetched, it says that it was skipped; with KEYCLOAK=required that is a failure.
 */
import { fetchKeycloak, whatIsMissing } from "./lib/keycloak.ts";
import { run } from "./lib/run.ts";

const isRequired = process.env.KEYCLOAK === "required";

function skip(why: string): never {
  console.log(`test:keycloak was SKIPPED: ${why}`);
  process.exit(isRequired ? 1 : 0);
}

const missing = whatIsMissing();
if (missing) skip(missing);
try {
  fetchKeycloak();
} catch (error) {
  skip(error instanceof Error ? error.message : String(error));
}
const { code } = await run(
  process.execPath,
  ["--test", "--test-force-exit", "--test-timeout=300000", "test/keycloak/*.test.ts"],
  {
    show: true,
  },
);
process.exitCode = code;
