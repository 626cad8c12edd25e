/** Secrets at rest: sealed, bound to their place, and opened by nothing else. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { commit } from "../../../src/platform/db/commit.ts";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { config } from "../../../src/platform/env.ts";
import { newId } from "../../../src/platform/ids.ts";
import {
  dropSecret,
  keepSecret,
  listSecrets,
  openSecret,
  SealBroken,
  seal,
  unseal,
} from "../../../src/platform/secrets.ts";

const ref = { place: "webhook", name: "one" };
const [newest, older] = config.SETTINGS_KEYS;
const keys = (...some: (typeof newest)[]) => some.filter((key) => key !== undefined);

const keep = async (store: SpaceStore, ...writes: Awaited<ReturnType<typeof keepSecret>>[]): Promise<void> => {
  const actor = { kind: "system", id: "test" } as const;
  const context = { store, actor, request_id: newId(), now: Date.now(), idempotency: null, newId };
  await commit(context, { action: "test", subject: { type: "test", id: "1", version: 1 } }, writes);
};
const rowOf = (id: string) =>
  env.DB_000.prepare("SELECT * FROM sealed_secrets WHERE makerspace_id = ?").bind(id).first<Record<string, string>>();

describe("a seal", () => {
  it("opens to what was sealed, names its key, and never looks the same twice", async () => {
    const first = await seal("m", ref, "sch\u00fcssel \u{1f511}");
    const second = await seal("m", ref, "sch\u00fcssel \u{1f511}");
    expect(first.key_id).toBe(newest?.id);
    expect(first.sealed).not.toBe(second.sealed);
    expect(await unseal("m", ref, first)).toBe("sch\u00fcssel \u{1f511}");
  });

  it("opens with the key it names, whatever is newest", async () => {
    const old = await seal("m", ref, "secret", keys(older));
    expect(old.key_id).toBe(older?.id);
    expect(await unseal("m", ref, old, keys(newest, older))).toBe("secret");
    await expect(unseal("m", ref, old, keys(newest))).rejects.toThrow(SealBroken);
  });

  it("does not open under another key, elsewhere, or when a single bit changed", async () => {
    const made = await seal("m", ref, "secret");
    const elsewhere: [string, typeof ref][] = [
      ["n", ref],
      ["m", { ...ref, name: "two" }],
      ["m", { ...ref, place: "integrations" }],
    ];
    for (const [id, other] of elsewhere) await expect(unseal(id, other, made)).rejects.toThrow(SealBroken);
    await expect(unseal("m", ref, { ...made, key_id: older?.id ?? "" })).rejects.toThrow(SealBroken);
    for (let index = 0; index < made.sealed.length - 1; index += 7) {
      const flipped = made.sealed[index] === "A" ? "B" : "A";
      const sealed = made.sealed.slice(0, index) + flipped + made.sealed.slice(index + 1);
      await expect(unseal("m", ref, { ...made, sealed })).rejects.toThrow(SealBroken);
    }
    await expect(unseal("m", ref, { ...made, sealed: "" })).rejects.toThrow(SealBroken);
  });
});

describe("a kept secret", () => {
  it("lies in the database sealed, is listed by its end, replaced, and forgotten", async () => {
    const store = new SpaceStore(newId(), "000");
    await keep(store, await keepSecret(store, ref, "a-long-secret-of-1234", { now: 5, hint: true }));
    expect(await openSecret(store, ref)).toBe("a-long-secret-of-1234");
    expect(await listSecrets(store, "webhook")).toEqual([{ name: "one", hint: "1234", updated_at: 5 }]);
    expect(JSON.stringify(await rowOf(store.makerspace_id))).not.toContain("a-long-secret");
    await keep(store, await keepSecret(store, ref, "short-1234", { now: 6, hint: true }));
    expect(await listSecrets(store, "webhook")).toEqual([{ name: "one", hint: null, updated_at: 6 }]);
    expect(await openSecret(store, ref)).toBe("short-1234");
    await keep(store, dropSecret(store, ref));
    expect(await openSecret(store, ref)).toBeNull();
  });

  it("does not open in another makerspace that its row was copied to", async () => {
    const [mine, theirs] = [new SpaceStore(newId(), "000"), new SpaceStore(newId(), "000")];
    await keep(mine, await keepSecret(mine, ref, "secret", { now: 5 }));
    await env.DB_000.prepare(
      `INSERT INTO sealed_secrets SELECT ?, place, name, key_id, sealed, hint, updated_at FROM sealed_secrets WHERE makerspace_id = ?`,
    )
      .bind(theirs.makerspace_id, mine.makerspace_id)
      .run();
    await expect(openSecret(theirs, ref)).rejects.toThrow(SealBroken);
    expect(await openSecret(mine, ref)).toBe("secret");
  });
});
