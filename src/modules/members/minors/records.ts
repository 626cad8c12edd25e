/** Who is a minor: recorded with a date of birth, which is kept until they come of age and no longer. */

import type { z } from "@hono/zod-openapi";
import { eq, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { requiredMember } from "../people/moves.ts";
import type { Minor, MinorInput } from "./contract.ts";
import { consented, isMinor, today } from "./guardianship.ts";
import { requireReach, requireStaff } from "./reach.ts";
import { guardians, minors } from "./tables.ts";
import { type MinorRow, viewMinor } from "./view.ts";

interface Found {
  row: MinorRow;
  has_consent: boolean;
}

/** The record of a minor, or null. */
async function find(space: Space, member_id: string): Promise<Found | null> {
  const [found] = await space.db
    .select({ row: minors, has_consent: consented(space.store).mapWith(Boolean) })
    .from(minors)
    .where(space.store.in(minors, eq(minors.member_id, member_id)));
  return found ?? null;
}

/** @throws not_found for those who were not recorded as minors */
export async function requireMinor(space: Space, member_id: string): Promise<MinorRow> {
  const found = await find(space, member_id);
  if (!found) throw problem("not_found", { detail: "Nobody is recorded as a minor here." });
  return found.row;
}

/** @throws not_found */
export async function readMinor(space: Space, member_id: string): Promise<z.output<typeof Minor>> {
  await requireReach(space, member_id);
  const found = await find(space, member_id);
  if (!found) throw problem("not_found");
  return viewMinor(space, found.row, found.has_consent);
}

/** @throws invalid_body for a date that makes nobody a minor: none is kept of adults */
function judgeDate(space: Space, birth_date: string): void {
  const isFuture = birth_date > today(space);
  if (!isFuture && isMinor(space, birth_date)) return;
  const detail = isFuture ? "lies ahead" : "is that of somebody of age, of whom no date of birth is kept";
  throw problem("invalid_body", { errors: [{ pointer: "/birth_date", code: "no_minor", detail }] });
}

/**
 * Records somebody as a minor. They may say so themselves, once: what is recorded is changed by staff.
 * @throws not_found, forbidden, invalid_body
 */
export async function recordMinor(
  space: Space,
  member_id: string,
  { birth_date }: z.output<typeof MinorInput>,
): Promise<z.output<typeof Minor>> {
  const isStaff = space.scope("minors.manage") === "any" && space.actor.id !== member_id;
  if (!isStaff && space.actor.id !== member_id) throw problem("not_found");
  await requiredMember(space, member_id);
  judgeDate(space, birth_date);
  const before = await find(space, member_id);
  if (before && !isStaff) throw problem("forbidden", { detail: "Staff change what is recorded." });
  const version = (before?.row.version ?? 0) + 1;
  const row: MinorRow = space.store.row({
    member_id,
    birth_date,
    version,
    created_at: before?.row.created_at ?? space.now,
    updated_at: space.now,
  });
  const mine = eq(minors.member_id, member_id);
  const same = space.store.in(minors, mine, eq(minors.version, version - 1));
  await space.commit(
    {
      action: before ? "minor.changed" : "minor.recorded",
      subject: { type: "member", id: member_id, version },
      after: { changed: ["birth_date"] },
    },
    before
      ? write(space.db.update(minors).set({ birth_date, version, updated_at: space.now }).where(same), {
          expect: "conflict",
        })
      : write(space.db.insert(minors).values(row), { unique: { "minors.member_id": "conflict" } }),
  );
  return viewMinor(space, row, before?.has_consent ?? false);
}

/** What a minor is no longer needed for: the date goes, guardians are guardians no more, and nobody's contact is kept. Consents stay, and who gave them. */
export async function dropMinor(space: Space, row: MinorRow, action: string): Promise<void> {
  const { member_id, version } = row;
  await space.commit(
    { action, subject: { type: "member", id: member_id, version: version + 1 } },
    write(
      space.db
        .delete(minors)
        .where(space.store.in(minors, eq(minors.member_id, member_id), eq(minors.version, version))),
      { expect: "conflict" },
    ),
    write(
      space.db
        .update(guardians)
        .set({
          email: null,
          phone: null,
          ended_at: sql`coalesce(${guardians.ended_at}, ${space.now})`,
          updated_at: space.now,
          version: sql`${guardians.version} + 1`,
        })
        .where(space.store.in(guardians, eq(guardians.member_id, member_id))),
    ),
  );
}

/** Takes back a record that was a mistake. @throws forbidden, not_found, conflict */
export async function removeMinor(space: Space, member_id: string): Promise<void> {
  requireStaff(space);
  // A minor with staff permissions stays one.
  if (space.actor.id === member_id) throw problem("forbidden", { detail: "Others decide on oneself." });
  await dropMinor(space, await requireMinor(space, member_id), "minor.removed");
}
