/** Who is at a machine right now. */

import { eq } from "drizzle-orm";
import { leads } from "../../../platform/db/fan-out.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import { sessions } from "../tables.ts";

/** Running sessions of a member, as the lists show them. Times are epoch milliseconds. */
export const runningSessionsOf = (store: SpaceStore, member_id: string) =>
  store.db
    .select({
      id: sessions.id,
      equipment_id: sessions.equipment_id,
      planned_end_at: sessions.planned_end_at,
      version: sessions.version,
    })
    .from(sessions)
    .where(
      store.in(
        sessions,
        leads(sessions.member_id, member_id),
        eq(sessions.status, "active"),
        eq(sessions.orphan, false),
      ),
    );
