/** Reading certifications with what their skills say of disuse, and whom a skill lets certify. */

import { and, desc, eq, getTableColumns, lt, sql } from "drizzle-orm";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
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

/** Of whom a list may tell: oneself, or with staff permission anybody. @throws forbidden */
export function whoseOf(space: Space, permission: "certifications.read" | "skill_requests.read", asked?: string) {
  const member_id = asked === "me" ? space.actor.id : asked;
  if (space.scope(permission) === "any") return member_id;
  if (member_id !== undefined && member_id !== space.actor.id) {
    throw problem("forbidden", { detail: "What others have learnt is shown to staff." });
  }
  return space.actor.id;
}

interface Query {
  limit: number;
  cursor?: string | undefined;
  member_id?: string | undefined;
  skill_id?: string | undefined;
  status?: readonly CertificationStatus[] | undefined;
}

/** Certifications, newest first; members see their own. @throws forbidden */
export async function listCertifications(
  space: Space,
  query: Query,
): Promise<Page<ReturnType<typeof viewCertification>>> {
  const { limit, cursor, ...filter } = query;
  const list = ["certifications", filter];
  const after = readCursor(cursor, list);
  const member_id = whoseOf(space, "certifications.read", filter.member_id);
  const { skill_id, status = certificationStatuses } = filter;
  const walks = combinations({ status }).map((one) =>
    space.db
      .select(certificationColumns)
      .from(certifications)
      .where(
        space.store.in(
          certifications,
          and(
            member_id === undefined ? undefined : leads(certifications.member_id, member_id),
            skill_id === undefined ? undefined : leads(certifications.skill_id, skill_id),
            one.status === undefined ? undefined : leads(certifications.status, one.status),
            after ? lt(certifications.id, after.id) : undefined,
          ),
        ),
      )
      .orderBy(desc(certifications.id))
      .limit(limit + 1),
  );
  const newest = (a: CertificationRow, b: CertificationRow): number => (a.id > b.id ? -1 : 1);
  const rows = await space.time("db", mergeWalks(space.db, walks, newest, limit + 1));
  return toPage(rows, limit, list, (row) => ({ value: row.id, id: row.id }), viewCertification);
}

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
