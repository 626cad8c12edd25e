/** Certifying somebody: the writes, which a request that is approved takes into its own commit. */

import type { z } from "@hono/zod-openapi";
import { eq, inArray, ne, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { EventDraft } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { findMember } from "../../members/index.ts";
import { type CertificationStatus, endOfValidity, firstLook, statusesBefore } from "../model.ts";
import type { SkillRow } from "../skills/view.ts";
import { certifications } from "../tables.ts";
import type { CertificationInput } from "./contract.ts";
import { refuseStranger } from "./reads.ts";
import type { CertificationRow } from "./view.ts";

/** What a certifier says of somebody. */
export type Certifying = z.output<typeof CertificationInput>;

/** A certification about to be written. */
export interface Certified {
  row: CertificationRow;
  writes: Write[];
  events: EventDraft[];
}

/** What the world is told of a certification. */
export const certificationEvent = (
  type: "awaiting_cosign" | "certified" | "expiring" | "expired" | "revoked",
  {
    id,
    skill_id,
    member_id,
    level,
    expires_at,
    version,
  }: Pick<CertificationRow, "id" | "skill_id" | "member_id" | "level" | "expires_at" | "version">,
): EventDraft => ({
  type: `certification.${type}`,
  data: { skill_id, member_id, level, expires_at },
  subject: { type: "certification", id, version },
});

/** Ends what another certification takes the place of. */
export const supersede = (
  { db, store, now, actor }: Space,
  { id, member_id, skill_id }: Pick<CertificationRow, "id" | "member_id" | "skill_id">,
  from: readonly CertificationStatus[],
): Write =>
  write(
    db
      .update(certifications)
      .set({
        status: "superseded",
        ended_at: sql`coalesce(${certifications.ended_at}, ${now})`,
        ended_by: actor.id,
        ended_because: "superseded",
        due_at: null,
        updated_at: now,
        version: sql`${certifications.version} + 1`,
      })
      .where(
        store.in(
          certifications,
          eq(certifications.member_id, member_id),
          eq(certifications.skill_id, skill_id),
          inArray(certifications.status, [...from]),
          ne(certifications.id, id),
        ),
      ),
  );

/** Skills that come first and that the member is not certified for now, as SQL over `p`. */
const missingPrerequisites = ({ id, now }: Space, skill_id: string, member_id: string) => sql`
  FROM skill_prerequisites p JOIN skills s ON s.makerspace_id = p.makerspace_id AND s.id = p.prerequisite_id
  WHERE p.makerspace_id = ${id} AND p.skill_id = ${skill_id} AND NOT EXISTS (
    SELECT 1 FROM certifications c WHERE c.makerspace_id = ${id} AND c.member_id = ${member_id} AND c.skill_id = p.prerequisite_id
      AND c.status = 'certified' AND (c.expires_at IS NULL OR c.expires_at > ${now}))`;

/** The problem that names each skill that has to come first; null when none is missing. */
export async function prerequisiteProblem(space: Space, skill_id: string, member_id: string): Promise<Problem | null> {
  const missing = await space.db.all<{ id: string; name: string }>(
    sql`SELECT s.id, s.name ${missingPrerequisites(space, skill_id, member_id)} ORDER BY s.name_key`,
  );
  if (missing.length === 0) return null;
  const reasons = missing.map(({ id, name }) => ({
    code: "prerequisite_missing",
    detail: `"${name}" has to come first.`,
    fix: "Be certified for it.",
    limit: { skill_id: id },
  }));
  return problem("prerequisite_missing", { reasons });
}

/** The row is written only while the skill is in use, the member there, and what comes first is held. */
function insert(space: Space, row: CertificationRow): Write {
  const { disuse_days: _, ...columns } = row;
  const names = Object.keys(columns) as (keyof typeof columns)[];
  const statement = space.db.run(sql`
    INSERT INTO certifications (${sql.raw(names.join(", "))})
    SELECT ${sql.join(
      names.map((name) => sql`${columns[name]}`),
      sql`, `,
    )}
    WHERE EXISTS (SELECT 1 FROM skills s WHERE s.makerspace_id = ${space.id} AND s.id = ${row.skill_id} AND s.status = 'active')
      AND EXISTS (SELECT 1 FROM members m WHERE m.makerspace_id = ${space.id} AND m.id = ${row.member_id} AND m.status <> 'left')
      AND NOT EXISTS (SELECT 1 ${missingPrerequisites(space, row.skill_id, row.member_id)})`);
  return write(statement, { expect: "prerequisite_missing" });
}

/** @throws unknown_reference for somebody who is no member; self_certification; forbidden for others than the skill's trainers */
async function refuseWrongPeople(space: Space, skill: SkillRow, member_id: string): Promise<void> {
  refuseStranger(space, skill);
  if (member_id === space.actor.id) throw problem("self_certification");
  const member = await findMember(space.store, member_id);
  if (member && member.status !== "left") return;
  throw problem("unknown_reference", {
    errors: [{ pointer: "/member_id", code: "unknown", detail: "names no member" }],
  });
}

/**
 * Prepares a certification. It counts at once, or when a second person has signed it; what it replaces counts until then.
 * @throws unknown_reference, self_certification, forbidden, illegal_transition for an archived skill, prerequisite_missing, invalid_body
 */
export async function prepareCertification(space: Space, skill: SkillRow, input: Certifying): Promise<Certified> {
  const { member_id, level = "beginner", quiz_score = null, evidence = null } = input;
  if (skill.status === "archived") throw problem("illegal_transition", { current_status: "archived" });
  await refuseWrongPeople(space, skill, member_id);
  const { now, settings, actor } = space;
  const months = skill.validity_months;
  const byRule = months === null ? null : endOfValidity(now, months, settings.timezone);
  const expires_at = input.expires_at === undefined ? byRule : input.expires_at;
  if (expires_at !== null && expires_at <= now) {
    throw problem("invalid_body", { errors: [{ pointer: "/expires_at", code: "in_the_past", detail: "has passed" }] });
  }
  const missing = await prerequisiteProblem(space, skill.id, member_id);
  if (missing) throw missing;
  const status = skill.high_risk ? "awaiting_cosign" : "certified";
  const row: CertificationRow = space.store.row({
    id: newId(),
    skill_id: skill.id,
    member_id,
    level,
    status,
    certified_at: now,
    certified_by: actor.id,
    cosigned_at: null,
    cosigned_by: null,
    expires_at,
    last_used_at: null,
    due_at: null,
    warned_of: null,
    ended_at: null,
    ended_by: null,
    ended_because: null,
    reason: null,
    quiz_score,
    evidence,
    version: 1,
    created_at: now,
    updated_at: now,
    disuse_days: skill.disuse_days,
  } as const);
  if (status === "certified") row.due_at = firstLook(row, skill.warning_days, now);
  const replaced = status === "certified" ? statusesBefore("supersede") : (["awaiting_cosign"] as const);
  return {
    row,
    writes: [supersede(space, row, replaced), insert(space, row)],
    events: [certificationEvent(status, row)],
  };
}

/** Runs a commit that certifies; what has gone missing at the last moment is named, too. @throws prerequisite_missing, conflict */
export async function namingPrerequisites(
  space: Space,
  { row }: Certified,
  commit: () => Promise<void>,
): Promise<void> {
  try {
    await commit();
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "prerequisite_missing") throw error;
    throw (await prerequisiteProblem(space, row.skill_id, row.member_id)) ?? problem("conflict");
  }
}

/** The condition "this certification, as it was read": neither changed nor used since. */
export const unchanged = ({ store }: Space, { id, version, last_used_at }: CertificationRow) =>
  store.in(
    certifications,
    eq(certifications.id, id),
    eq(certifications.version, version),
    sql`${certifications.last_used_at} IS ${last_used_at}`,
  );
