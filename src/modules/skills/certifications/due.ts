/** What the clockwork does with certifications: it warns of their end, and writes it down. Running twice changes nothing. */

import { eq, sql } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { among } from "../../../platform/db/columns.ts";
import { write } from "../../../platform/db/commit.ts";
import { dueRounds, eachDue } from "../../../platform/ops/due.ts";
import type { Consumers } from "../../../platform/queue.ts";
import type { Space } from "../../../platform/space.ts";
import { dueStep } from "../model.ts";
import { certifications } from "../tables.ts";
import { certificationEvent, unchanged } from "./certify.ts";
import { certificationColumns } from "./reads.ts";
import { takeStep } from "./service.ts";
import type { CertificationRow } from "./view.ts";

type DueRow = CertificationRow & { warning_days: number };

const readRows = ({ db, store }: Space, ids: readonly string[]): Promise<DueRow[]> =>
  db
    .select({
      ...certificationColumns,
      warning_days: sql<number>`(
        SELECT s.warning_days FROM skills s WHERE s.makerspace_id = certifications.makerspace_id AND s.id = certifications.skill_id)`.as(
        "warning_days",
      ),
    })
    .from(certifications)
    .where(store.in(certifications, among(certifications.id, ids)))
    .orderBy(certifications.due_at, certifications.id);

/** Looks again later; nobody needs to know. */
async function lookAt(space: Space, row: CertificationRow, due_at: number | null): Promise<void> {
  await space.db.update(certifications).set({ due_at }).where(unchanged(space, row));
}

async function warn(space: Space, row: DueRow, of: number, next: number): Promise<void> {
  const { warning_days: _, ...certification } = row;
  const version = row.version + 1;
  const after = { ...certification, version, expires_at: of };
  await space.commit(
    {
      action: "certification.expiring",
      subject: { type: "certification", id: row.id, version },
      after: { skill_id: row.skill_id, member_id: row.member_id, ends_at: of },
      events: [certificationEvent("expiring", after)],
    },
    write(
      space.db
        .update(certifications)
        .set({ warned_of: of, due_at: next, updated_at: space.now, version })
        .where(unchanged(space, row)),
      { expect: "conflict" },
    ),
  );
}

/** One certification whose time has come; another use of a machine may have moved its end. */
async function handleDue(space: Space, row: DueRow): Promise<void> {
  const due = row.status === "certified" ? dueStep(row, row.warning_days, row.warned_of, space.now) : null;
  if (due?.step === "warn") return warn(space, row, due.of, due.next);
  if (due?.step !== "expire") {
    return lookAt(space, row, due?.next ?? null);
  }
  const { warning_days: _, ...certification } = row;
  await takeStep(space, certification, {
    step: "expire",
    action: "certification.expired",
    event: "expired",
    set: { ended_at: due.at, ended_by: space.actor.id, ended_because: due.because, due_at: null },
  });
}

export const certificationRounds = (source: SettingsSource) =>
  dueRounds("certifications.due", certifications, source, (space) =>
    eachDue(space, {
      table: certifications,
      per_message: 100,
      read: (ids) => readRows(space, ids),
      handle: (row) => handleDue(space, row),
    }),
  );

/** The use of a machine keeps the skills that it asks for from being unlearnt. */
export const useConsumers: Consumers<"session.started" | "session.ended"> = {
  "session.started": [noteUse("note_use_started")],
  "session.ended": [noteUse("note_use_ended")],
};

function noteUse(name: string): Consumers["session.started"][number] {
  return {
    name,
    async handle({ data, occurred_at }, { store }) {
      const { member_id, equipment_id } = data;
      if (typeof member_id !== "string" || typeof equipment_id !== "string") return [];
      const isAsked = sql`${certifications.skill_id} IN (
        SELECT l.skill_id FROM skill_requirement_skills l
        WHERE l.makerspace_id = ${store.makerspace_id} AND l.equipment_id = ${equipment_id})`;
      return [
        store.db
          .update(certifications)
          .set({ last_used_at: sql`max(coalesce(${certifications.last_used_at}, 0), ${occurred_at})` })
          .where(
            store.in(
              certifications,
              eq(certifications.member_id, member_id),
              eq(certifications.status, "certified"),
              isAsked,
            ),
          ),
      ];
    },
  };
}
