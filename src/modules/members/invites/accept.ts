/** An invite on the side of whoever got it: looked at without signing in, accepted once, by the person with that e-mail address. */

import { env } from "cloudflare:workers";
import type { z } from "@hono/zod-openapi";
import { eq } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { commit, type Write, write } from "../../../platform/db/commit.ts";
import { newId } from "../../../platform/ids.ts";
import { attemptsOf } from "../../../platform/objects.ts";
import { problem } from "../../../platform/problem.ts";
import { sendEvents } from "../../../platform/queue.ts";
import type { Caller, Visitor } from "../../../platform/route.ts";
import { loadSystemSpace, systemSpace } from "../../../platform/system-space.ts";
import { MINUTE } from "../../../platform/time.ts";
import { refuseBanned } from "../bans/guard.ts";
import { displayName } from "../model.ts";
import type { Member } from "../people/contract.ts";
import { findMember, indexMembership } from "../people/reads.ts";
import type { AccountStands } from "../people/starters.ts";
import { viewOneself } from "../people/view.ts";
import type { MemberEffects } from "../port.ts";
import type { InvitePreview } from "./contract.ts";
import { entranceFor, subjectOf } from "./entrance.ts";
import { refuseOrphaned } from "./maker.ts";
import { joinAtOnce, type PlanSources } from "./plans.ts";
import { findOpen, type OpenInvite, opens } from "./reads.ts";
import { invites } from "./tables.ts";

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

/** What accepting asks of other modules. */
export interface AcceptSources extends PlanSources {
  accountStands: AccountStands;
  effects: Pick<MemberEffects, "changed">;
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
 * @throws token_used; invite_withdrawn when its maker could not send it any more; email_mismatch unless the verified address is the invite's; already_member, membership_suspended, conflict; rate_limited
 */
export async function acceptInvite(
  caller: Caller,
  token: string,
  sources: AcceptSources,
): Promise<z.output<typeof Member>> {
  const { principal, now, request_id } = caller;
  await countAttempt(`invite-accept:${principal.user_id}`);
  const open = await findOpen(token, now);
  if (!open) throw problem("token_used");
  const { store, row } = open;
  if (principal.email !== row.email) throw problem("email_mismatch");
  const vouched = await refuseOrphaned(open, now, sources.accountStands);
  const { member, writes, events, raises } = await entranceFor(open, caller);
  const subject = { type: "invite", id: row.id, version: row.version + 1 };
  const envelopes = await commit(
    { store, actor: { kind: "member", id: member.id }, request_id, now, idempotency: null, newId },
    {
      action: "invite.accepted",
      // The story of the member begins with it.
      subject: subjectOf(member),
      after: {
        invite_id: row.id,
        role: member.role,
        status: member.status,
        duties: member.duties,
        plan_id: row.plan_id,
      },
      events: [...events, { type: "invite.accepted", data: { member_id: member.id, plan_id: row.plan_id }, subject }],
    },
    // The member first: the invite refers to them.
    [
      vouched,
      ...writes,
      acceptWrite(open, member.id, now),
      await refuseBanned(store, { email: row.email, user_id: principal.user_id }, now),
    ],
  );
  caller.defer(sendEvents(envelopes));
  // The event repeats it, should the directory be away now.
  await indexMembership(principal.user_id, store.makerspace_id, member.id).catch(() => undefined);
  if (raises)
    await sources.effects.changed(systemSpace(store, null, { actor_id: "invites", request_id, now }), [member.id]);
  const accepted = { invite_id: row.id, member_id: member.id, plan_id: row.plan_id, request_id, now };
  await joinAtOnce(store, accepted, sources);
  return viewOneself(member);
}
