/** Reading the audit. */

import type { z } from "@hono/zod-openapi";
import { and, asc, desc, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import { leads } from "../db/fan-out.ts";
import { type Cursor, type Page, readCursor, toPage } from "../db/page.ts";
import { auditChain, auditDetails, auditErasures, auditLog } from "../db/tables.ts";
import { startJob } from "../ops/jobs.ts";
import { problem } from "../problem.ts";
import type { Space } from "../space.ts";
import { toIso, toIsoOrNull } from "../time.ts";
import type {
  AuditEntry,
  AuditEntryInFull,
  AuditExportInput,
  AuditQuery,
  AuditVerification,
  VerifyQuery,
} from "./contract.ts";
import { foundBy, lastPass, type NightRow } from "./nightly.ts";
import { breaks, type Finding, verifyAudit } from "./verify.ts";
import { viewDetails, viewEntry } from "./view.ts";

type Query = z.output<typeof AuditQuery>;

const isAuditor = (space: Space): boolean => space.scope("audit.read") === "any";

/** `me` is the reader; others than auditors may ask for nothing else. */
function whose(space: Space, query: Query): Query {
  const mine = (id: string | undefined): string | undefined => (id === "me" ? space.actor.id : id);
  const asked = { ...query, actor_id: mine(query.actor_id), subject_id: mine(query.subject_id) };
  if (isAuditor(space)) return asked;
  const me = space.actor.id;
  const { actor_id, action, subject_type, subject_id } = asked;
  if (actor_id === undefined && action === undefined && subject_id === undefined)
    return { ...asked, subject_type: "member", subject_id: me };
  const isOwn = actor_id === me || (subject_type === "member" && subject_id === me);
  if (!isOwn) throw problem("forbidden", { detail: "Members see what they did and what happened to them." });
  return asked;
}

/** The one filter that leads an index. */
function filterOf({ actor_id, action, subject_type, subject_id }: Query): SQL | undefined {
  if (actor_id !== undefined) return leads(auditLog.actor_id, actor_id);
  if (action !== undefined) return leads(auditLog.action, action);
  if (subject_type === undefined || subject_id === undefined) return undefined;
  return and(eq(auditLog.subject_type, subject_type), leads(auditLog.subject_id, subject_id));
}

/** A page that continues seeks by its cursor alone: the bound that it is past already would begin at the range's edge. */
function rangeOf({ occurred_from, occurred_to, sort }: Query, after: Cursor | null): SQL | undefined {
  const isUp = sort === "occurred_at";
  const edge =
    after &&
    sql`(${auditLog.occurred_at}, ${auditLog.seq}) ${sql.raw(isUp ? ">" : "<")} (${Number(after.value)}, ${Number(after.id)})`;
  return and(
    occurred_from === undefined || (after && isUp) ? undefined : gte(auditLog.occurred_at, occurred_from),
    occurred_to === undefined || (after && !isUp) ? undefined : lt(auditLog.occurred_at, occurred_to),
    edge ?? undefined,
  );
}

/**
 * Entries in the order in which they happened. Who may see only their own sees what happened to themselves, or what they did.
 * @throws forbidden when a member asks for somebody else; invalid_cursor
 */
export async function listAuditEntries(space: Space, query: Query): Promise<Page<z.output<typeof AuditEntry>>> {
  const { limit, cursor, ...asked } = whose(space, query);
  const after = readCursor(cursor, ["audit", asked]);
  const direction = query.sort === "occurred_at" ? asc : desc;
  const rows = await space.db
    .select()
    .from(auditLog)
    .where(space.store.in(auditLog, filterOf({ ...asked, limit }), rangeOf({ ...asked, limit }, after)))
    .orderBy(direction(auditLog.occurred_at), direction(auditLog.seq))
    .limit(limit + 1);
  const key = (row: (typeof rows)[number]): Cursor => ({ value: row.occurred_at, id: String(row.seq) });
  return toPage(rows, limit, ["audit", asked], key, (row) => viewEntry(space, row));
}

/** One entry with its seal, and for auditors its details. @throws not_found */
export async function readAuditEntry(space: Space, id: string): Promise<z.output<typeof AuditEntryInFull>> {
  if (!/^[1-9]\d{0,14}$/.test(id)) throw problem("not_found");
  const seq = Number(id);
  const { db, store } = space;
  const [[entry], [details], [erasure], [link]] = await db.batch([
    db
      .select()
      .from(auditLog)
      .where(store.in(auditLog, eq(auditLog.seq, seq))),
    db
      .select()
      .from(auditDetails)
      .where(store.in(auditDetails, eq(auditDetails.seq, seq))),
    db
      .select()
      .from(auditErasures)
      .where(store.in(auditErasures, eq(auditErasures.seq, seq))),
    db
      .select()
      .from(auditChain)
      .where(store.in(auditChain, eq(auditChain.seq, seq))),
  ]);
  const me = space.actor.id;
  const isOwn = entry?.actor_id === me || (entry?.subject_type === "member" && entry.subject_id === me);
  if (!entry || !(isAuditor(space) || isOwn)) throw problem("not_found");
  return {
    ...viewEntry(space, entry),
    ...viewDetails({ details: isAuditor(space) ? details : undefined, erasure, link }),
  };
}

const viewFinding = (broken: Finding | null) => broken && { ...broken, detail: breaks[broken.kind] };

function viewPass(row: NightRow): z.output<typeof AuditVerification>["last_pass"] {
  const broken = foundBy(row);
  const whole = row.finished_at === null ? "running" : "intact";
  return {
    status: broken ? "broken" : whole,
    started_at: toIso(row.started_at),
    finished_at: toIsoOrNull(row.finished_at),
    verified_through: row.verified_through,
    broken: viewFinding(broken),
  };
}

/** Looks at a stretch of the chain, from `from_seq` on. */
export async function verifyStretch(
  space: Space,
  { from_seq, limit }: z.output<typeof VerifyQuery>,
): Promise<z.output<typeof AuditVerification>> {
  const [found, pass] = await Promise.all([
    verifyAudit(space.store, { from: from_seq, limit, now: Date.now() }),
    lastPass(space.store),
  ]);
  const { unsealed, broken } = found;
  return {
    ...found,
    status: broken ? "broken" : "intact",
    from_seq,
    unsealed: { entries: unsealed.entries, since: toIsoOrNull(unsealed.since) },
    broken: viewFinding(broken),
    last_pass: pass && viewPass(pass),
  };
}

/** Queues a look at the whole chain. */
export const startVerification = (space: Space) => startJob(space, "audit_verification", {});

/** Queues an export; the job's `result_url` opens the file for seven days. */
export const startExport = (space: Space, input: z.output<typeof AuditExportInput>) =>
  startJob(space, "audit_export", input);
