import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-pool-workers";
import { defineConfig } from "vitest/config";
import { startReceiver } from "./test/node/support/receiver.ts";
import { startS3 } from "./test/node/support/s3.ts";

const migrationsOf = (name: string) => readD1Migrations(new URL(`./migrations/${name}`, import.meta.url).pathname);

export default defineConfig(async () => {
  const [directory, space, receiver, s3] = await Promise.all([
    migrationsOf("directory"),
    migrationsOf("space"),
    startReceiver(),
    startS3(),
  ]);
  return {
    plugins: [
      cloudflareTest({
        wrangler: { configPath: "./wrangler.toml" },
        miniflare: {
          bindings: {
            ENVIRONMENT: "test",
            DEV_ISSUER: "on",
            RATE_LIMITS: "load",
            // Newest first: tests seal with either.
            SETTINGS_KEYS:
              "test-2:dGhlIGtleSBvZiB0ZXN0cywgbmV3ZXN0IG9mIHR3by4=,test-1:dGhlIGtleSBvZiB0ZXN0cywgdGhlIG9sZGVyIG9uZS4=",
            ALLOWED_ORIGINS: "https://app.makrcave.test",
            APP_URL: "https://app.makrcave.test",
            WEBHOOK_RESOLVER: "",
            WEBHOOK_ORIGINS: receiver,
            MAIL: "outbox",
            MAIL_FROM: "MakrCave <mail@makrcave.test>",
            S3_ENDPOINT: s3,
            MIGRATIONS: { directory, space },
          },
        },
      }),
    ],
    test: {
      include: ["test/**/*.test.ts"],
      exclude: ["test/node/**", "test/browser/**", "test/keycloak/**"],
      setupFiles: ["./test/support/quiet.ts", "./test/support/migrate.ts"],
      testTimeout: 30_000,
      // By itself it leaves a core to nobody.
      maxWorkers: "100%",
    },
  };
});
