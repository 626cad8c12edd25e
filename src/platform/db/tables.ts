/** Tables of the platform itself. `directory` tables live in DIRECTORY, the others in the makerspace's database. No statement joins the two. */

import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { flag, json, makerspaceId, resourceColumns } from "./columns.ts";

export const makerspaces = sqliteTable("makerspaces", {
  id: text().primaryKey(),
  slug: text().notNull(),
  shard: text().notNull(),
  location_hint: text(),
  created_at: integer().notNull(),
  created_by: text().notNull(),
});

export const principals = sqliteTable("principals", {
  user_id: text().primaryKey(),
  issuer: text().notNull(),
  subject: text().notNull(),
  email: text(),
  name: text(),
  created_at: integer().notNull(),
  updated_at: integer().notNull(),
});

export const membershipIndex = sqliteTable(
  "membership_index",
  { user_id: text().notNull(), makerspace_id: makerspaceId(), member_id: text().notNull() },
  (table) => [primaryKey({ columns: [table.user_id, table.makerspace_id] })],
);

export const denylist = sqliteTable(
  "denylist",
  {
    kind: text({ enum: ["jti", "sid", "sub"] }).notNull(),
    value: text().notNull(),
    not_before: integer().notNull(),
    expires_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.kind, table.value] })],
);

export const logoutTokens = sqliteTable(
  "logout_tokens",
  { issuer: text().notNull(), jti: text().notNull(), expires_at: integer().notNull() },
  (table) => [primaryKey({ columns: [table.issuer, table.jti] })],
);

export const liveVisits = sqliteTable(
  "live_visits",
  {
    user_id: text().notNull(),
    makerspace_id: makerspaceId(),
    sid: text().notNull(),
    viewer_id: text().notNull(),
    expires_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.user_id, table.makerspace_id, table.sid] })],
);

export const apiTokenIndex = sqliteTable("api_token_index", {
  digest: text().primaryKey(),
  makerspace_id: makerspaceId(),
  token_id: text().notNull(),
  expires_at: integer().notNull(),
});

export const pairingCodes = sqliteTable("pairing_codes", {
  digest: text().primaryKey(),
  makerspace_id: makerspaceId(),
  tablet_id: text().notNull(),
  expires_at: integer().notNull(),
});

export const platformIdempotencyKeys = sqliteTable(
  "platform_idempotency_keys",
  {
    scope: text().notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    status: integer().notNull(),
    body: json().notNull(),
    expires_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.key] })],
);

export const devIssuerKeys = sqliteTable("dev_issuer_keys", {
  kid: text().primaryKey(),
  private_jwk: json().notNull(),
  public_jwk: json().notNull(),
  signs_from: integer().notNull(),
  retires_at: integer().notNull(),
});

export const expiringFiles = sqliteTable("expiring_files", {
  key: text().primaryKey(),
  expires_at: integer().notNull(),
});

export const fileLinks = sqliteTable("file_links", {
  digest: text().primaryKey(),
  key: text().notNull(),
  filename: text().notNull(),
  created_at: integer().notNull(),
  expires_at: integer().notNull(),
});

export const inviteTokens = sqliteTable("invite_tokens", {
  digest: text().primaryKey(),
  makerspace_id: makerspaceId(),
  invite_id: text().notNull(),
  expires_at: integer().notNull(),
});

export const devMail = sqliteTable("dev_mail", {
  id: text().primaryKey(),
  to_address: text().notNull(),
  subject: text().notNull(),
  text: text().notNull(),
  html: text().notNull(),
  created_at: integer().notNull(),
});

/** Tables of DIRECTORY; everything else is a space table and must bind its makerspace. */
export const directoryTables = {
  makerspaces,
  principals,
  membershipIndex,
  denylist,
  logoutTokens,
  liveVisits,
  apiTokenIndex,
  pairingCodes,
  platformIdempotencyKeys,
  devIssuerKeys,
  devMail,
  inviteTokens,
  expiringFiles,
  fileLinks,
};

/** Files that no row refers to. */
export const looseFiles = sqliteTable(
  "loose_files",
  {
    makerspace_id: makerspaceId(),
    kind: text().notNull(),
    id: text().notNull(),
    noted_at: integer().notNull(),
    doomed: flag().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.kind, table.id] })],
);

/** What happened: facts that never change, without personal data. */
export const auditLog = sqliteTable(
  "audit_log",
  {
    makerspace_id: makerspaceId(),
    seq: integer().notNull(),
    commit_id: text().notNull(),
    occurred_at: integer().notNull(),
    recorded_at: integer().notNull(),
    actor_kind: text({ enum: ["member", "tablet", "system", "platform", "service"] }).notNull(),
    actor_id: text().notNull(),
    action: text().notNull(),
    subject_type: text().notNull(),
    subject_id: text().notNull(),
    request_id: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.seq] })],
);

/** Before and after of an entry; the one part that may be erased. */
export const auditDetails = sqliteTable(
  "audit_details",
  {
    makerspace_id: makerspaceId(),
    seq: integer().notNull(),
    salt: text().notNull(),
    before: json(),
    after: json(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.seq] })],
);

export const auditErasures = sqliteTable(
  "audit_erasures",
  {
    makerspace_id: makerspaceId(),
    seq: integer().notNull(),
    by_seq: integer().notNull(),
    ground: text().notNull(),
    erased_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.seq] })],
);

export const auditChain = sqliteTable(
  "audit_chain",
  {
    makerspace_id: makerspaceId(),
    seq: integer().notNull(),
    digest: text().notNull(),
    prev_hash: text().notNull(),
    hash: text().notNull(),
    sealed_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.seq] })],
);

/** Makerspaces whose newest entries the sealer has not seen; a trigger fills it. */
export const auditUnsealed = sqliteTable("audit_unsealed", {
  makerspace_id: text().primaryKey(),
  seq: integer().notNull(),
});

export const outbox = sqliteTable(
  "outbox",
  {
    makerspace_id: makerspaceId(),
    event_id: text().notNull(),
    envelope: json().notNull(),
    created_at: integer().notNull(),
    sent_at: integer(),
    attempts: integer().notNull().default(0),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.event_id] })],
);

export const processedEvents = sqliteTable(
  "processed_events",
  {
    makerspace_id: makerspaceId(),
    event_id: text().notNull(),
    handler: text().notNull(),
    processed_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.event_id, table.handler] })],
);

export const deadLetters = sqliteTable(
  "dead_letters",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    envelope: json().notNull(),
    status: text({ enum: ["parked", "replayed"] }).notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const idempotencyKeys = sqliteTable(
  "idempotency_keys",
  {
    makerspace_id: makerspaceId(),
    scope: text().notNull(),
    key: text().notNull(),
    fingerprint: text().notNull(),
    status: integer().notNull(),
    body: json().notNull(),
    expires_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.scope, table.key] })],
);

/** The settings of a makerspace that differ from the defaults; platform/settings knows their shape. */
export const settingsSections = sqliteTable(
  "settings_sections",
  {
    makerspace_id: makerspaceId(),
    section: text().notNull(),
    data: json().notNull(),
    version: integer().notNull(),
    updated_at: integer().notNull(),
    updated_by: text().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.section] })],
);

/** What is sealed at rest: keys of other services, secrets of webhooks. src/platform/secrets.ts is its only reader. */
export const sealedSecrets = sqliteTable(
  "sealed_secrets",
  {
    makerspace_id: makerspaceId(),
    place: text().notNull(),
    name: text().notNull(),
    key_id: text().notNull(),
    sealed: text().notNull(),
    hint: text(),
    updated_at: integer().notNull(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.place, table.name] })],
);

export const jobStatuses = ["queued", "running", "succeeded", "failed", "cancelled"] as const;

export const jobs = sqliteTable(
  "jobs",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    kind: text().notNull(),
    status: text({ enum: jobStatuses }).notNull(),
    input: json().notNull(),
    done: integer().notNull().default(0),
    total: integer(),
    result: json(),
    problem: json(),
    created_by: text().notNull(),
    file: json(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const deliveryStatuses = ["queued", "sending", "sent", "failed", "dropped"] as const;

/** What the nights' verifications of the audit found; see audit/nightly.ts. */
export const auditVerifications = sqliteTable("audit_verifications", {
  makerspace_id: makerspaceId().primaryKey(),
  started_at: integer().notNull(),
  finished_at: integer(),
  next_from_seq: integer(),
  verified_through: integer().notNull(),
  night: integer().notNull(),
  night_checked: integer().notNull(),
  broken_kind: text(),
  broken_seq: integer(),
});

export const mailDeliveries = sqliteTable(
  "mail_deliveries",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    cause: text().notNull(),
    template: text().notNull(),
    recipient: text().notNull(),
    subject_type: text().notNull(),
    subject_id: text().notNull(),
    data: json().notNull(),
    status: text({ enum: deliveryStatuses }).notNull(),
    attempts: integer().notNull().default(0),
    next_attempt_at: integer().notNull(),
    reason: text(),
    sent_at: integer(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);
