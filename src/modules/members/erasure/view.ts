import type { z } from "@hono/zod-openapi";
import { type Ground, grounds } from "../../../platform/personal-data.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { Erasure } from "./contract.ts";
import type { erasureKeeps, erasures } from "./tables.ts";

export type ErasureRow = typeof erasures.$inferSelect;
export type KeepRow = typeof erasureKeeps.$inferSelect;

/** Row → JSON. */
export const viewErasure = (row: ErasureRow, kept: readonly KeepRow[]): z.output<typeof Erasure> => ({
  id: row.member_id,
  status: row.status,
  requested_at: toIso(row.requested_at),
  due_at: toIso(row.due_at),
  done_at: toIsoOrNull(row.done_at),
  job_id: row.job_id,
  kept: kept.map(({ data, ground, keep_until, ended_at }) => ({
    data,
    ground,
    about: grounds[ground as Ground].about,
    keep_until: toIsoOrNull(keep_until),
    ended_at: toIsoOrNull(ended_at),
  })),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
