/** Files: pure parts. */

import { type FileType, fileExtensions } from "../../platform/file-types.ts";
import { DAY, HOUR, MINUTE } from "../../platform/time.ts";

/** What a file is uploaded for, and can be attached to then. Each has its owner in src/app.ts. */
export const purposes = ["equipment_photo", "equipment_manual", "fault_report", "skill_request"] as const;
export type Purpose = (typeof purposes)[number];

/**
 * pending: announced, nothing has come. receiving: it is coming. quarantined: it waits to be looked through. ready, or rejected with a reason.
 * lost: the store has it no more.
 */
export const fileStatuses = ["pending", "receiving", "quarantined", "ready", "rejected", "lost"] as const;
export type FileStatus = (typeof fileStatuses)[number];

/** Why a file is not taken. */
export const rejections = [
  "type_refused",
  "type_mismatch",
  "polyglot",
  "image_unreadable",
  "infected",
  "quota_exceeded",
  "unchecked",
] as const;
export type Rejection = (typeof rejections)[number];

const MIB = 1024 * 1024;

/** No file is larger, whatever a purpose or a setting says; bytes. */
export const MAX_FILE_BYTES = 500 * MIB;
export const mib = (count: number): number => count * MIB;

/** An announced file has come within this, and one that is coming has come. */
export const UPLOAD_WITHIN = HOUR;

/** What is attached to nothing, or was rejected, stays this long. */
export const UNATTACHED_FOR = DAY;

/** A file that nobody could look through is tried again for so long. */
export const CHECKED_WITHIN = DAY;

/** When it is tried again, after so many tries; milliseconds. */
export const retryAfter = (tries: number): number => Math.min(2 ** tries * MINUTE, HOUR);

/** A link that was handed out works for so long. */
export const LINK_FOR = 10 * MINUTE;

/** Longest names, in characters and in bytes of UTF-8. */
const MAX_NAME = 120;
const MAX_NAME_BYTES = 200;

const bytesIn = (text: string): number => new TextEncoder().encode(text).length;

/** Cuts a name in its middle, so that its ending stays. */
function shortened(name: string): string {
  const ending = /\.[^.]{1,15}$/.exec(name)?.[0] ?? "";
  const stem = [...name.slice(0, name.length - ending.length)].slice(0, MAX_NAME - ending.length);
  while (bytesIn(stem.join("") + ending) > MAX_NAME_BYTES) stem.pop();
  return stem.join("") + ending;
}

// Controls, private and broken characters, and everything that turns or hides text; joiners are letters in some scripts.
const unseen = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\u2028\u2029]/gu;

/** A name that is safe to keep, to show and to save under, on every system: without folders, controls, turned text and reserved words. */
export function safeName(given: string): string {
  const last = given.toWellFormed().normalize("NFC").replaceAll(unseen, "").split(/[\\/]/).at(-1) ?? "";
  const plain = last
    .replaceAll(/[<>:"|?*]/g, "_")
    .replaceAll(/\s+/g, " ")
    .replace(/^[.\s]+/, "")
    .replace(/[.\s]+$/, "");
  const free = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i.test(plain) ? `_${plain}` : plain;
  return shortened(free) || "file";
}

/** What a download is called: its name, ending as its type says, so that no picture is saved as a program. */
export function downloadName(name: string, type: FileType): string {
  const ending = fileExtensions[type];
  const fits = ending === "jpg" ? /\.jpe?g$/i : new RegExp(`\\.${ending}$`, "i");
  return fits.test(name) ? name : `${name}.${ending}`;
}
