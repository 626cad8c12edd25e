/** Each chain verified by night, stretch by stretch, from its first link to its end. Staff are told of a broken link. */

import { sql } from "drizzle-orm";
import { write } from "../db/commit.ts";
import type { SpaceStore } from "../db/store.ts";
import { auditVerifications } from "../db/tables.ts";
import { log } from "../log.ts";
import { type Round, type RoundDone, rounds } from "../ops/rounds.ts";
import { Problem } from "../problem.ts";
import { systemSpace } from "../system-space.ts";
import { type BreakKind, type Finding, verifyAudit } from "./verify.ts";

export type NightRow = typeof auditVerifications.$inferSelect;

/** Links per message, and per night and makerspace: a longer chain goes on the next night. */
const STEP = 2_000;
const PER_NIGHT = 100_000;

/** The last pass over the chain; null before the first night. */
export async function lastPass(store: SpaceStore): Promise<NightRow | null> {
  const [row] = await store.db.select().from(auditVerifications).where(store.in(auditVerifications));
  return row ?? null;
}

/** What was found, as it is kept. */
export const foundBy = ({ broken_kind, broken_seq }: NightRow): Finding | null =>
  broken_kind === null || broken_seq === null ? null : { kind: broken_kind as BreakKind, seq: broken_seq };

const isSame = (a: Finding | null, b: Finding | null): boolean => a?.kind === b?.kind && a?.seq === b?.seq;

const keep = ({ db }: SpaceStore, { makerspace_id, ...row }: NightRow, onlyNew = false) =>
  db
    .insert(auditVerifications)
    .values({ makerspace_id, ...row })
    .onConflictDoUpdate({
      target: auditVerifications.makerspace_id,
      set: row,
      ...(onlyNew && {
        setWhere: sql`(${auditVerifications.broken_kind}, ${auditVerifications.broken_seq}) IS NOT (${row.broken_kind}, ${row.broken_seq})`,
      }),
    });

/** Writes the finding down and tells staff of it, once: of two that found it, one does. */
async function tell(round: Round, row: NightRow, broken: Finding): Promise<void> {
  const { store, request_id, now } = round;
  const space = systemSpace(store, null, { actor_id: "audit", request_id, now });
  try {
    await space.commit(
      {
        action: "audit.broken",
        // No details: where somebody took entries away, theirs may still lie under the number that this entry gets.
        subject: { type: "audit", id: `${broken.kind}.${broken.seq}`, version: 0 },
        events: [{ type: "audit.broken", data: { ...broken } }],
      },
      write(keep(store, row, true), { expect: "conflict" }),
    );
  } catch (error) {
    if (!(error instanceof Problem && error.code === "conflict")) throw error;
  }
}

/** The next stretch. What a message finds out is kept with its mark, so that one which comes twice counts once. */
async function verifyOn(round: Round): Promise<RoundDone> {
  const { store, now, looked_at: night } = round;
  const before = await lastPass(store);
  const isTonight = before?.night === night;
  // Somebody has brought this night's pass to its end, or a later night is at work.
  if (before && (before.night > night || (isTonight && before.next_from_seq === null))) return {};
  const from = before?.next_from_seq ?? 1;
  const found = await verifyAudit(store, { from, limit: STEP, now });
  const { broken, next_from_seq } = found;
  const night_checked = (isTonight ? before.night_checked : 0) + found.checked;
  const row: NightRow = store.row({
    started_at: from === 1 || !before ? now : before.started_at,
    finished_at: next_from_seq === null ? now : null,
    next_from_seq,
    verified_through: broken ? Math.max(0, broken.seq - 1) : from + found.checked - 1,
    night,
    night_checked,
    broken_kind: broken?.kind ?? null,
    broken_seq: broken?.seq ?? null,
  });
  if (!broken) return { writes: [keep(store, row)], more: next_from_seq !== null && night_checked < PER_NIGHT };
  log.error("audit_broken", { makerspace_id: store.makerspace_id, kind: broken.kind, seq: broken.seq });
  if (before && isSame(foundBy(before), broken)) return { writes: [keep(store, row)] };
  await tell(round, row, broken);
  return {};
}

export const verifyRounds = rounds({
  name: "verify_audit",
  schedule: "night",
  type: "audit.verify_due",
  waiting: "everywhere",
  work: verifyOn,
});
