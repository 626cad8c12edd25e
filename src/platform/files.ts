/** Files in the store, by key under their makerspace, and links that open one of them for a while. Nobody else touches the store. */

import { and, asc, eq, inArray, lt } from "drizzle-orm";
import { directory } from "./db/driver.ts";
import { expiringFiles, fileLinks } from "./db/tables.ts";
import { newSecret, sha256 } from "./ids.ts";
import { problem } from "./problem.ts";
import type { ByteRange, ObjectBody, StoredObject } from "./storage/port.ts";
import { storage } from "./storage.ts";
import { DAY } from "./time.ts";

/** Which file of a makerspace: its key is `<makerspace_id>/<kind>/<id>`. */
export interface FileRef {
  makerspace_id: string;
  /** Lower-case words with underscores: "audit_export". */
  kind: string;
  /** Letters, digits, dashes, dots and underscores. */
  id: string;
}

/** What is known of a file when it is written. */
export interface FileOptions {
  content_type: string;
  /** Epoch milliseconds: the object goes then. Left out, it stays until it is deleted. */
  expires_at?: number;
}

/** How long a link works unless told otherwise. */
export const LINK_TTL = 7 * DAY;

/** An expired link still says so for this long; then it is as unknown as any other. */
const EXPIRED_KEPT = 30 * DAY;

/** The store takes at most a thousand keys per delete. */
const TIDY_MAX = 1_000;

/** A file's key in the bucket. @throws Error for a kind or id that could leave its folder: a bug of ours. */
export function fileKey({ makerspace_id, kind, id }: FileRef): string {
  const isSafe =
    /^[0-9a-f-]{36}$/.test(makerspace_id) && /^[a-z_]{1,40}$/.test(kind) && /^[\w-][\w.-]{0,199}$/.test(id);
  if (!isSafe) throw new Error(`not the name of a file: ${kind}/${id}`);
  return `${makerspace_id}/${kind}/${id}`;
}

/** Where the files of a kind lie. */
const folder = (makerspace_id: string, kind: string): string => fileKey({ makerspace_id, kind, id: "-" }).slice(0, -1);

/** Notes when an object goes, before there is one. */
export async function noteExpiry(ref: FileRef, expires_at: number | undefined): Promise<void> {
  if (expires_at === undefined) return;
  const row = { key: fileKey(ref), expires_at };
  await directory().insert(expiringFiles).values(row).onConflictDoUpdate({ target: expiringFiles.key, set: row });
}

/** Writes a whole file; one with the same key is replaced. Large ones are written by parts: files-writer.ts. */
export async function putFile(
  ref: FileRef,
  body: ObjectBody,
  { content_type, expires_at }: FileOptions,
): Promise<void> {
  await noteExpiry(ref, expires_at);
  await storage().put(fileKey(ref), body, { content_type });
}

/** Writes a small file unless there is one; `notes` are read with a listing. Returns false when there was one. */
export async function putFileOnce(
  ref: FileRef,
  body: string,
  { content_type, notes }: { content_type: string; notes: Record<string, string> },
): Promise<boolean> {
  return storage().putOnce(fileKey(ref), body, { content_type, notes });
}

/** The files of a kind in a makerspace with their notes, by id. */
export async function listFiles(
  makerspace_id: string,
  kind: string,
): Promise<{ id: string; notes: Record<string, string> }[]> {
  const prefix = folder(makerspace_id, kind);
  const found: { id: string; notes: Record<string, string> }[] = [];
  for (let after: string | undefined; ; ) {
    const page = await storage().list(prefix, { notes: true, ...(after !== undefined && { after }) });
    found.push(...page.objects.map(({ key, notes }) => ({ id: key.slice(prefix.length), notes })));
    after = page.objects.at(-1)?.key;
    if (!page.more || after === undefined) return found;
  }
}

/** A file as the store lists it. */
export interface ListedFile {
  id: string;
  /** Epoch milliseconds. */
  stored_at: number;
}

/** Up to a thousand files of a kind in the order of their ids, after one of them. */
export async function filesAfter(
  makerspace_id: string,
  kind: string,
  after: string,
): Promise<{ files: ListedFile[]; more: boolean }> {
  const prefix = folder(makerspace_id, kind);
  const { objects, more } = await storage().list(prefix, after === "" ? {} : { after: prefix + after });
  return { files: objects.map(({ key, stored_at }) => ({ id: key.slice(prefix.length), stored_at })), more };
}

/** A file with its content, or with the part of it that is asked for; null when there is none. */
export const getFile = (ref: FileRef, range?: ByteRange): Promise<StoredObject | null> =>
  storage().get(fileKey(ref), range);

/** Deletes a file and its links; repeating it changes nothing. */
export async function deleteFile(ref: FileRef): Promise<void> {
  const key = fileKey(ref);
  // The links first: none may open a file that somebody wants gone.
  await revokeLinks(ref);
  await storage().delete([key]);
  await directory().delete(expiringFiles).where(eq(expiringFiles.key, key));
}

/** A link as it is handed out, once: only its digest is kept. */
export interface FileLink {
  /** The path of the link; whoever has it may download the file. */
  url: string;
  /** Epoch milliseconds. */
  expires_at: number;
}

const LINKS = "/api/v1/files";

/** Makes a link to a file. `expires_at` is seven days from `now` unless told; `filename` is what the download is called. */
export async function linkFile(
  ref: FileRef,
  { filename, now, expires_at = now + LINK_TTL }: { filename: string; now: number; expires_at?: number },
): Promise<FileLink> {
  const token = newSecret();
  const row = { digest: await sha256(token), key: fileKey(ref), filename, created_at: now, expires_at };
  await directory().insert(fileLinks).values(row);
  return { url: `${LINKS}/${token}`, expires_at };
}

/** Ends every link to a file. */
export async function revokeLinks(ref: FileRef): Promise<void> {
  await directory()
    .delete(fileLinks)
    .where(eq(fileLinks.key, fileKey(ref)));
}

/** Ends one link, given its url. */
export async function revokeLink(url: string): Promise<void> {
  const token = url.slice(url.lastIndexOf("/") + 1);
  await directory()
    .delete(fileLinks)
    .where(eq(fileLinks.digest, await sha256(token)));
}

/** What a link opens. */
export interface OpenedFile {
  filename: string;
  /** The file, or the part of it that is asked for; null when it has gone. */
  read(range?: ByteRange): Promise<StoredObject | null>;
}

/** The file behind a token. @throws not_found for a token that nobody made or that was revoked; link_expired */
export async function openLink(token: string, now: number): Promise<OpenedFile> {
  const [link] = await directory()
    .select()
    .from(fileLinks)
    .where(eq(fileLinks.digest, await sha256(token)));
  if (!link) throw problem("not_found");
  if (link.expires_at <= now) throw problem("link_expired");
  return { filename: link.filename, read: (range) => storage().get(link.key, range) };
}

/** Deletes the objects whose time is over, and links that expired long ago. Returns how many. */
export async function tidyFiles(now: number): Promise<number> {
  const db = directory();
  const due = await db
    .select({ key: expiringFiles.key })
    .from(expiringFiles)
    .where(lt(expiringFiles.expires_at, now))
    .orderBy(asc(expiringFiles.expires_at))
    .limit(TIDY_MAX);
  const keys = due.map((row) => row.key);
  // The row goes last: an object that could not be deleted is tried again.
  await storage().delete(keys);
  for (let from = 0; from < keys.length; from += 50) {
    const some = keys.slice(from, from + 50);
    await db.delete(expiringFiles).where(and(inArray(expiringFiles.key, some), lt(expiringFiles.expires_at, now)));
  }
  const { meta } = await db.delete(fileLinks).where(lt(fileLinks.expires_at, now - EXPIRED_KEPT));
  return keys.length + (meta.changes ?? 0);
}
