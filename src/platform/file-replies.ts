/** Files that go out: whole, in part, or not at all because the reader has them. */

import { problem } from "./problem.ts";
import { type FileAsk, isUnchanged, wantedRange } from "./ranges.ts";
import { FileReply } from "./route/definition.ts";
import type { ByteRange, StoredObject } from "./storage/port.ts";

/** A file that is to go out. */
interface Outgoing {
  /** What the download is called. */
  filename: string;
  /** Known to its row; left out, the store says. */
  size?: number;
  content_type?: string;
  /** Strong, with its quotes. */
  etag?: string;
  /** The link alone opens it: pages of other origins may show it. */
  embeddable?: true;
  read(range?: ByteRange): Promise<StoredObject | null>;
}

async function sizeOf({ size, read }: Outgoing): Promise<number> {
  if (size !== undefined) return size;
  const object = await read();
  await object?.body.cancel();
  if (!object) throw problem("not_found");
  return object.size;
}

/** Answers with a file. @throws not_found when the store has it no more; range_not_satisfiable */
export async function replyWithFile(ask: FileAsk, outgoing: Outgoing): Promise<FileReply> {
  const { filename, etag = null, embeddable } = outgoing;
  const shared = { filename, etag, embeddable: embeddable ?? false };
  if (etag !== null && isUnchanged(ask, etag)) {
    return new FileReply(null, { ...shared, size: 0, content_type: "", range: null });
  }
  const range = ask.range === null ? null : wantedRange(ask, await sizeOf(outgoing), etag);
  if (range === "unsatisfiable") throw problem("range_not_satisfiable", { size: await sizeOf(outgoing) });
  const object = await outgoing.read(range ?? undefined);
  if (!object) throw problem("not_found");
  const { size, body } = object;
  return new FileReply(body, { ...shared, size, content_type: outgoing.content_type ?? object.content_type, range });
}
