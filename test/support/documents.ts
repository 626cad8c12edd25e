/** Supporting documents, for tests. */

import type { Answer, Api } from "./api.ts";
import type { Person, TestSpace } from "./space.ts";
import type { Document } from "./wire.ts";

/** What files of a type begin with. */
export const heads = {
  "application/pdf": "%PDF-1.7\n",
  "image/jpeg": "\u00ff\u00d8\u00ff\u00e0",
  "image/png": "\u0089PNG\r\n\u001a\n",
} as const;

/** A file of a type, at least as long as told. */
export function fileOf(type: keyof typeof heads = "application/pdf", size = 64): Uint8Array<ArrayBuffer> {
  const head = Uint8Array.from(heads[type], (char) => char.charCodeAt(0));
  const file = new Uint8Array(Math.max(size, head.length)).fill(0x20);
  file.set(head);
  return file;
}

/** Where a member's documents are. */
export const documentsOf = (space: TestSpace, { member }: Person, rest = ""): string =>
  space.path(`/members/${member.id}/documents${rest}`);

interface Handed {
  kind?: string;
  replaces?: string;
  expires_at?: string;
  bytes?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  /** As announced. */
  type?: string;
  length?: string | null;
}

/** Tries to hand in a document. */
export function handIn(space: TestSpace, owner: Person, api: Api, more: Handed = {}): Promise<Answer<Document>> {
  const { bytes = fileOf(), type = "application/pdf", length, kind = "id_proof", ...rest } = more;
  const announced = length === undefined && bytes instanceof Uint8Array ? String(bytes.length) : length;
  const headers = { "content-type": type, ...(announced != null && { "content-length": announced }) };
  const query = new URLSearchParams({ kind, ...rest });
  return api.send<Document>("POST", `${documentsOf(space, owner)}?${query}`, { bytes, headers, key: null });
}

/** Hands in a document. @throws when it is refused */
export async function handedIn(space: TestSpace, owner: Person, more: Handed = {}): Promise<Document> {
  const { body, problem } = await handIn(space, owner, owner.api, more);
  if (!body) throw new Error(`refused: ${JSON.stringify(problem)}`);
  return body;
}
