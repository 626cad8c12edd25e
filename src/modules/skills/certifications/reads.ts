/** Reading certifications with what their skills say of disuse, and whom a skill lets certify. */

import { desc, eq, getTableColumns, sql } from "drizzle-orm";
import type { Page } from "../../../platform/db/page.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { listOfMembers, type OfMembersQuery } from "../lists.ts";
import { type CertificationStatus, certificationStatuses } from "../model.ts";
import type { SkillRow } from "../skills/view.ts";
import { certifications } from "../tables.ts";
import { type CertificationRow, viewCertification } from "./view.ts";

/** Names its columns in full: Drizzle leaves the table out in selects from one table. */
export const certificationColumns = {
  ...getTableColumns(certifications),
  disuse_days: sql<number | null>`(
    SELECT s.disuse_days FROM skills s WHERE s.makerspace_id = certifications.makerspace_id AND s.id = certifications.skill_id)`.as(
    "disuse_days",
  ),
};

/** One certification of a skill, or of any. @throws not_found; for members, others' too */
export async function requiredCertification(space: Space, id: string, skill_id?: string): Promise<CertificationRow> {
  const [row] = await space.db
    .select(certificationColumns)
    .from(certifications)
    .where(
      space.store.in(
        certifications,
        eq(certifications.id, id),
        skill_id === undefined ? undefined : eq(certifications.skill_id, skill_id),
      ),
    );
  const isHidden = space.scope("certifications.read") !== "any" && row?.member_id !== space.actor.id;
  if (!row || isHidden) throw problem("not_found");
  return row;
}

/** Certifications, newest first; members see their own. @throws forbidden */
export const listCertifications = (
  space: Space,
  query: OfMembersQuery<CertificationStatus>,
): Promise<Page<ReturnType<typeof viewCertification>>> =>
  listOfMembers(space, query, {
    name: "certifications",
    permission: "certifications.read",
    table: certifications,
    statuses: certificationStatuses,
    read: (where, limit) =>
      space.db
        .select(certificationColumns)
        .from(certifications)
        .where(where)
        .orderBy(desc(certifications.id))
        .limit(limit),
    view: viewCertification,
  });

/**
 * Who certifies a skill: those whose duty it is, and of them the ones that the skill names. Administrators always do.
 * @throws forbidden
 */
export function refuseStranger({ access, actor }: Space, { trainer_ids }: SkillRow): void {
  const isAdministrator = access.role === "super_admin" || access.role === "makerspace_admin";
  if (isAdministrator || trainer_ids.length === 0 || trainer_ids.includes(actor.id)) return;
  const detail = "This skill names who certifies it.";
  throw problem("forbidden", { detail, reasons: [{ code: "not_a_trainer", detail, fix: "Ask one of them." }] });
}
