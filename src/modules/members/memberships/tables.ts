import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { flag, json, makerspaceId, resourceColumns } from "../../../platform/db/columns.ts";
import { billingCycles } from "./cycles.ts";
import { membershipStates, paymentStatuses, transactionKinds } from "./model.ts";

export const memberships = sqliteTable(
  "memberships",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    member_id: text().notNull(),
    plan_id: text().notNull(),
    status: text({ enum: membershipStates }).notNull(),
    status_reason: text(),
    starts_at: integer().notNull(),
    ends_at: integer().notNull(),
    lapses_at: integer().notNull(),
    due_at: integer(),
    billing_cycle: text({ enum: billingCycles }).notNull(),
    anchor_on: text().notNull(),
    is_trial: flag().notNull(),
    auto_renew: flag().notNull(),
    cancels_at_end: flag().notNull().default(false),
    next_plan_id: text(),
    paused_at: integer(),
    paused_until: integer(),
    paid_from: integer().notNull(),
    paid_minor: integer().notNull(),
    currency: text().notNull(),
    contract_ends_at: integer(),
    promo_code: text(),
    ...resourceColumns(),
    stretched_from: integer(),
    stretched_to: integer(),
    had_trial: flag().notNull().default(false),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const membershipTransactions = sqliteTable(
  "membership_transactions",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    membership_id: text().notNull(),
    member_id: text().notNull(),
    plan_id: text().notNull(),
    kind: text({ enum: transactionKinds }).notNull(),
    amount_minor: integer().notNull(),
    currency: text().notNull(),
    payment_status: text({ enum: paymentStatuses }).notNull(),
    period_from: integer().notNull(),
    period_to: integer().notNull(),
    reason: text(),
    breakdown: json().notNull(),
    actor_id: text().notNull(),
    ...resourceColumns(),
    payer_member_id: text(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);
