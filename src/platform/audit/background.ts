/** The audit without anybody asking: sealed each minute, its heads put aside each night, long verifications as jobs. */

import { auditUnsealed } from "../db/tables.ts";
import { log } from "../log.ts";
import type { JobContext } from "../ops/jobs.ts";
import { rounds } from "../ops/rounds.ts";
import { anchorHead } from "./anchors.ts";
import { sealAudit } from "./seal.ts";
import { type Verification, verifyAudit } from "./verify.ts";

/** Each minute: makerspaces with entries to seal. */
export const sealRounds = rounds({
  name: "seal_audit",
  schedule: "minute",
  type: "audit.seal_due",
  waiting: (db, _, limit) => db.select({ makerspace_id: auditUnsealed.makerspace_id }).from(auditUnsealed).limit(limit),
  async work({ store, now }) {
    await sealAudit(store, now);
    return {};
  },
});

/** Each night the head of every chain goes to the bucket. */
export const anchorRounds = rounds({
  name: "anchor_audit",
  schedule: "night",
  type: "audit.anchor_due",
  waiting: "everywhere",
  async work({ store, now }) {
    await sealAudit(store, now);
    await anchorHead(store, now);
    return {};
  },
});

/** Links per trip. */
const STEP = 2_000;

/** The job behind POST space/audit/verifications: the whole chain, stretch by stretch. */
export async function verifyAuditJob({ store, makerspace_id, now, progress }: JobContext) {
  let [checked, erased, sealed_through] = [0, 0, 0];
  let broken: Verification["broken"] = null;
  for (let from: number | null = 1; from !== null; ) {
    const found: Verification = await verifyAudit(store, { from, limit: STEP, now: Date.now() });
    checked += found.checked;
    erased += found.erased;
    ({ sealed_through, broken, next_from_seq: from } = found);
    if (!(await progress(checked, Math.max(checked, sealed_through)))) break;
  }
  if (broken) log.error("audit_broken", { makerspace_id, kind: broken.kind, seq: broken.seq, since: now });
  const verdict = broken ? { broken_kind: broken.kind, broken_seq: broken.seq } : {};
  return { status: broken ? "broken" : "intact", checked, erased, sealed_through, ...verdict };
}
