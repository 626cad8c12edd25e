import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { flag, json, makerspaceId, resourceColumns } from "../../platform/db/columns.ts";
import { enforcements, skillLevels } from "../../platform/skills.ts";
import { certificationStatuses, endings, requestStatuses, skillStatuses } from "./model.ts";

export const skills = sqliteTable(
  "skills",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    name: text().notNull(),
    name_key: text().notNull(),
    category: text().notNull(),
    description: text(),
    status: text({ enum: skillStatuses }).notNull(),
    high_risk: flag().notNull(),
    validity_months: integer(),
    disuse_days: integer(),
    warning_days: integer().notNull(),
    metadata: json().notNull().default({}),
    external_id: text(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const skillPrerequisites = sqliteTable(
  "skill_prerequisites",
  { makerspace_id: makerspaceId(), skill_id: text().notNull(), prerequisite_id: text().notNull() },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.skill_id, table.prerequisite_id] })],
);

export const skillTrainers = sqliteTable(
  "skill_trainers",
  { makerspace_id: makerspaceId(), skill_id: text().notNull(), member_id: text().notNull() },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.skill_id, table.member_id] })],
);

export const certifications = sqliteTable(
  "certifications",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    skill_id: text().notNull(),
    member_id: text().notNull(),
    level: text({ enum: skillLevels }).notNull(),
    status: text({ enum: certificationStatuses }).notNull(),
    certified_at: integer().notNull(),
    certified_by: text().notNull(),
    cosigned_at: integer(),
    cosigned_by: text(),
    expires_at: integer(),
    last_used_at: integer(),
    due_at: integer(),
    warned_of: integer(),
    ended_at: integer(),
    ended_by: text(),
    ended_because: text({ enum: endings }),
    reason: text(),
    quiz_score: integer(),
    evidence: text(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const skillRequests = sqliteTable(
  "skill_requests",
  {
    makerspace_id: makerspaceId(),
    id: text().notNull(),
    skill_id: text().notNull(),
    member_id: text().notNull(),
    status: text({ enum: requestStatuses }).notNull(),
    message: text(),
    decided_by: text(),
    decided_at: integer(),
    note: text(),
    certification_id: text(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.id] })],
);

export const skillRequirements = sqliteTable(
  "skill_requirements",
  {
    makerspace_id: makerspaceId(),
    equipment_id: text().notNull(),
    enforcement: text({ enum: enforcements }).notNull(),
    grace_days: integer().notNull(),
    groups: json().notNull(),
    ...resourceColumns(),
  },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.equipment_id] })],
);

export const skillRequirementSkills = sqliteTable(
  "skill_requirement_skills",
  { makerspace_id: makerspaceId(), equipment_id: text().notNull(), skill_id: text().notNull() },
  (table) => [primaryKey({ columns: [table.makerspace_id, table.equipment_id, table.skill_id] })],
);
