/** Invites as staff handle them: made, mailed again, sent elsewhere, taken back. */

import type { z } from "@hono/zod-openapi";
import { and, eq, inArray, lte, type SQL, sql } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { EventDraft } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import type { MailPorts } from "../../../platform/mail/deliveries.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { refuseBanned } from "../bans/guard.ts";
import { members } from "../tables.ts";
import type { Invite, InviteInput } from "./contract.ts";
import { countMail } from "./limits.ts";
import { type MakerOf, makerOf } from "./maker.ts";
import { INVITE_LIVES, type InviteStep, inviteTransitions, mayStep } from "./model.ts";
import { orderInviteMail, sendAtOnce } from "./orders.ts";
import { invites } from "./tables.ts";
import { dutiesOf, type InviteRow, viewInvite } from "./view.ts";

type View = z.output<typeof Invite>;

const isBelonging = (space: Space, email: string): SQL => sql`EXISTS (
  SELECT 1 FROM ${members} WHERE ${members.makerspace_id} = ${space.id} AND ${members.email} = ${email} AND ${members.status} <> 'left')`;

/** Nobody invites above their own. */
function refuseAbove(space: Space, row: InviteRow): void {
  if (!space.access.covers(row.role, dutiesOf(row))) throw problem("grant_exceeds_own");
}

/** The open invite of an address that is over makes room, before the clockwork comes to it. */
const expireOverdue = (space: Space, email: string): Write =>
  write(
    space.db
      .update(invites)
      .set({
        status: "expired",
        token_digest: null,
        reminder_digest: null,
        updated_at: space.now,
        version: sql`${invites.version} + 1`,
      })
      .where(
        space.store.in(
          invites,
          eq(invites.email, email),
          eq(invites.status, "pending"),
          lte(invites.expires_at, space.now),
        ),
      ),
  );

/** Puts the row there unless somebody with the address belongs here. */
function insertInvite(space: Space, row: InviteRow): Write {
  const { makerspace_id, id, email, role, duties, plan_id, message, first_name, last_name, expires_at } = row;
  const statement = space.db.run(sql`
    INSERT INTO invites (makerspace_id, id, email, role, duties, plan_id, message, first_name, last_name, status,
                         expires_at, invited_by, invited_as, version, created_at, updated_at)
    SELECT ${makerspace_id}, ${id}, ${email}, ${role}, ${JSON.stringify(duties)}, ${plan_id}, ${message}, ${first_name},
           ${last_name}, 'pending', ${expires_at}, ${row.invited_by}, ${row.invited_as}, 1, ${row.created_at}, ${row.updated_at}
    WHERE NOT ${isBelonging(space, email)}`);
  return write(statement, { expect: "already_member", unique: { "invites.email": "already_invited" } });
}

/** The row of a new invite, valid from now. */
const toRow = (space: Space, input: z.output<typeof InviteInput>, id: string, maker: MakerOf): InviteRow =>
  space.store.row({
    ...input,
    id,
    status: "pending" as const,
    token_digest: null,
    reminder_digest: null,
    expires_at: space.now + INVITE_LIVES,
    ...maker,
    mailed_at: null,
    reminded_at: null,
    accepted_at: null,
    member_id: null,
    plan_problem: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });

/** Makes an invite; its mail is ordered. @throws as createInvite */
export async function recordInvite(
  space: Space,
  input: z.output<typeof InviteInput>,
  id: string = newId(),
  maker: MakerOf = makerOf(space),
): Promise<{ view: View; delivery_id: string }> {
  const row = toRow(space, input, id, maker);
  refuseAbove(space, row);
  await countMail(space, row.email);
  const mail = orderInviteMail(space, row);
  const view = viewInvite(row);
  const { role, plan_id, duties } = row;
  await space.commit(
    {
      action: "invite.created",
      subject: { type: "invite", id: row.id, version: 1 },
      after: { role, plan_id, duties },
      events: [{ type: "invite.created", data: { role } }, mail.event],
      answer: { status: 201, body: view },
    },
    await refuseBanned(space.store, row, space.now),
    expireOverdue(space, row.email),
    insertInvite(space, row),
    mail.write,
  );
  return { view, delivery_id: mail.id };
}

/**
 * Invites somebody: a mail with a token that works once, for seven days.
 * @throws grant_exceeds_own, already_member, already_invited, unknown_reference; rate_limited, as countMail
 */
export async function createInvite(space: Space, input: z.output<typeof InviteInput>, ports: MailPorts): Promise<View> {
  const { view, delivery_id } = await recordInvite(space, input);
  await sendAtOnce(space, ports, delivery_id);
  return view;
}

/** An invite of this makerspace. @throws not_found */
export async function requiredInvite(space: Space, id: string): Promise<InviteRow> {
  const [row] = await space.db
    .select()
    .from(invites)
    .where(space.store.in(invites, eq(invites.id, id)));
  if (!row) throw problem("not_found");
  return row;
}

/** One invite. @throws not_found */
export const readInvite = async (space: Space, id: string): Promise<View> =>
  viewInvite(await requiredInvite(space, id));

interface Change {
  step: InviteStep;
  action: string;
  set?: Partial<InviteRow>;
  events: readonly EventDraft[];
  /** Names of what changed, for the audit: never the values. */
  changed?: readonly string[];
  /** Writes before the step and after it. */
  first?: readonly Write[];
  last?: readonly Write[];
}

/** Takes a step in one statement that also looks at the status. */
async function step(space: Space, before: InviteRow, change: Change): Promise<InviteRow> {
  const { step, action, set = {}, events, changed, first = [], last = [] } = change;
  const { from, to } = inviteTransitions[step];
  const set_now = {
    ...set,
    status: to,
    // Whatever was mailed before is dead from now on.
    token_digest: null,
    reminder_digest: null,
    updated_at: space.now,
    version: before.version + 1,
  };
  const after: InviteRow = { ...before, ...set_now };
  const mine = space.store.in(invites, eq(invites.id, before.id), eq(invites.version, before.version));
  await space.commit(
    {
      action,
      subject: { type: "invite", id: before.id, version: after.version },
      before: { status: before.status },
      after: { status: to, ...(changed && { changed }) },
      events,
      answer: { status: 200, body: viewInvite(after) },
    },
    ...first,
    write(
      space.db
        .update(invites)
        .set(set_now)
        .where(and(mine, inArray(invites.status, [...from]))),
      { expect: "conflict", unique: { "invites.email": "already_invited" } },
    ),
    ...last,
  );
  return after;
}

/** Ends the batch when somebody with the address belongs here: the invite is touched only where nobody does. */
const refuseBelonging = (space: Space, row: InviteRow, email: string): Write =>
  write(
    space.db
      .update(invites)
      .set({ updated_at: space.now })
      .where(and(space.store.in(invites, eq(invites.id, row.id)), sql`NOT ${isBelonging(space, email)}`)),
    { expect: "already_member" },
  );

/** An invite that may take a step, by somebody who may give what it gives. @throws not_found, illegal_transition, grant_exceeds_own */
async function movable(space: Space, id: string, step: InviteStep, if_match: number | null): Promise<InviteRow> {
  const row = await requiredInvite(space, id);
  refuseAbove(space, row);
  if (if_match !== null && if_match !== row.version) throw problem("stale_version");
  if (!mayStep(step, row.status)) throw problem("illegal_transition", { current_status: row.status });
  return row;
}

/** Mails an invite again: a new token for seven days, and the one before is dead. */
async function renew(space: Space, before: InviteRow, ports: MailPorts, change: Change): Promise<View> {
  await countMail(space, change.set?.email ?? before.email);
  // Who sends it again stands for it from now on.
  const renewed = { expires_at: space.now + INVITE_LIVES, mailed_at: null, reminded_at: null };
  const set = { ...change.set, ...renewed, ...makerOf(space) };
  const mail = orderInviteMail(space, { ...before, version: before.version + 1 });
  const after = await step(space, before, {
    ...change,
    first: [...(change.first ?? []), await refuseBanned(space.store, { email: set.email ?? before.email }, space.now)],
    set,
    events: [...change.events, mail.event],
    last: [mail.write],
  });
  await sendAtOnce(space, ports, mail.id);
  return viewInvite(after);
}

/** @throws not_found, grant_exceeds_own, illegal_transition, conflict; rate_limited, as countMail */
export async function resendInvite(space: Space, id: string, ports: MailPorts): Promise<View> {
  const before = await movable(space, id, "resend", null);
  return renew(space, before, ports, {
    step: "resend",
    action: "invite.resent",
    events: [{ type: "invite.resent", data: {} }],
  });
}

/**
 * Sends an invite to another address, for whoever signs in with one that was not foreseen.
 * @throws as resendInvite; stale_version, already_member, already_invited
 */
export async function readdressInvite(
  space: Space,
  id: string,
  if_match: number | null,
  email: string,
  ports: MailPorts,
): Promise<View> {
  const before = await movable(space, id, "readdress", if_match);
  if (before.email === email) return viewInvite(before);
  return renew(space, before, ports, {
    step: "readdress",
    action: "invite.readdressed",
    set: { email },
    changed: ["email"],
    events: [{ type: "invite.readdressed", data: {} }],
    first: [refuseBelonging(space, before, email), expireOverdue(space, email)],
  });
}

/** Takes an invite back; its link is dead at once. @throws not_found, grant_exceeds_own, illegal_transition, conflict */
export async function cancelInvite(space: Space, id: string): Promise<View> {
  const before = await movable(space, id, "cancel", null);
  const after = await step(space, before, {
    step: "cancel",
    action: "invite.cancelled",
    events: [{ type: "invite.cancelled", data: {} }],
  });
  return viewInvite(after);
}
