/** Bans: whom a makerspace does not admit, without keeping who that is. */

import type { z } from "@hono/zod-openapi";
import { desc, eq, lt, lte } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import { type Page, pageById } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import { moveMember, requiredMember } from "../people/moves.ts";
import { memberColumns, toMemberRow } from "../people/reads.ts";
import type { MemberRow } from "../people/view.ts";
import type { MemberEffects } from "../port.ts";
import { members } from "../tables.ts";
import type { Ban, BanInput } from "./contract.ts";
import { digestsOf } from "./guard.ts";
import { bans } from "./tables.ts";

type BanRow = typeof bans.$inferSelect;
type View = z.output<typeof Ban>;

const view = (row: BanRow): View => ({
  id: row.id,
  reason_code: row.reason_code,
  until: toIsoOrNull(row.until),
  created_by: row.created_by,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});

/** The member whom the ban names, by id or by address. @throws not_found, forbidden; illegal_transition for who was erased */
async function memberOf(space: Space, { member_id, email }: z.output<typeof BanInput>): Promise<MemberRow | null> {
  const byAddress = async (): Promise<MemberRow | null> => {
    const [row] = await space.db
      .select(memberColumns)
      .from(members)
      .where(space.store.in(members, eq(members.email, email ?? "")));
    return row ? toMemberRow(row) : null;
  };
  const row = member_id === undefined ? await byAddress() : await requiredMember(space, member_id);
  if (!row) return null;
  if (row.id === space.actor.id) throw problem("forbidden", { detail: "Nobody bans themselves." });
  if (!space.access.covers(row.role, row.duties)) throw problem("forbidden");
  if (row.erased_at !== null || row.merged_into !== null)
    throw problem("illegal_transition", { current_status: row.status });
  return row;
}

function banWrites(space: Space, row: BanRow): Write[] {
  const { email_digest } = row;
  return [
    // One that is over makes room, before the clockwork comes to it.
    write(
      space.db
        .delete(bans)
        .where(space.store.in(bans, eq(bans.email_digest, email_digest), lte(bans.until, space.now))),
    ),
    write(space.db.insert(bans).values(row), { unique: { "bans.email_digest": "already_banned" } }),
  ];
}

/**
 * Bans somebody; a member is removed in the same step.
 * @throws already_banned; invalid_body for an end that is past; not_found, forbidden, illegal_transition, last_administrator, conflict
 */
export async function createBan(space: Space, input: z.output<typeof BanInput>, effects: MemberEffects): Promise<View> {
  const { reason_code, until } = input;
  if (until !== null && until <= space.now)
    throw problem("invalid_body", { errors: [{ pointer: "/until", code: "past", detail: "lies behind us" }] });
  const member = await memberOf(space, input);
  const applicant = { email: member?.email ?? input.email ?? "", user_id: member?.user_id ?? null };
  const row: BanRow = space.store.row({
    id: newId(),
    ...(await digestsOf(space.store, applicant, space.now)),
    reason_code,
    until,
    created_by: space.actor.id,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const told = { reason_code, until };
  if (member && member.status !== "left") {
    await moveMember(space, member.id, () => ({
      step: "remove",
      to: "left",
      action: "member.banned",
      set: { left_at: space.now },
      told,
      events: [{ type: "member.removed", data: { cancel_bookings: true } }],
      writes: banWrites(space, row),
    }));
    await effects.shutOut(space, member.id, true);
  } else {
    await space.commit(
      { action: "ban.created", subject: { type: "ban", id: row.id, version: 1 }, after: told },
      ...banWrites(space, row),
    );
  }
  return view(row);
}

/** Bans, newest first. */
export const listBans = (space: Space, query: { limit: number; cursor?: string | undefined }): Promise<Page<View>> =>
  pageById(
    query,
    "bans",
    (after, limit) =>
      space.db
        .select()
        .from(bans)
        .where(space.store.in(bans, after === null ? undefined : lt(bans.id, after)))
        .orderBy(desc(bans.id))
        .limit(limit),
    view,
  );

async function required(space: Space, id: string): Promise<BanRow> {
  const [row] = await space.db
    .select()
    .from(bans)
    .where(space.store.in(bans, eq(bans.id, id)));
  if (!row) throw problem("not_found");
  return row;
}

/** One ban. @throws not_found */
export const readBan = async (space: Space, id: string): Promise<View> => view(await required(space, id));

/** Lifts a ban: its hashes go. Who was removed with it stays removed, until staff or a new request let them in. @throws not_found */
export async function liftBan(space: Space, id: string): Promise<void> {
  const { reason_code, until, version } = await required(space, id);
  await space.commit(
    {
      action: "ban.lifted",
      subject: { type: "ban", id, version: version + 1 },
      before: { reason_code, until },
    },
    write(space.db.delete(bans).where(space.store.in(bans, eq(bans.id, id))), { expect: "not_found" }),
  );
}
