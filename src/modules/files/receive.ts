/** Content that comes in for a file that was announced. */

import type { z } from "@hono/zod-openapi";
import { and, eq, lt, or, sql } from "drizzle-orm";
import { noteLoose } from "../../platform/loose-files.ts";
import { problem } from "../../platform/problem.ts";
import type { Upload } from "../../platform/route.ts";
import type { Space } from "../../platform/space.ts";
import { takeFile } from "../../platform/uploads.ts";
import type { FileInfo } from "./contract.ts";
import { UPLOAD_WITHIN } from "./model.ts";
import type { FilePorts } from "./port.ts";
import { findOwn } from "./reads.ts";
import { rejectFile, settleFile } from "./settle.ts";
import { files } from "./tables.ts";
import { type FileRow, quarantineOf, viewFile } from "./view.ts";

/** Of two who send content at once, one does. @throws illegal_transition */
async function begin(space: Space, row: FileRow): Promise<FileRow> {
  const isOver = or(
    and(eq(files.status, "pending"), sql`${files.due_at} > ${space.now}`),
    // Whoever sent it has gone.
    and(eq(files.status, "receiving"), lt(files.due_at, space.now)),
  );
  const change = {
    status: "receiving" as const,
    attempt: row.attempt + 1,
    due_at: space.now + UPLOAD_WITHIN,
    version: row.version + 1,
    updated_at: space.now,
  };
  const { meta } = await space.db
    .update(files)
    .set(change)
    .where(space.store.in(files, and(eq(files.id, row.id), eq(files.version, row.version)), isOver));
  if (meta.changes === 0) throw problem("illegal_transition", { current_status: row.status });
  return { ...row, ...change };
}

/** What was cut off can be sent again, until the time that was given is over. */
async function giveBack(space: Space, row: FileRow): Promise<void> {
  const due_at = row.created_at + UPLOAD_WITHIN;
  await space.db
    .update(files)
    .set({ status: "pending", due_at, version: row.version + 1, updated_at: space.now })
    .where(space.store.in(files, and(eq(files.id, row.id), eq(files.version, row.version))));
}

/**
 * Takes the content of an announced file in. Whatever is wrong with the content itself is told by the file's status and reason.
 * @throws not_found, illegal_transition; malformed_request for another length than announced, also when it was cut off; unavailable
 */
export async function receiveContent(
  space: Space,
  ports: FilePorts,
  id: string,
  { body, size }: Upload,
): Promise<z.output<typeof FileInfo>> {
  const announced = await findOwn(space, id);
  if (announced.size !== size) {
    await body.cancel().catch(() => undefined);
    throw problem("malformed_request", { detail: `${announced.size} bytes were announced.` });
  }
  const row = await begin(space, announced);
  try {
    await noteLoose(space.store, quarantineOf(row), space.now);
    const ref = { makerspace_id: space.id, ...quarantineOf(row) };
    const { types } = ports.owners[row.purpose];
    const taken = await takeFile(ref, { body, size }, { types, announced: row.announced_type });
    if ("refused" in taken) return viewFile(await rejectFile(space, row, taken.refused));
    const { content_type, sha256 } = taken;
    return viewFile(await settleFile(space, ports, { ...row, content_type, sha256 }));
  } catch (error) {
    await giveBack(space, row);
    throw error;
  }
}
