/** Consents of guardians: given by themselves where they are members, or on paper that staff keep; withdrawn by either. */

import type { z } from "@hono/zod-openapi";
import { asc, eq, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { type Page, pageById } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type { ConsentInput, FamilyQuery, GuardianConsent } from "./contract.ts";
import { findGuardian } from "./guardians.ts";
import { today } from "./guardianship.ts";
import { bornAfter } from "./model.ts";
import { guardianOf, ofMember, requireReach } from "./reach.ts";
import { requireMinor } from "./records.ts";
import { guardianConsents } from "./tables.ts";
import { type ConsentRow, type GuardianRow, viewConsent } from "./view.ts";

type View = z.output<typeof GuardianConsent>;

/**
 * Whose consent the caller may record: a guardian their own, staff that of any. Nobody consents for themselves.
 * @throws not_found, forbidden
 */
async function consenting(space: Space, member_id: string, guardian_id?: string): Promise<GuardianRow> {
  const isStaff = space.scope("minors.consent") === "any";
  if (space.actor.id === member_id) throw problem("forbidden", { detail: "A minor cannot consent for themselves." });
  const own = await guardianOf(space, member_id);
  if (!own && !isStaff) throw problem("not_found");
  if (own && (guardian_id === undefined || guardian_id === own.id)) return own;
  if (!isStaff) throw problem("forbidden", { detail: "Staff record what another guardian has signed." });
  if (guardian_id === undefined) {
    const detail = "say who has signed";
    throw problem("invalid_body", { errors: [{ pointer: "/guardian_id", code: "required", detail }] });
  }
  return findGuardian(space, member_id, guardian_id);
}

/** @throws invalid_body for an end that has passed */
function judgeEnd({ now }: Space, valid_until: number | null): void {
  if (valid_until === null || valid_until > now) return;
  throw problem("invalid_body", {
    errors: [{ pointer: "/valid_until", code: "too_early", detail: "has passed" }],
  });
}

/**
 * Records a consent. The statement itself asks whether the guardian still is one, and of age.
 * @throws not_found, forbidden, invalid_body, unknown_reference; guardian_unfit
 */
export async function giveConsent(
  space: Space,
  member_id: string,
  input: z.output<typeof ConsentInput>,
): Promise<View> {
  const guardian = await consenting(space, member_id, input.guardian_id);
  await requireMinor(space, member_id);
  judgeEnd(space, input.valid_until);
  const row: ConsentRow = space.store.row({
    id: newId(),
    member_id,
    guardian_id: guardian.id,
    method: guardian.guardian_member_id === space.actor.id ? "in_app" : "on_paper",
    agreement_id: input.text?.agreement_id ?? null,
    number: input.text?.number ?? null,
    given_at: space.now,
    recorded_by: space.actor.id,
    valid_until: input.valid_until,
    withdrawn_at: null,
    withdrawn_by: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const adults = bornAfter(today(space), space.settings.sections.access.age_of_majority);
  const insert = sql`
    INSERT INTO guardian_consents (makerspace_id, id, member_id, guardian_id, method, agreement_id, number, given_at, recorded_by,
                                   valid_until, version, created_at, updated_at)
    SELECT ${space.id}, ${row.id}, ${member_id}, g.id, ${row.method}, ${row.agreement_id}, ${row.number}, ${space.now},
           ${space.actor.id}, ${row.valid_until}, 1, ${space.now}, ${space.now}
    FROM guardians g
    WHERE g.makerspace_id = ${space.id} AND g.id = ${guardian.id} AND g.member_id = ${member_id} AND g.ended_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM minors m WHERE m.makerspace_id = ${space.id} AND m.member_id = g.guardian_member_id
                        AND m.birth_date > ${adults})`;
  const { id, method, guardian_id, valid_until } = row;
  await space.commit(
    {
      action: "guardian_consent.given",
      subject: { type: "guardian_consent", id, version: 1 },
      after: { member_id, guardian_id, method, valid_until },
      events: [{ type: "guardian_consent.given", data: { member_id } }],
    },
    write(space.db.run(insert), { expect: "guardian_unfit" }),
  );
  return viewConsent(row);
}

async function find(space: Space, member_id: string, id: string): Promise<ConsentRow> {
  const [row] = await space.db
    .select()
    .from(guardianConsents)
    .where(space.store.in(guardianConsents, eq(guardianConsents.id, id), eq(guardianConsents.member_id, member_id)));
  if (!row) throw problem("not_found");
  return row;
}

/** @throws not_found */
export async function readConsent(space: Space, member_id: string, id: string): Promise<View> {
  await requireReach(space, member_id);
  return viewConsent(await find(space, member_id, id));
}

/** Of one member, oldest first, withdrawn ones included. @throws not_found */
export async function listConsents(
  space: Space,
  member_id: string,
  query: z.output<typeof FamilyQuery>,
): Promise<Page<View>> {
  await requireReach(space, member_id);
  const walk = (after: string | null, limit: number): Promise<ConsentRow[]> =>
    space.db
      .select()
      .from(guardianConsents)
      .where(ofMember(space, guardianConsents, member_id, after))
      .orderBy(asc(guardianConsents.id))
      .limit(limit);
  return pageById(query, ["guardian_consents", member_id], walk, viewConsent);
}

/**
 * Withdraws a consent: bookings stand, as after a new text of an agreement, and nobody is let at a machine without another one.
 * @throws not_found, forbidden; illegal_transition when it was withdrawn before
 */
export async function withdrawConsent(space: Space, member_id: string, id: string): Promise<View> {
  const row = await find(space, member_id, id);
  await consenting(space, member_id, row.guardian_id);
  if (row.withdrawn_at !== null) throw problem("illegal_transition", { current_status: "withdrawn" });
  const change = {
    withdrawn_at: space.now,
    withdrawn_by: space.actor.id,
    updated_at: space.now,
    version: row.version + 1,
  };
  await space.commit(
    {
      action: "guardian_consent.withdrawn",
      subject: { type: "guardian_consent", id, version: change.version },
      after: { member_id, guardian_id: row.guardian_id },
      events: [{ type: "guardian_consent.withdrawn", data: { member_id } }],
    },
    write(
      space.db
        .update(guardianConsents)
        .set(change)
        .where(
          space.store.in(guardianConsents, eq(guardianConsents.id, id), sql`${guardianConsents.withdrawn_at} IS NULL`),
        ),
      { expect: "conflict" },
    ),
  );
  return viewConsent({ ...row, ...change });
}
