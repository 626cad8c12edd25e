/** An invite on the side of whoever got it: looked at without signing in, accepted once, by the person with that e-mail address. */

import { env } from "cloudflare:workers";
import type { z } from "@hono/zod-openapi";
import { and, eq, inArray, or } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { commit, type Write, write } from "../../../platform/db/commit.ts";
import type { EventDraft } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import { attemptsOf } from "../../../platform/objects.ts";
import { problem } from "../../../platform/problem.ts";
import { sendEvents } from "../../../platform/queue.ts";
import type { Caller, Visitor } from "../../../platform/route.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { MINUTE } from "../../../platform/time.ts";
import { displayName, type MemberStep, mayStep, memberTransitions } from "../model.ts";
import type { Member } from "../people/contract.ts";
import { findMember, indexMembership, memberColumns, toMemberRow } from "../people/reads.ts";
import { blankMember } from "../people/service.ts";
import { type MemberRow, viewOneself } from "../people/view.ts";
import { memberDuties, members } from "../tables.ts";
import type { InvitePreview } from "./contract.ts";
import { joinAtOnce, type PlanSources } from "./plans.ts";
import { findOpen, type OpenInvite, opens } from "./reads.ts";
import { invites } from "./tables.ts";
import { dutiesOf, type InviteRow } from "./view.ts";

/** Wrong tokens are hopeless to guess; these keep the trying from costing anything. */
const ATTEMPTS = 20;
const ATTEMPTS_WINDOW = 10 * MINUTE;

async function countAttempt(name: string): Promise<void> {
  const { allowed, retry_after } = await attemptsOf(env.ATTEMPTS, name).take(ATTEMPTS, ATTEMPTS_WINDOW);
  if (!allowed) throw problem("rate_limited", { retry_after });
}

/**
 * What a token is good for, without using it up.
 * @throws token_used for every token that does not work, whatever the cause; rate_limited after twenty tries in ten minutes
 */
export async function previewInvite(
  visitor: Visitor,
  token: string,
  source: SettingsSource,
): Promise<z.output<typeof InvitePreview>> {
  await countAttempt(`invite-preview:${visitor.ip}`);
  const open = await findOpen(token, visitor.now);
  const work = { actor_id: "invites", request_id: visitor.request_id, now: visitor.now };
  const space = open && (await loadSystemSpace(open.store, source, work));
  if (!open || !space) throw problem("token_used");
  const { row, store } = open;
  const inviter = await findMember(store, row.invited_by);
  const { name, slug } = space.settings;
  return {
    makerspace: { id: space.id, name, slug },
    role: row.role,
    invited_by: inviter && displayName(inviter),
    expires_at: new Date(row.expires_at).toISOString(),
  };
}

/** What accepting does to the makerspace's members. */
interface Entrance {
  member: MemberRow;
  writes: Write[];
  events: EventDraft[];
}

const subjectOf = ({ id, version }: MemberRow) => ({ type: "member", id, version });

/** Duties as the invite gives them, in place of those of an earlier stay. */
const dutyWrites = ({ store, row }: OpenInvite, member_id: string, now: number): Write[] => [
  write(store.db.delete(memberDuties).where(store.in(memberDuties, eq(memberDuties.member_id, member_id)))),
  ...dutiesOf(row).map((grant) =>
    write(
      store.db
        .insert(memberDuties)
        .values(store.row({ ...grant, member_id, granted_by: row.invited_by, granted_at: now })),
    ),
  ),
];

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
  const { duties: _, tags: __, ...columns } = member;
  const insert = write(store.db.insert(members).values(columns), {
    unique: { "members.user_id": "already_member", "members.email": "already_member" },
  });
  return {
    member,
    writes: [insert, ...dutyWrites(open, member.id, now).slice(1)],
    events: [{ type: "member.added", data: { user_id: principal.user_id }, subject: subjectOf(member) }],
  };
}

/** Somebody whom the makerspace knows: comes in by a step of theirs, with what the invite gives unless staff added them themselves. */
function returning(open: OpenInvite, { principal, now }: Caller, before: MemberRow, by: MemberStep): Entrance {
  const { store, row } = open;
  // Who waits was added with a role of their own; who left begins anew.
  const isNew = by === "reactivate";
  const change = {
    user_id: principal.user_id,
    role: isNew ? row.role : before.role,
    status: "active" as const,
    status_reason: null,
    left_at: null,
    joined_at: isNew ? now : before.joined_at || now,
    updated_at: now,
    version: before.version + 1,
  };
  const member: MemberRow = { ...before, ...change, duties: isNew ? dutiesOf(row) : before.duties };
  const update = write(
    store.db
      .update(members)
      .set(change)
      .where(
        and(
          store.in(members, eq(members.id, before.id), eq(members.version, before.version)),
          inArray(members.status, [...memberTransitions[by].from]),
        ),
      ),
    { expect: "conflict", unique: { "members.user_id": "already_member" } },
  );
  return {
    member,
    writes: [update, ...(isNew ? dutyWrites(open, before.id, now) : [])],
    events: [{ type: "member.linked", data: { user_id: principal.user_id }, subject: subjectOf(member) }],
  };
}

/**
 * Who comes in, and how. @throws already_member for somebody who belongs here by another way; membership_suspended
 */
async function entranceFor(open: OpenInvite, caller: Caller): Promise<Entrance> {
  const { store, row } = open;
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
  if (mayStep("link", before.status)) return returning(open, caller, before, "link");
  if (before.status === "left") return returning(open, caller, before, "reactivate");
  // Added and signed in since the mail went out: the invite has been answered by that.
  if (before === own && before.email === row.email) return { member: before, writes: [], events: [] };
  throw problem("already_member");
}

/** Uses the token up: of twenty that try at once, one matches. */
const acceptWrite = ({ store, row, digest }: OpenInvite, member_id: string, now: number): Write =>
  write(
    store.db
      .update(invites)
      .set({
        status: "accepted",
        token_digest: null,
        reminder_digest: null,
        accepted_at: now,
        member_id,
        updated_at: now,
        version: row.version + 1,
      })
      .where(store.in(invites, eq(invites.id, row.id), opens(digest, now))),
    { expect: "token_used" },
  );

/**
 * Accepts an invite for whoever is signed in, and answers their membership.
 * @throws token_used; email_mismatch unless the verified address is the invite's; already_member, membership_suspended, conflict; rate_limited
 */
export async function acceptInvite(
  caller: Caller,
  token: string,
  sources: PlanSources,
): Promise<z.output<typeof Member>> {
  const { principal, now, request_id } = caller;
  await countAttempt(`invite-accept:${principal.user_id}`);
  const open = await findOpen(token, now);
  if (!open) throw problem("token_used");
  const { store, row } = open;
  if (principal.email !== row.email) throw problem("email_mismatch");
  const { member, writes, events } = await entranceFor(open, caller);
  const subject = { type: "invite", id: row.id, version: row.version + 1 };
  const envelopes = await commit(
    { store, actor: { kind: "member", id: member.id }, request_id, now, idempotency: null, newId },
    {
      action: "invite.accepted",
      // The story of the member begins with it.
      subject: subjectOf(member),
      after: { invite_id: row.id, role: member.role, status: member.status, plan_id: row.plan_id },
      events: [...events, { type: "invite.accepted", data: { member_id: member.id, plan_id: row.plan_id }, subject }],
    },
    // The member first: the invite refers to them.
    [...writes, acceptWrite(open, member.id, now)],
  );
  caller.defer(sendEvents(envelopes));
  // The event repeats it, should the directory be away now.
  await indexMembership(principal.user_id, store.makerspace_id, member.id).catch(() => undefined);
  const accepted = { invite_id: row.id, member_id: member.id, plan_id: row.plan_id, request_id, now };
  await joinAtOnce(store, accepted, sources);
  return viewOneself(member);
}
