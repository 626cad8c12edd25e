/** Files that are announced: room is kept for them before a byte has come. */

import type { z } from "@hono/zod-openapi";
import { eq, type SQL, sql } from "drizzle-orm";
import { type Write, write } from "../../platform/db/commit.ts";
import { newId } from "../../platform/ids.ts";
import { problem } from "../../platform/problem.ts";
import type { Space } from "../../platform/space.ts";
import { toIso } from "../../platform/time.ts";
import type { FileUsage, UploadInput, UploadSession } from "./contract.ts";
import { MAX_FILE_BYTES, mib, safeName, UPLOAD_WITHIN } from "./model.ts";
import type { FileOwners } from "./port.ts";
import { fileUsage } from "./tables.ts";

/** What the makerspace allows; bytes. */
export const quotasOf = ({ settings }: Space) => {
  const { makerspace_quota_mb, member_quota_mb, max_file_mb } = settings.sections.files;
  return {
    makerspace: mib(makerspace_quota_mb),
    member: mib(member_quota_mb),
    file: Math.min(mib(max_file_mb), MAX_FILE_BYTES),
  };
};

const used = (makerspace_id: string, uploader_id: string): SQL => sql`coalesce((
  SELECT bytes FROM file_usage WHERE makerspace_id = ${makerspace_id} AND uploader_id = ${uploader_id}), 0)`;

/** True, as a condition of a statement, when so many bytes more fit into both quotas: of two at once, the second sees the first. */
export function fits(space: Space, uploader_id: string, bytes: number): SQL {
  const { makerspace, member } = quotasOf(space);
  return sql`${used(space.id, "")} + ${bytes} <= ${makerspace} AND ${used(space.id, uploader_id)} + ${bytes} <= ${member}`;
}

interface NewFile {
  id: string;
  name: string;
  due_at: number;
}

/** One row, if there is room: the statement itself counts. */
const insertFile = (space: Space, { id, name, due_at }: NewFile, input: z.output<typeof UploadInput>): Write => {
  const { purpose, size, content_type = null } = input;
  return write(
    space.db.run(sql`
      INSERT INTO files (makerspace_id, id, uploader_id, purpose, name, status, announced_type, size, counted, attempt, tries, due_at,
                         version, created_at, updated_at)
      SELECT ${space.id}, ${id}, ${space.actor.id}, ${purpose}, ${name}, 'pending', ${content_type}, ${size}, ${size}, 0, 0, ${due_at},
             1, ${space.now}, ${space.now}
      WHERE ${fits(space, space.actor.id, size)}`),
    { expect: "file_quota_exceeded" },
  );
};

const invalid = (pointer: string, code: string, detail: string) =>
  problem("invalid_body", { errors: [{ pointer, code, detail }] });

/**
 * Keeps room for a file, and says where to send it.
 * @throws forbidden for a purpose that is not the caller's; invalid_body for a type or size that it does not take; file_quota_exceeded
 */
export async function openUpload(
  space: Space,
  owners: FileOwners,
  input: z.output<typeof UploadInput>,
): Promise<z.output<typeof UploadSession>> {
  const { purpose, size, content_type } = input;
  const owner = owners[purpose];
  if (!owner.mayUpload(space)) throw problem("forbidden");
  if (content_type !== undefined && !owner.types.includes(content_type))
    throw invalid("/content_type", "not_taken", `${purpose} takes ${owner.types.join(", ")}`);
  const most = Math.min(owner.max_bytes, quotasOf(space).file);
  if (size > most) throw invalid("/size", "too_large", `${purpose} takes up to ${most} bytes`);
  const id = newId();
  const due_at = space.now + UPLOAD_WITHIN;
  const body = {
    file_id: id,
    upload_url: `/api/v1/makerspaces/${space.id}/files/${id}/content`,
    expires_at: toIso(due_at),
  };
  await space.commit(
    {
      action: "file.announced",
      subject: { type: "file", id, version: 1 },
      after: { purpose, size },
      answer: { status: 201, body },
    },
    insertFile(space, { id, name: safeName(input.name), due_at }, input),
  );
  return body;
}

/** How much room the caller's files take, and those of all for staff. */
export async function readUsage(space: Space): Promise<z.output<typeof FileUsage>> {
  const { makerspace, member, file } = quotasOf(space);
  const bytes = async (uploader_id: string): Promise<number> => {
    const [row] = await space.db
      .select({ bytes: fileUsage.bytes })
      .from(fileUsage)
      .where(space.store.in(fileUsage, eq(fileUsage.uploader_id, uploader_id)));
    return row?.bytes ?? 0;
  };
  const isStaff = space.scope("files.read") === "any";
  return {
    used_bytes: await bytes(space.actor.id),
    quota_bytes: member,
    max_file_bytes: file,
    makerspace_used_bytes: isStaff ? await bytes("") : null,
    makerspace_quota_bytes: isStaff ? makerspace : null,
  };
}
