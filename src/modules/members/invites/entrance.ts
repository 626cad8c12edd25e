/** How somebody comes in by an invite: as a newcomer, back after they left, or with what it gives on top of what they have. */

import { eq, gte, inArray, or } from "drizzle-orm";
import type { DutyGrant, MemberRole } from "../../../platform/access/permissions.ts";
import { type Write, write } from "../../../platform/db/commit.ts";
import { auditLog } from "../../../platform/db/tables.ts";
import type { EventDraft } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Caller } from "../../../platform/route.ts";
import { notBeingErased } from "../erasure/guard.ts";
import { mayStep } from "../model.ts";
import { memberColumns, toMemberRow } from "../people/reads.ts";
import { blankMember } from "../people/service.ts";
import { columnsOf, type MemberRow } from "../people/view.ts";
import { memberDuties, members } from "../tables.ts";
import { outranks } from "./model.ts";
import type { OpenInvite } from "./reads.ts";
import { dutiesOf, type InviteRow } from "./view.ts";

/** What accepting does to the makerspace's members. */
export interface Entrance {
  member: MemberRow;
  writes: Write[];
  events: EventDraft[];
  /** Somebody who is in already may more than before: their sockets open anew. */
  raises: boolean;
}

export const subjectOf = ({ id, version }: MemberRow) => ({ type: "member", id, version });

/** Grants duties in the name of whoever sent the invite. */
const grantWrites = (
  { store, row }: OpenInvite,
  member_id: string,
  duties: readonly DutyGrant[],
  now: number,
): Write[] =>
  duties.map((grant) =>
    write(
      store.db
        .insert(memberDuties)
        .values(store.row({ ...grant, member_id, granted_by: row.invited_by, granted_at: now })),
    ),
  );

/** The names of the invite, or those of the account; people change them later. */
function namesFor({ first_name, last_name, email }: InviteRow, account: string | null) {
  if (first_name !== null) return { first_name, last_name: last_name ?? "" };
  const [first = "", ...rest] = (account ?? "").trim().split(/\s+/);
  return { first_name: (first || (email.split("@")[0] ?? "")).slice(0, 120), last_name: rest.join(" ").slice(0, 120) };
}

/** Somebody new. */
function newcomer(open: OpenInvite, { principal, now }: Caller): Entrance {
  const { store, row } = open;
  const names = namesFor(row, principal.name);
  const duties = dutiesOf(row);
  const member = blankMember(
    { store, now },
    {
      ...names,
      id: newId(),
      user_id: principal.user_id,
      email: row.email,
      role: row.role,
      status: "active",
      duties,
    },
  );
  const insert = write(store.db.insert(members).values(columnsOf(member)), {
    unique: { "members.user_id": "already_member", "members.email": "already_member" },
  });
  return {
    member,
    writes: [insert, ...grantWrites(open, member.id, duties, now)],
    events: [{ type: "member.added", data: { user_id: principal.user_id }, subject: subjectOf(member) }],
    raises: false,
  };
}

/** What an invite gives to somebody whom the makerspace knows. */
interface Gift {
  role: MemberRole;
  /** All that they have afterwards. */
  duties: DutyGrant[];
  writes: Write[];
}

/** Who left begins anew: role and duties of the invite, in place of those of the earlier stay. */
const anew = (open: OpenInvite, { id }: MemberRow, now: number): Gift => {
  const { store, row } = open;
  const duties = dutiesOf(row);
  const cleared = write(store.db.delete(memberDuties).where(store.in(memberDuties, eq(memberDuties.member_id, id))));
  return {
    role: row.role,
    duties,
    writes: [notBeingErased(store, [id]), cleared, ...grantWrites(open, id, duties, now)],
  };
};

/** Whom staff added has what staff chose then. */
const nothing = ({ role, duties }: MemberRow): Gift => ({ role, duties, writes: [] });

/** Who registered themselves since the invite was made: for them nobody chose a role. */
async function cameAlone({ store, row }: OpenInvite, { id }: MemberRow): Promise<boolean> {
  const own = ["member.joined", "member.asked_to_join"];
  const found = await store.db
    .select({ seq: auditLog.seq })
    .from(auditLog)
    .where(
      store.in(
        auditLog,
        eq(auditLog.subject_type, "member"),
        eq(auditLog.subject_id, id),
        gte(auditLog.occurred_at, row.created_at),
        inArray(auditLog.action, own),
      ),
    )
    .limit(1);
  return found.length > 0;
}

/** The invite's role, unless theirs is above it, and the duties that they do not have yet. */
function onTop(open: OpenInvite, before: MemberRow, now: number): Gift {
  const { row } = open;
  const missing = dutiesOf(row).filter(({ duty }) => !before.duties.some((held) => held.duty === duty));
  return {
    role: outranks(before.role, row.role) ? before.role : row.role,
    duties: [...before.duties, ...missing],
    writes: grantWrites(open, before.id, missing, now),
  };
}

/** Writes the member at the version that was read. */
const memberWrite = ({ store }: OpenInvite, before: MemberRow, change: Partial<MemberRow>): Write =>
  write(
    store.db
      .update(members)
      .set(columnsOf(change))
      .where(
        store.in(
          members,
          eq(members.id, before.id),
          eq(members.version, before.version),
          eq(members.status, before.status),
        ),
      ),
    { expect: "conflict", unique: { "members.user_id": "already_member" } },
  );

/** Somebody whom the makerspace knows comes in. */
function returning(open: OpenInvite, { principal, now }: Caller, before: MemberRow, gift: Gift): Entrance {
  const change = {
    user_id: principal.user_id,
    role: gift.role,
    status: "active" as const,
    status_reason: null,
    left_at: null,
    // Whatever they were suspended for before they left is over.
    suspended_at: null,
    suspended_by: null,
    joined_at: before.status === "left" ? now : before.joined_at || now,
    updated_at: now,
    version: before.version + 1,
  };
  const member: MemberRow = { ...before, ...change, duties: gift.duties };
  return {
    member,
    writes: [memberWrite(open, before, change), ...gift.writes],
    events: [{ type: "member.linked", data: { user_id: principal.user_id }, subject: subjectOf(member) }],
    raises: false,
  };
}

/** Somebody who is in already: the invite adds what it gives, if anything. */
function settled(open: OpenInvite, before: MemberRow, gift: Gift, now: number): Entrance {
  if (gift.role === before.role && gift.writes.length === 0)
    return { member: before, writes: [], events: [], raises: false };
  const change = { role: gift.role, updated_at: now, version: before.version + 1 };
  const member: MemberRow = { ...before, ...change, duties: gift.duties };
  return { member, writes: [memberWrite(open, before, change), ...gift.writes], events: [], raises: true };
}

/**
 * Who comes in, and how. @throws already_member for somebody who belongs here by another way; membership_suspended
 */
export async function entranceFor(open: OpenInvite, caller: Caller): Promise<Entrance> {
  const { store, row } = open;
  const { now } = caller;
  const { user_id } = caller.principal;
  const found = await store.db
    .select(memberColumns)
    .from(members)
    .where(store.in(members, or(eq(members.user_id, user_id), eq(members.email, row.email))))
    .limit(2);
  const known = found.map(toMemberRow);
  const own = known.find((one) => one.user_id === user_id);
  const before = own ?? known.find((one) => one.email === row.email);
  if (!before) return newcomer(open, caller);
  // The address belongs to somebody else's membership: staff have to look at it.
  if (before.user_id !== null && before !== own) throw problem("already_member");
  if (before.status === "suspended") throw problem("membership_suspended");
  if (before.status === "left") return returning(open, caller, before, anew(open, before, now));
  const gift = (await cameAlone(open, before)) ? onTop(open, before, now) : nothing(before);
  if (mayStep("link", before.status)) return returning(open, caller, before, gift);
  // Signed in since the mail went out.
  if (before === own && before.email === row.email) return settled(open, before, gift, now);
  throw problem("already_member");
}
