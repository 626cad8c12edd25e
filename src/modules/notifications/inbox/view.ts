import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import { isType, typeOf } from "../catalogue.ts";
import type { notifications } from "../tables.ts";
import type { Notification } from "./contract.ts";

export type NotificationRow = typeof notifications.$inferSelect;
type View = z.output<typeof Notification>;

/** Events keep epoch milliseconds; the wire has ISO 8601. */
export const withInstants = <T extends Readonly<Record<string, unknown>>>(data: T): T =>
  Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      name.endsWith("_at") && typeof value === "number" ? toIso(value) : value,
    ]),
  ) as T;

/** Row → JSON. Announcements bring their own title. */
export function viewNotification(row: NotificationRow): View {
  const { title: own, ...data } = row.data as View["data"] & { title?: string };
  const known = isType(row.type) ? typeOf(row.type) : null;
  return {
    id: row.id,
    makerspace_id: row.makerspace_id,
    type: row.type,
    category: known?.category ?? "system",
    title: own ?? known?.title ?? row.type,
    subject: { type: row.subject_type, id: row.subject_id },
    data: withInstants(data),
    read_at: toIsoOrNull(row.read_at),
    archived: row.state === "archived",
    created_at: toIso(row.created_at),
    updated_at: toIso(row.updated_at),
    version: row.version,
  };
}
