/** New keys for old secrets: all of them, whoever interferes, and nothing lost. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { config } from "../../../src/platform/env.ts";
import { openSecret, seal } from "../../../src/platform/secrets.ts";
import { deliver, tick } from "../../support/background.ts";
import { makeSpace, signInAsRoot, type TestSpace, until } from "../../support/space.ts";

const [newest, older] = config.SETTINGS_KEYS;
if (!newest || !older) throw new Error("the tests need two keys");

interface Keys {
  newest: string;
  keys: { id: string; configured: boolean; secrets: number }[];
  remaining: number;
}

/** A secret as an earlier release left it. */
async function leave(space: TestSpace, name: string, plain: string, key = older): Promise<void> {
  const ref = { place: "integrations", name };
  const { key_id, sealed } = await seal(space.id, ref, plain, key ? [key] : []);
  await env.DB_000.prepare("INSERT INTO sealed_secrets VALUES (?, ?, ?, ?, ?, NULL, 1)")
    .bind(space.id, ref.place, name, key_id, sealed)
    .run();
}

const keysOf = async (space: TestSpace): Promise<string[]> => {
  const { results } = await env.DB_000.prepare("SELECT DISTINCT key_id FROM sealed_secrets WHERE makerspace_id = ?")
    .bind(space.id)
    .all<{ key_id: string }>();
  return results.map(({ key_id }) => key_id);
};

const due = (space: TestSpace) => ({
  id: crypto.randomUUID(),
  type: "secrets.reseal_due",
  v: 1,
  makerspace_id: space.id,
  subject: { type: "makerspace", id: space.id, version: 0 },
  actor_id: "rotation",
  request_id: crypto.randomUUID(),
  occurred_at: Date.now(),
  data: {},
});
const open = (space: TestSpace, name: string) =>
  openSecret(new SpaceStore(space.id, "000"), { place: "integrations", name });

describe("rotation", () => {
  it("seals every secret of every makerspace under the newest key, and says how far it is", async () => {
    const spaces = await Promise.all([makeSpace(), makeSpace()]);
    for (const space of spaces) {
      for (let index = 0; index < 60; index += 1)
        await leave(space, `secret_${String(index).padStart(2, "0")}`, `plain-${space.id}-${index}`);
    }
    const root = await signInAsRoot();
    const before = await root.post<Keys>("/api/v1/sealing_keys/rotate", undefined, { key: null });
    expect(before.newest).toBe(newest.id);
    await until("the end of the rotation", async () => {
      const { remaining } = await root.get<Keys>("/api/v1/sealing_keys");
      return remaining === 0;
    });
    for (const space of spaces) {
      expect(await keysOf(space)).toEqual([newest.id]);
      for (const index of [0, 31, 59]) {
        expect(await open(space, `secret_${String(index).padStart(2, "0")}`)).toBe(`plain-${space.id}-${index}`);
      }
    }
    const after = await root.get<Keys>("/api/v1/sealing_keys");
    expect(after.keys).toContainEqual({ id: older.id, configured: true, secrets: 0 });
  });

  it("goes on by itself, and a second delivery changes nothing", async () => {
    const space = await makeSpace();
    await leave(space, "github_token", "left-behind");
    await tick("quarter");
    await until("the rotation", async () => (await keysOf(space))[0] === newest.id);
    const row = () =>
      env.DB_000.prepare("SELECT sealed FROM sealed_secrets WHERE makerspace_id = ?").bind(space.id).first();
    const first = await row();
    await deliver([due(space)]);
    expect(await row()).toEqual(first);
    expect(await open(space, "github_token")).toBe("left-behind");
  });

  it("passes over what does not open, and reports it as remaining", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const space = await makeSpace();
    await leave(space, "a_broken_one", "whatever");
    await leave(space, "b_good_one", "good");
    await env.DB_000.prepare(
      "UPDATE sealed_secrets SET sealed = 'AAAA' || substr(sealed, 5) WHERE makerspace_id = ? AND name = 'a_broken_one'",
    )
      .bind(space.id)
      .run();
    await deliver([due(space)]);
    expect((await keysOf(space)).sort()).toEqual([older.id, newest.id].sort());
    expect(await open(space, "b_good_one")).toBe("good");
    const root = await signInAsRoot();
    expect((await root.get<Keys>("/api/v1/sealing_keys")).remaining).toBe(1);
    await env.DB_000.prepare("DELETE FROM sealed_secrets WHERE makerspace_id = ?").bind(space.id).run();
  });

  it("does not bring back a secret that somebody replaces while it is opened", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    await leave(space, "github_token", "the-old-token-of-before");
    const decrypt = crypto.subtle.decrypt.bind(crypto.subtle);
    const opened = vi.spyOn(crypto.subtle, "decrypt").mockImplementationOnce(async (...given) => {
      await api.patch(space.path("/settings/integrations"), { github_token: "the-new-token-of-1234" }, 1);
      return decrypt(...given);
    });
    await deliver([due(space)]);
    expect(opened).toHaveBeenCalledOnce();
    vi.restoreAllMocks();
    expect(await open(space, "github_token")).toBe("the-new-token-of-1234");
  });

  it("names a key that is gone", async () => {
    const space = await makeSpace();
    await leave(space, "github_token", "lost", { id: "long-gone", bytes: crypto.getRandomValues(new Uint8Array(32)) });
    const root = await signInAsRoot();
    const { keys } = await root.get<Keys>("/api/v1/sealing_keys");
    expect(keys).toContainEqual({ id: "long-gone", configured: false, secrets: 1 });
    await env.DB_000.prepare("DELETE FROM sealed_secrets WHERE makerspace_id = ?").bind(space.id).run();
  });

  it("is a super_admin's work", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    expect((await api.refused("POST", "/api/v1/sealing_keys/rotate")).code).toBe("forbidden");
    expect((await api.refused("GET", "/api/v1/sealing_keys")).code).toBe("forbidden");
  });
});
