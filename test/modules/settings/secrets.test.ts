/** Keys of other services: kept, never given back, by no way. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { openSecret } from "../../../src/platform/secrets.ts";
import { secrets } from "../../../src/platform/settings/sections.ts";
import { makeSpace, type TestSpace } from "../../support/space.ts";
import type { SettingsHistoryEntry, SettingsSection } from "../../support/wire.ts";

const SECRET = "sk_live_topsecret_51Hxyz_9876";
const kept = (space: TestSpace, name: string) =>
  openSecret(new SpaceStore(space.id, "000"), { place: "integrations", name });

/** Every row of every table of the makerspace, as text. */
async function everything(): Promise<string> {
  const { results } = await env.DB_000.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all<{
    name: string;
  }>();
  const names = results.map(({ name }) => name).filter((name) => !/^(sqlite_|_cf_|d1_)/.test(name));
  const rows = await Promise.all(names.map((name) => env.DB_000.prepare(`SELECT * FROM "${name}"`).all()));
  return JSON.stringify(rows.map((table) => table.results));
}

describe("a secret", () => {
  it("is set, shown as configured with its end, replaced, and removed by null", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    const path = space.path("/settings/integrations");
    const set = await api.patch<SettingsSection>(path, { stripe_secret_key: SECRET }, 1);
    expect(set.stripe_secret_key).toEqual({ configured: true, last4: "9876", updated_at: expect.any(String) });
    expect(set.reserved_for).toMatchObject({ stripe_secret_key: "billing", github_token: "projects" });
    expect(await kept(space, "stripe_secret_key")).toBe(SECRET);
    await api.patch(path, { stripe_secret_key: "whsec_another_9999999" }, 2);
    expect(await kept(space, "stripe_secret_key")).toBe("whsec_another_9999999");
    const gone = await api.patch<SettingsSection>(path, { stripe_secret_key: null }, 3);
    expect(gone.stripe_secret_key).toEqual({ configured: false, last4: null, updated_at: null });
    expect(await kept(space, "stripe_secret_key")).toBeNull();
  });

  it("is refused when it cannot be one, without being repeated", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    for (const value of [
      "short",
      "with spaces in it",
      "\u{1f511}".repeat(10),
      12_345_678,
      { configured: true },
      "x".repeat(501),
    ]) {
      const refused = await api.refused("PATCH", space.path("/settings/integrations"), {
        body: { github_token: value },
        if_match: 1,
      });
      expect(refused).toMatchObject({ code: "invalid_body", errors: [{ pointer: "/github_token", code: "secret" }] });
      expect(JSON.stringify(refused)).not.toContain(String(value).slice(0, 12));
    }
  });

  it("appears in no answer, no table, no event and no log", async () => {
    const lines: string[] = [];
    for (const level of ["log", "info", "warn", "error"] as const) {
      vi.spyOn(console, level).mockImplementation((...parts: unknown[]) => void lines.push(JSON.stringify(parts)));
    }
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    const body = Object.fromEntries(Object.keys(secrets).map((name) => [name, SECRET]));
    await api.patch(space.path("/settings/integrations"), body, 1);
    const answers = await Promise.all(
      ["/settings", "/settings/integrations", "/settings/history", "/settings/export", "/settings/public"].map((path) =>
        api.get(space.path(path)),
      ),
    );
    vi.restoreAllMocks();
    const [all, section] = answers as [Record<string, SettingsSection>, SettingsSection];
    expect(section.razorpay_key_secret).toMatchObject({ configured: true });
    expect(all.integrations?.razorpay_key_secret).toMatchObject({ configured: true });
    expect(JSON.stringify(answers)).not.toContain("topsecret");
    expect(await everything()).not.toContain("topsecret");
    expect(lines.join("\n")).not.toContain("topsecret");
    const [entry] = await api.all<SettingsHistoryEntry>(space.path("/settings/history"));
    expect(entry?.changes).toEqual(Object.keys(secrets).map((key) => ({ key, withheld: true })));
  });

  it("neither leaves with an export nor comes in with an import", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    await api.patch(space.path("/settings/integrations"), { github_token: SECRET }, 1);
    expect(JSON.stringify(await api.get(space.path("/settings/export")))).not.toContain("github_token");
    const refused = await api.refused("POST", space.path("/settings/import"), {
      body: { settings: { integrations: { github_token: SECRET } } },
    });
    expect(refused.errors).toEqual([
      { pointer: "/settings/integrations/github_token", code: "secret", detail: expect.any(String) },
    ]);
    expect(JSON.stringify(refused)).not.toContain("topsecret");
  });

  it("goes with a reset of its section", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    await api.patch(space.path("/settings/integrations"), { github_token: SECRET }, 1);
    const reset = await api.post<SettingsSection>(space.path("/settings/integrations/reset"));
    expect(reset.github_token).toMatchObject({ configured: false });
    expect(await kept(space, "github_token")).toBeNull();
  });
});
