import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { ratingStatuses } from "./model.ts";

export const equipmentRatings = sqliteTable(
  "equipment_ratings",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    equipment_id: text().notNull(),
    member_id: text().notNull(),
    stars: integer().notNull(),
    text: text(),
    status: text({ enum: ratingStatuses }).notNull(),
    hidden_reason: text(),
    hidden_by: text(),
    answer: text(),
    answered_by: text(),
    answered_at: integer(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

/** Sums of what is seen, kept by triggers on the ratings. */
export const equipmentRatingTotals = sqliteTable(
  "equipment_rating_totals",
  {
    makerspace_id: makerspaceId(),
    equipment_id: text().notNull(),
    stars: integer().notNull(),
    ratings: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.equipment_id] })],
);
