/**
 * Secrets at rest: AES-256-GCM under a key that the databases do not hold. The makerspace, the place and the name are bound into the seal, so
 * that a row copied elsewhere cannot be opened. What is opened is never logged, audited, or sent to a client.
 */

import { eq } from "drizzle-orm";
import { type Write, write } from "./db/commit.ts";
import type { SpaceStore } from "./db/store.ts";
import { sealedSecrets } from "./db/tables.ts";
import { config, type SealingKey } from "./env.ts";
import { base64url, newSecret } from "./ids.ts";

/** Which secret of a makerspace: what it belongs to, and its name there. */
export interface SecretRef {
  /** "integrations", "webhook", … */
  place: string;
  name: string;
}

/** Thrown when a seal does not open: another key, another place, or somebody changed it. */
export class SealBroken extends Error {
  override name = "SealBroken";
}

interface Sealed {
  key_id: string;
  sealed: string;
}

const NONCE_BYTES = 12;
const imported = new WeakMap<SealingKey, Promise<CryptoKey>>();

function cryptoKey(key: SealingKey): Promise<CryptoKey> {
  const known = imported.get(key);
  if (known !== undefined) return known;
  const made = crypto.subtle.importKey("raw", key.bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
  imported.set(key, made);
  return made;
}

const bound = (makerspace_id: string, { place, name }: SecretRef, key_id: string): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(["makrcave", 1, makerspace_id, place, name, key_id]));

const fromBase64url = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (char) => char.charCodeAt(0));

/** Seals a text for one place of one makerspace, under the newest key. */
export async function seal(
  makerspace_id: string,
  ref: SecretRef,
  plain: string,
  keys: readonly SealingKey[] = config.SETTINGS_KEYS,
): Promise<Sealed> {
  const [newest] = keys;
  if (!newest) throw new Error("there is no key to seal with");
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const additionalData = bound(makerspace_id, ref, newest.id);
  const ciphertext = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData },
    await cryptoKey(newest),
    new TextEncoder().encode(plain),
  );
  const whole = new Uint8Array([...nonce, ...new Uint8Array(ciphertext)]);
  return { key_id: newest.id, sealed: base64url(whole) };
}

/** Opens a seal. @throws SealBroken for an unknown key, another place, or a changed text */
export async function unseal(
  makerspace_id: string,
  ref: SecretRef,
  { key_id, sealed }: Sealed,
  keys: readonly SealingKey[] = config.SETTINGS_KEYS,
): Promise<string> {
  const where = `${ref.place} of ${makerspace_id}`;
  const key = keys.find(({ id }) => id === key_id);
  if (!key) throw new SealBroken(`${where} is sealed with the key ${key_id}, which SETTINGS_KEYS does not have`);
  try {
    const whole = fromBase64url(sealed);
    const plain = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: whole.subarray(0, NONCE_BYTES), additionalData: bound(makerspace_id, ref, key_id) },
      await cryptoKey(key),
      whole.subarray(NONCE_BYTES),
    );
    return new TextDecoder().decode(plain);
  } catch {
    throw new SealBroken(`${where} does not open: it was changed, or belongs elsewhere`);
  }
}

/** A part of a secret's end is shown where at least this much stays hidden. */
const HINT_FROM = 16;

const matches = (store: SpaceStore, { place, name }: SecretRef) =>
  store.in(sealedSecrets, eq(sealedSecrets.place, place), eq(sealedSecrets.name, name));

/**
 * Keeps a secret, in place of any with the same name: a write for `commit`, which must not be told the secret.
 * @param hint whether people may see its last four characters
 */
export async function keepSecret(
  store: SpaceStore,
  ref: SecretRef,
  plain: string,
  { now, hint = false }: { now: number; hint?: boolean },
): Promise<Write> {
  const row = {
    ...(await seal(store.makerspace_id, ref, plain)),
    hint: hint && plain.length >= HINT_FROM ? plain.slice(-4) : null,
    updated_at: now,
  };
  const { makerspace_id, place, name } = sealedSecrets;
  return write(
    store.db
      .insert(sealedSecrets)
      .values(store.row({ ...ref, ...row }))
      .onConflictDoUpdate({ target: [makerspace_id, place, name], set: row }),
  );
}

/** Forgets a secret: a write for `commit`. */
export const dropSecret = (store: SpaceStore, ref: SecretRef): Write =>
  write(store.db.delete(sealedSecrets).where(matches(store, ref)));

/** Opens a secret; null when there is none. @throws SealBroken */
export async function openSecret(store: SpaceStore, ref: SecretRef): Promise<string | null> {
  const [row] = await store.db
    .select({ key_id: sealedSecrets.key_id, sealed: sealedSecrets.sealed })
    .from(sealedSecrets)
    .where(matches(store, ref));
  return row ? unseal(store.makerspace_id, ref, row) : null;
}

/** Opens a secret that the system makes for itself: whoever asks first makes it, and it stays. @throws SealBroken */
export async function ownSecret(store: SpaceStore, ref: SecretRef, now: number): Promise<string> {
  const known = await openSecret(store, ref);
  if (known !== null) return known;
  const row = { ...(await seal(store.makerspace_id, ref, newSecret())), hint: null, updated_at: now };
  await store.db
    .insert(sealedSecrets)
    .values(store.row({ ...ref, ...row }))
    .onConflictDoNothing();
  return ownSecret(store, ref, now);
}

/** What may be said of a secret without opening it. */
export interface SecretHint {
  name: string;
  /** Its last four characters, where they may be seen. */
  hint: string | null;
  /** Epoch milliseconds. */
  updated_at: number;
}

/** The secrets of one place, without what they say. */
export const listSecrets = (store: SpaceStore, place: string): Promise<SecretHint[]> =>
  store.db
    .select({ name: sealedSecrets.name, hint: sealedSecrets.hint, updated_at: sealedSecrets.updated_at })
    .from(sealedSecrets)
    .where(store.in(sealedSecrets, eq(sealedSecrets.place, place)));
