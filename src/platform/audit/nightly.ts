/** Each chain verified by night, stretch by stretch, from its first link to its end. Staff are told of each broken link, once. */

import { sql } from "drizzle-orm";
import { write } from "../db/commit.ts";
import type { SpaceStore } from "../db/store.ts";
import { auditVerifications } from "../db/tables.ts";
import { log } from "../log.ts";
import { type Round, type RoundDone, rounds } from "../ops/rounds.ts";
import { Problem } from "../problem.ts";
import { systemSpace } from "../system-space.ts";
import { type BreakKind, type Finding, type StretchFound, verifyStretch } from "./verify.ts";

export type NightRow = typeof auditVerifications.$inferSelect;

/** Links per message, and per night and makerspace: a longer chain goes on the next night. */
const STEP = 2_000;
const PER_NIGHT = 100_000;
/** Breaks of a stretch that staff are told of in a night: where a thousand links are broken, a few say so. */
const TOLD_PER_MESSAGE = 10;

/** The last pass over the chain; null before the first night. */
export async function lastPass(store: SpaceStore): Promise<NightRow | null> {
  const [row] = await store.db.select().from(auditVerifications).where(store.in(auditVerifications));
  return row ?? null;
}

/** What was found, as it is kept. */
export const foundBy = ({ broken_kind, broken_seq }: NightRow): Finding | null =>
  broken_kind === null || broken_seq === null ? null : { kind: broken_kind as BreakKind, seq: broken_seq };

const keep = ({ db }: SpaceStore, row: NightRow) =>
  db.insert(auditVerifications).values(row).onConflictDoUpdate({ target: auditVerifications.makerspace_id, set: row });

const subjectOf = ({ kind, seq }: Finding): string => `${kind}.${seq}`;

/** Those breaks that the audit does not say yet that staff were told of. */
async function untold({ db, makerspace_id }: SpaceStore, breaks: readonly Finding[]): Promise<Finding[]> {
  if (breaks.length === 0) return [];
  const told = await db.all<{ subject_id: string }>(sql`
    SELECT subject_id FROM audit_log WHERE makerspace_id = ${makerspace_id} AND subject_type = 'audit'
      AND action = 'audit.broken' AND subject_id IN (SELECT value FROM json_each(${JSON.stringify(breaks.map(subjectOf))}))`);
  const known = new Set(told.map(({ subject_id }) => subject_id));
  return breaks.filter((one) => !known.has(subjectOf(one)));
}

/** Tells staff of a break, once: of two that found it, one does. */
async function tell({ store, request_id, now }: Round, broken: Finding): Promise<void> {
  const space = systemSpace(store, null, { actor_id: "audit", request_id, now });
  const id = subjectOf(broken);
  // The entry leads its batch: it is the only one, or somebody was faster.
  const isFirst = sql`UPDATE audit_verifications SET night = night WHERE makerspace_id = ${space.id} AND 1 = (
    SELECT count(*) FROM audit_log WHERE makerspace_id = ${space.id} AND subject_type = 'audit'
      AND action = 'audit.broken' AND subject_id = ${id})`;
  try {
    await space.commit(
      {
        action: "audit.broken",
        // No details: where somebody took entries away, theirs may still lie under the number that this entry gets.
        subject: { type: "audit", id, version: 0 },
        events: [{ type: "audit.broken", data: { ...broken } }],
      },
      write(store.db.run(isFirst), { expect: "conflict" }),
    );
  } catch (error) {
    if (!(error instanceof Problem && error.code === "conflict")) throw error;
  }
}

/** The first break that is known: of this pass; or, until the pass has come past it, of the one before. */
function firstKnown(before: NightRow, { breaks, through, is_end }: StretchFound, from: number): Finding | null {
  const known = foundBy(before);
  const stands = known && ((from > 1 && known.seq < from) || (known.seq > through && !is_end)) ? [known] : [];
  return [...stands, ...breaks].sort((a, b) => a.seq - b.seq)[0] ?? null;
}

/** The row of a chain whose first night it is. */
async function begin(store: SpaceStore, { now, looked_at: night }: Round): Promise<NightRow> {
  const broken = { broken_kind: null, broken_seq: null };
  const none = { finished_at: null, next_from_seq: 1, verified_through: 0, night_checked: 0, ...broken };
  const row: NightRow = store.row({ started_at: now, night, ...none });
  await store.db.insert(auditVerifications).values(row).onConflictDoNothing();
  return row;
}

/** The next stretch. What a message finds out is kept with its mark, so that one which comes twice counts once. */
async function verifyOn(round: Round): Promise<RoundDone> {
  const { store, now, looked_at: night } = round;
  const before = (await lastPass(store)) ?? (await begin(store, round));
  const isTonight = before.night === night;
  // Somebody has brought this night's pass to its end, or a later night is at work.
  if (before.night > night || (isTonight && before.next_from_seq === null)) return {};
  const from = before.next_from_seq ?? 1;
  const found = await verifyStretch(store, { from, limit: STEP, now });
  const { verification, breaks, through, is_end } = found;
  const night_checked = (isTonight ? before.night_checked : 0) + verification.checked;
  const broken = firstKnown(before, found, from);
  const row: NightRow = store.row({
    started_at: from === 1 ? now : before.started_at,
    finished_at: is_end ? now : null,
    next_from_seq: is_end ? null : through + 1,
    verified_through: Math.max(0, Math.min(through, broken ? broken.seq - 1 : through)),
    night,
    night_checked,
    broken_kind: broken?.kind ?? null,
    broken_seq: broken?.seq ?? null,
  });
  const [first] = breaks;
  if (first) log.error("audit_broken", { makerspace_id: store.makerspace_id, ...first, breaks: breaks.length });
  for (const one of (await untold(store, breaks)).slice(0, TOLD_PER_MESSAGE)) await tell(round, one);
  return { writes: [keep(store, row)], more: !is_end && night_checked < PER_NIGHT };
}

export const verifyRounds = rounds({
  name: "verify_audit",
  schedule: "night",
  type: "audit.verify_due",
  waiting: "everywhere",
  work: verifyOn,
});
