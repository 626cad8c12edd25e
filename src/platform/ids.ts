import { uuidv7 } from "uuidv7";

/** A new UUIDv7: sorts by time of birth. Call it inside a handler (randomness is refused at load). */
export const newId = (): string => uuidv7();

/** What every id born before `ms` (epoch milliseconds) sorts before, and every later one behind. */
export function firstIdOf(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

/** A random secret of `bytes` bytes, base64url. */
export function newSecret(bytes = 32): string {
  return base64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

/** Unambiguous in print and by voice: no I, L, O, U, 0 or 1. */
const codeAlphabet = "ABCDEFGHJKMNPQRSTVWXYZ23456789";

/** A code for people to type: `length` characters (about 4.9 bits each), in groups of four. */
export function newCode(length = 8): string {
  let code = "";
  while (code.length < length) {
    for (const byte of crypto.getRandomValues(new Uint8Array(length))) {
      // Bytes past the last whole multiple would favour the first letters.
      if (byte < 240 && code.length < length) code += codeAlphabet[byte % codeAlphabet.length];
    }
  }
  return (code.match(/.{1,4}/g) ?? []).join("-");
}

/** What people type, as it was made: upper case, without spaces and dashes. */
export const normaliseCode = (typed: string): string => typed.toUpperCase().replace(/[^A-Z0-9]/g, "");

/** Base64 in the URL alphabet, without padding. */
export function base64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}

/** SHA-256 of a text, hex. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
