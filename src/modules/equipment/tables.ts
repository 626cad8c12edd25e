import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { flag, json, makerspaceId, resourceColumns } from "../../platform/db/columns.ts";
import {
  cancellers,
  equipmentCategories,
  equipmentStatuses,
  outageStatuses,
  outputQualities,
  reservationStatuses,
  seriesStatuses,
  waitlistStatuses,
} from "./model.ts";

export const equipment = sqliteTable(
  "equipment",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    code: text().notNull(),
    name: text().notNull(),
    category: text({ enum: equipmentCategories }).notNull(),
    sub_category: text(),
    status: text({ enum: equipmentStatuses }).notNull(),
    location: text(),
    owner_member_id: text(),
    requires_certification: flag().notNull().default(false),
    certification_required: text(),
    last_maintenance_date: text(),
    next_maintenance_date: text(),
    maintenance_interval_hours: integer(),
    manufacturer: text(),
    model: text(),
    serial_number: text(),
    purchase_date: text(),
    warranty_expiry: text(),
    hourly_rate_minor: integer(),
    deposit_minor: integer(),
    currency: text(),
    description: text(),
    specifications: json().notNull().default({}),
    manual_url: text(),
    image_url: text(),
    notes: text(),
    policy: json().notNull().default({}),
    policy_version: integer().notNull().default(1),
    opening_hours: json(),
    metadata: json().notNull().default({}),
    external_id: text(),
    retired_at: integer(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const policyPushes = sqliteTable(
  "policy_pushes",
  {
    makerspace_id: makerspaceId(),
    equipment_id: text().notNull(),
    makerspace_version: integer().notNull(),
    equipment_version: integer().notNull(),
    hours_version: integer().notNull().default(0),
    created_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.equipment_id] })],
);

/** Written by durable-objects/equipment/projection.ts alone. */
export const reservations = sqliteTable(
  "reservations",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    equipment_id: text().notNull(),
    member_id: text().notNull(),
    status: text({ enum: reservationStatuses }).notNull(),
    starts_at: integer().notNull(),
    ends_at: integer().notNull(),
    purpose: text(),
    project_id: text(),
    note: text(),
    created_by: text().notNull(),
    decided_by: text(),
    decided_at: integer(),
    checked_in_at: integer(),
    expires_at: integer(),
    orphan: flag().notNull().default(false),
    projected_at: integer().notNull(),
    counted_minutes: integer().notNull().default(0),
    ...resourceColumns(),
    /** JSON as text: the same as in the object. */
    metadata: text().notNull().default("{}"),
    external_id: text(),
    series_id: text(),
    /** JSON as text, too: the terms it was made under. */
    price: text(),
    fee_minor: integer(),
    may_move: integer().$type<0 | 1>().notNull().default(0),
    cancelled_by: text({ enum: cancellers }),
    outage_id: text(),
    moved_to: text(),
    moved_from: text(),
    bundle_id: text(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

/** Days on which the makerspace, or one machine, is closed or open at other hours. */
export const closures = sqliteTable(
  "closures",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    /** Null is the whole makerspace. */
    equipment_id: text(),
    /** Days since 1970-01-01 on the wall clock of the makerspace, both included. */
    from_day: integer().notNull(),
    to_day: integer().notNull(),
    windows: json().notNull(),
    title: text().notNull(),
    external_id: text(),
    created_by: text().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

/** Written by durable-objects/equipment/projection.ts alone. */
export const series = sqliteTable(
  "series",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    equipment_id: text().notNull(),
    member_id: text().notNull(),
    status: text({ enum: seriesStatuses }).notNull(),
    rrule: text().notNull(),
    local_start: text().notNull(),
    timezone: text().notNull(),
    duration_minutes: integer().notNull(),
    starts_at: integer().notNull(),
    ends_at: integer().notNull(),
    purpose: text(),
    project_id: text(),
    created_by: text().notNull(),
    continues: text(),
    orphan: flag().notNull().default(false),
    projected_at: integer().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

/** Written by durable-objects/equipment/projection.ts alone. */
export const outages = sqliteTable(
  "outages",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    equipment_id: text().notNull(),
    status: text({ enum: outageStatuses }).notNull(),
    starts_at: integer().notNull(),
    ends_at: integer().notNull(),
    /** JSON as text: the same as in the object. */
    weekly: text(),
    reason: text().notNull(),
    created_by: text().notNull(),
    lifted_by: text(),
    lifted_at: integer(),
    orphan: flag().notNull().default(false),
    projected_at: integer().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

/** Who waits for time that is taken; see waitlist/service.ts. */
export const waitlistEntries = sqliteTable(
  "waitlist_entries",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    member_id: text().notNull(),
    equipment_id: text(),
    category: text({ enum: equipmentCategories }),
    window_starts_at: integer().notNull(),
    window_ends_at: integer().notNull(),
    minutes: integer().notNull(),
    status: text({ enum: waitlistStatuses }).notNull(),
    offer_id: text(),
    offered_on: text(),
    offer_starts_at: integer(),
    offer_ends_at: integer(),
    offer_expires_at: integer(),
    reservation_id: text(),
    created_by: text().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const reservationExternalIds = sqliteTable(
  "reservation_external_ids",
  {
    makerspace_id: makerspaceId(),
    external_id: text().notNull(),
    reservation_id: text().notNull(),
    equipment_id: text().notNull(),
    claimed_by: text(),
    claimed_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.external_id] })],
);

/** Written by durable-objects/equipment/projection.ts alone. */
export const sessions = sqliteTable(
  "sessions",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    equipment_id: text().notNull(),
    member_id: text().notNull(),
    reservation_id: text(),
    project_id: text(),
    status: text({ enum: ["active", "completed"] }).notNull(),
    started_at: integer().notNull(),
    planned_end_at: integer().notNull(),
    ended_at: integer(),
    ended_by: text(),
    overrun_at: integer(),
    collides_with: text(),
    job_successful: flag(),
    output_quality: text({ enum: outputQualities }),
    notes: text(),
    orphan: flag().notNull().default(false),
    projected_at: integer().notNull(),
    counted_minutes: integer().notNull().default(0),
    ...resourceColumns(),
    price: text(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const projectionCursors = sqliteTable(
  "projection_cursors",
  {
    makerspace_id: makerspaceId(),
    equipment_id: text().notNull(),
    seq: integer().notNull(),
    updated_at: integer().notNull(),
    use_count: integer().notNull().default(0),
    use_ms: integer().notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.equipment_id] })],
);

export const tablets = sqliteTable(
  "tablets",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    label: text().notNull(),
    equipment_ids: json().notNull(),
    status: text({ enum: ["pairing", "paired", "revoked"] }).notNull(),
    pairing_expires_at: integer().notNull(),
    paired_at: integer(),
    revoked_at: integer(),
    created_by: text().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

/** Bookings on their way; see claims/service.ts. */
export const bookingClaims = sqliteTable(
  "booking_claims",
  {
    makerspace_id: makerspaceId(),
    member_id: text().notNull(),
    equipment_id: text().notNull(),
    key: text().notNull(),
    kind: text({ enum: ["reservation", "session"] }).notNull(),
    booking_id: text().notNull(),
    settled_by: integer().notNull(),
    bookings: integer().notNull(),
    minutes: integer().notNull(),
    starts_at: integer().notNull(),
    waiting: integer().notNull(),
    decide_before: integer().notNull(),
    created_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.member_id, table.equipment_id, table.key] })],
);

/** Who was reminded of what; see reminders.ts. */
export const reminders = sqliteTable(
  "reminders",
  { makerspace_id: makerspaceId(), moment: integer().notNull(), subject_id: text().notNull() },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.moment, table.subject_id] })],
);

/** The one slot that is kept for a member, per category of machines; see holds/service.ts. */
export const bookingHolds = sqliteTable(
  "booking_holds",
  {
    makerspace_id: makerspaceId(),
    member_id: text().notNull(),
    category: text({ enum: equipmentCategories }).notNull(),
    equipment_id: text().notNull(),
    hold_id: text().notNull(),
    expires_at: integer().notNull(),
    seq: integer().notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.member_id, table.category] })],
);

export const calendarFeeds = sqliteTable(
  "calendar_feeds",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    member_id: text().notNull(),
    name: text().notNull(),
    scope: text({ enum: ["mine", "equipment", "makerspace"] }).notNull(),
    equipment_id: text(),
    digest: text().notNull(),
    revoked_at: integer(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);
