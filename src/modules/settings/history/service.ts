/** Who changed which settings when. */

import type { z } from "@hono/zod-openapi";
import { desc, lt } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import { leads } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso } from "../../../platform/time.ts";
import { settingsHistory } from "../tables.ts";
import type { historySections, SettingsHistoryEntry } from "./contract.ts";

type Entry = z.output<typeof SettingsHistoryEntry>;
export type HistoryChange = Entry["changes"][number];
type HistorySection = (typeof historySections)[number];

/** Notes a change: part of the batch that makes it. */
export const historyWrite = (
  space: Space,
  section: HistorySection,
  version: number,
  changes: readonly HistoryChange[],
): Write =>
  write(
    space.db.insert(settingsHistory).values(
      space.store.row({
        id: newId(),
        section,
        version,
        changes,
        actor_kind: space.actor.kind,
        actor_id: space.actor.id,
        changed_at: space.now,
      }),
    ),
  );

const viewEntry = (row: typeof settingsHistory.$inferSelect): Entry => ({
  id: row.id,
  section: row.section as HistorySection,
  version: row.version,
  changed_at: toIso(row.changed_at),
  actor: { kind: row.actor_kind, id: row.actor_id },
  // Written by historyWrite alone.
  changes: row.changes as HistoryChange[],
});

/** Newest first. @throws invalid_cursor */
export async function listHistory(
  space: Space,
  { limit, cursor, section }: { limit: number; cursor?: string | undefined; section?: HistorySection | undefined },
): Promise<Page<Entry>> {
  const list = ["settings_history", section];
  const after = readCursor(cursor, list);
  const rows = await space.db
    .select()
    .from(settingsHistory)
    .where(
      space.store.in(
        settingsHistory,
        section === undefined ? undefined : leads(settingsHistory.section, section),
        after ? lt(settingsHistory.id, after.id) : undefined,
      ),
    )
    // Ids sort by time of birth.
    .orderBy(desc(settingsHistory.id))
    .limit(limit + 1);
  return toPage(rows, limit, list, (row) => ({ value: row.changed_at, id: row.id }), viewEntry);
}
