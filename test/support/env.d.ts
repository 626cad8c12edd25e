declare namespace Cloudflare {
  interface Env {
    /** Only in tests: what test/support/migrate.ts applies. */
    MIGRATIONS: Record<"directory" | "space", import("cloudflare:test").D1Migration[]>;
  }
}
