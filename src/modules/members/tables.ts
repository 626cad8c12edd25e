import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { membershipStatuses } from "../../platform/access/membership.ts";
import { duties, memberRoles } from "../../platform/access/permissions.ts";
import { flag, json, makerspaceId, resourceColumns } from "../../platform/db/columns.ts";

export const members = sqliteTable(
  "members",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    user_id: text(),
    email: text().notNull(),
    first_name: text().notNull(),
    last_name: text().notNull(),
    role: text({ enum: memberRoles }).notNull(),
    status: text({ enum: membershipStatuses }).notNull(),
    status_reason: text(),
    hide_name: flag().notNull().default(false),
    phone: text(),
    bio: text(),
    profile_image_url: text(),
    public_skills: json().notNull().default([]),
    notes: text(),
    locale: text(),
    timezone: text(),
    joined_at: integer().notNull().default(0),
    last_seen_at: integer().notNull().default(0),
    suspended_at: integer(),
    suspended_by: text(),
    left_at: integer(),
    sort_name: text().notNull().default(""),
    // Set by the database: where the member stands in the full-text table member_search.
    search_id: integer(),
    merged_into: text(),
    erased_at: integer(),
    metadata: json().notNull().default({}),
    external_id: text(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const memberDuties = sqliteTable(
  "member_duties",
  {
    makerspace_id: makerspaceId(),
    member_id: text().notNull(),
    duty: text({ enum: duties }).notNull(),
    equipment_ids: json(),
    ends_at: integer(),
    granted_by: text().notNull(),
    granted_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.member_id, table.duty] })],
);

export const memberTags = sqliteTable(
  "member_tags",
  {
    makerspace_id: makerspaceId(),
    tag: text().notNull(),
    status: text({ enum: membershipStatuses }).notNull(),
    member_id: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.tag, table.status, table.member_id] })],
);
