/** The audit without anybody asking: sealed each minute, its heads put aside each night, long verifications as jobs. */

import { messageTo, messageToAll } from "../broadcast.ts";
import type { CronTask } from "../cron.ts";
import { everyShard } from "../db/driver.ts";
import { auditUnsealed } from "../db/tables.ts";
import { log } from "../log.ts";
import type { JobContext } from "../ops/jobs.ts";
import { type Consumers, sendEvents } from "../queue.ts";
import { anchorHead } from "./anchors.ts";
import { sealAudit } from "./seal.ts";
import { type Verification, verifyAudit } from "./verify.ts";

const MAKERSPACES_PER_MINUTE = 1_000;

/** One message per makerspace with entries to seal. Each minute looks again, so a message that got lost delays, and loses nothing. */
export const sealEachMinute: CronTask = {
  name: "seal_audit",
  schedule: "minute",
  async run(now) {
    const due = await Promise.all(
      everyShard().map((shard) =>
        shard.select({ makerspace_id: auditUnsealed.makerspace_id }).from(auditUnsealed).limit(MAKERSPACES_PER_MINUTE),
      ),
    );
    const messages = due.flat().map(({ makerspace_id }) => messageTo(makerspace_id, "audit.seal_due", now));
    await sendEvents(messages);
    return messages.length;
  },
};

/** Each night the head of every chain goes to the bucket. */
export const anchorNightly: CronTask = {
  name: "anchor_audit",
  schedule: "night",
  run: (now) => messageToAll("audit.anchor_due", now),
};

export const auditConsumers: Consumers<"audit.seal_due" | "audit.anchor_due"> = {
  "audit.seal_due": [
    {
      name: "seal_audit",
      async handle(_, { store, now }) {
        await sealAudit(store, now);
        return [];
      },
    },
  ],
  "audit.anchor_due": [
    {
      name: "anchor_audit",
      async handle(_, { store, now }) {
        await sealAudit(store, now);
        await anchorHead(store, now);
        return [];
      },
    },
  ],
};

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
