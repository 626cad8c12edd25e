import type { z } from "@hono/zod-openapi";
import { toIso } from "../../../platform/time.ts";
import type { EmergencyContact } from "./contract.ts";
import type { emergencyContacts } from "./tables.ts";

export type ContactRow = typeof emergencyContacts.$inferSelect;

export const viewContact = (row: ContactRow): z.output<typeof EmergencyContact> => ({
  id: row.id,
  member_id: row.member_id,
  name: row.name,
  relation: row.relation,
  phone: row.phone,
  notes: row.notes,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
