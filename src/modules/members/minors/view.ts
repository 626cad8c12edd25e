import type { z } from "@hono/zod-openapi";
import type { Space } from "../../../platform/space.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { Guardian, GuardianConsent, Minor } from "./contract.ts";
import { isMinor } from "./guardianship.ts";
import { ofAgeOn } from "./model.ts";
import type { guardianConsents, guardians, minors } from "./tables.ts";

export type MinorRow = typeof minors.$inferSelect;
export type GuardianRow = typeof guardians.$inferSelect;
export type ConsentRow = typeof guardianConsents.$inferSelect;

export function viewMinor(space: Space, row: MinorRow, has_consent: boolean): z.output<typeof Minor> {
  const { age_of_majority: age } = space.settings.sections.access;
  return {
    member_id: row.member_id,
    birth_date: row.birth_date,
    is_minor: isMinor(space, row.birth_date),
    of_age_on: ofAgeOn(row.birth_date, age),
    has_consent,
    created_at: toIso(row.created_at),
    updated_at: toIso(row.updated_at),
    version: row.version,
  };
}

/** How to reach a guardian is for those who record what they sign; the minor and the other guardians see who it is. */
const contactFor = (space: Space, { email, phone }: GuardianRow) =>
  space.scope("minors.consent") === "any" ? { email, phone } : { email: null, phone: null };

export const viewGuardian = (space: Space, row: GuardianRow): z.output<typeof Guardian> => ({
  id: row.id,
  member_id: row.member_id,
  guardian_member_id: row.guardian_member_id,
  name: row.name,
  relation: row.relation,
  ...contactFor(space, row),
  ended_at: toIsoOrNull(row.ended_at),
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});

export const viewConsent = (row: ConsentRow): z.output<typeof GuardianConsent> => ({
  id: row.id,
  member_id: row.member_id,
  guardian_id: row.guardian_id,
  method: row.method,
  text:
    row.agreement_id !== null && row.number !== null ? { agreement_id: row.agreement_id, number: row.number } : null,
  given_at: toIso(row.given_at),
  recorded_by: row.recorded_by,
  valid_until: toIsoOrNull(row.valid_until),
  withdrawn_at: toIsoOrNull(row.withdrawn_at),
  withdrawn_by: row.withdrawn_by,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
