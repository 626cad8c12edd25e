import { z } from "@hono/zod-openapi";
import { Id, Instant, InstantInput, pageOf, pageQuery } from "../contract.ts";
import { type BreakKind, breaks } from "./verify.ts";

const entryFields = {
  id: z.string().openapi({ description: "The number of the entry, as text", example: "42" }),
  seq: z.int().openapi({ description: "Numbers of a makerspace follow each other without a gap." }),
  occurred_at: Instant,
  recorded_at: Instant.openapi({ description: "When the entry was written; a machine's decision may have waited." }),
  action: z.string().openapi({ example: "member.suspended" }),
  subject: z.strictObject({ type: z.string(), id: Id }),
  actor: z
    .strictObject({ kind: z.enum(["member", "tablet", "system", "platform", "service"]), id: Id.nullable() })
    .openapi({ description: "Who did it; the id is null for readers who see only what concerns themselves." }),
  request_id: z.string(),
};

export const AuditEntry = z.strictObject(entryFields).openapi("AuditEntry");
export const AuditEntryPage = pageOf(AuditEntry).openapi("AuditEntryPage");

export const AuditEntryInFull = z
  .strictObject({
    ...entryFields,
    details: z
      .strictObject({ before: z.unknown(), after: z.unknown() })
      .nullable()
      .openapi({ description: "For `audit.read` alone; null when there are none, or none any more." }),
    erased: z.strictObject({ erased_at: Instant, ground: z.string(), by_seq: z.int() }).nullable(),
    seal: z
      .strictObject({ digest: z.string(), prev_hash: z.string(), hash: z.string(), sealed_at: Instant })
      .nullable()
      .openapi({ description: "Its link in the chain; null for about a minute." }),
  })
  .openapi("AuditEntryInFull");

const range = {
  occurred_from: InstantInput.optional().openapi({ description: "Inclusive" }),
  occurred_to: InstantInput.optional().openapi({ description: "Exclusive" }),
};

export const AuditQuery = z
  .strictObject({
    ...pageQuery,
    actor_id: z.string().max(80).optional().openapi({ description: "What somebody did; `me` for oneself." }),
    action: z.string().max(80).optional(),
    subject_type: z.string().max(40).optional().openapi({ description: "With `subject_id`." }),
    subject_id: z.string().max(80).optional().openapi({ description: "With `subject_type`; `me` for a member." }),
    ...range,
    sort: z.enum(["-occurred_at", "occurred_at"]).default("-occurred_at"),
  })
  .refine((query) => (query.subject_type === undefined) === (query.subject_id === undefined), {
    message: "subject_type and subject_id go together",
    path: ["subject_id"],
  })
  .refine((query) => [query.actor_id, query.action, query.subject_id].filter((each) => each !== undefined).length < 2, {
    message: "only one of actor_id, action and subject at a time",
    path: ["action"],
  });

export const VerifyQuery = z.strictObject({
  from_seq: z.coerce.number().int().min(1).default(1),
  limit: z.coerce.number().int().min(1).max(5_000).default(2_000),
});

const kinds = Object.keys(breaks) as [BreakKind, ...BreakKind[]];

const Broken = z.strictObject({ kind: z.enum(kinds), seq: z.int(), detail: z.string() });

export const AuditVerification = z
  .strictObject({
    status: z.enum(["intact", "broken"]),
    from_seq: z.int(),
    checked: z.int().openapi({ description: "Links looked at" }),
    erased: z.int().openapi({ description: "Of these, how many whose details were erased; they count as intact." }),
    sealed_through: z.int().openapi({ description: "The newest entry in the chain; 0 when there is none" }),
    head_hash: z.string().nullable(),
    unsealed: z.strictObject({ entries: z.int(), since: Instant.nullable() }),
    anchor: z
      .strictObject({ date: z.string(), seq: z.int(), hash: z.string() })
      .nullable()
      .openapi({ description: "The newest head that was put aside, out of the database's reach" }),
    broken: Broken.nullable().openapi({ description: "The first broken link" }),
    next_from_seq: z.int().nullable().openapi({ description: "Go on from here; null when nothing is left." }),
    last_pass: z
      .strictObject({
        status: z.enum(["running", "intact", "broken"]),
        started_at: Instant,
        finished_at: Instant.nullable().openapi({ description: "Null: a long chain takes several nights." }),
        verified_through: z.int(),
        broken: Broken.nullable(),
      })
      .nullable()
      .openapi({ description: "What the nights have verified, from the first link on; null before the first night" }),
  })
  .openapi("AuditVerification");

export const AuditExportInput = z
  .strictObject({
    format: z.enum(["csv", "ndjson"]),
    ...range,
    details: z.boolean().default(false).openapi({
      description: "Before and after of each entry too, with the salt that one needs to recompute the chain",
    }),
  })
  .openapi("AuditExportInput");
