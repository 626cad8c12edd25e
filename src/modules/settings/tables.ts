import { sqliteTable, text } from "drizzle-orm/sqlite-core";
import { json, resourceColumns } from "../../platform/db/columns.ts";
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
  ...resourceColumns(),
});
