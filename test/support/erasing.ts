/** An erasure that has begun and whose job does not come. */

import { env } from "cloudflare:workers";

export const beErased = (makerspace_id: string, member_id: string) =>
  env.DB_000.prepare(
    `INSERT INTO erasures (makerspace_id, member_id, status, requested_by, requested_at, due_at, created_at, updated_at)
     VALUES (?, ?, 'running', 'x', 0, 9999999999999, 0, 0)`,
  )
    .bind(makerspace_id, member_id)
    .run();
