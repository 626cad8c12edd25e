import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { json, makerspaceId, resourceColumns } from "../../platform/db/columns.ts";
import { holderDisplays } from "../equipment/index.ts";

export const makerspaceSettings = sqliteTable("makerspace_settings", {
  makerspace_id: text().primaryKey(),
  slug: text().notNull(),
  name: text().notNull(),
  timezone: text().notNull(),
  currency: text().notNull(),
  location_hint: text(),
  show_holder: text({ enum: holderDisplays }).notNull(),
  booking_policy: json().notNull(),
  closures_version: integer().notNull().default(0),
  ...resourceColumns(),
});

export const settingsHistory = sqliteTable(
  "settings_history",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    section: text().notNull(),
    version: integer().notNull(),
    changes: json().notNull(),
    actor_kind: text().notNull(),
    actor_id: text().notNull(),
    changed_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);
