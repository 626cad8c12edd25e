/** Makerspaces with many members, written straight into the database. */

import { env } from "cloudflare:workers";
import { newId } from "../../src/platform/ids.ts";
import type { TestSpace } from "./space.ts";

/** Active members without accounts. @returns their ids */
export async function addCrowd(space: TestSpace, size: number): Promise<string[]> {
  const ids = Array.from({ length: size }, newId);
  await env.DB_000.prepare(
    `INSERT INTO members (makerspace_id, id, email, first_name, last_name, role, status, version, created_at, updated_at)
     SELECT ?, value, value || '@example.org', 'A', 'B', 'user', 'active', 1, 1, 1 FROM json_each(?)`,
  )
    .bind(space.id, JSON.stringify(ids))
    .run();
  return ids;
}

/** Rows of an inbox, as the consumers write them. */
export async function fillInboxes(
  space: TestSpace,
  member_ids: readonly string[],
  each: number,
  type = "reservation.created",
) {
  const rows = member_ids.flatMap((member_id) => Array.from({ length: each }, () => ({ id: newId(), member_id })));
  for (let from = 0; from < rows.length; from += 5_000) {
    await env.DB_000.prepare(
      `INSERT INTO notifications (makerspace_id, id, member_id, event_id, type, subject_type, subject_id, data, version, created_at, updated_at)
       SELECT ?, value ->> 'id', value ->> 'member_id', value ->> 'id', ?, 'reservation', 'x', '{}', 1, 1, 1 FROM json_each(?)`,
    )
      .bind(space.id, type, JSON.stringify(rows.slice(from, from + 5_000)))
      .run();
  }
}
