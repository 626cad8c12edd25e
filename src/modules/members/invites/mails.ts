/** What invites say. A token comes into being when its mail is made, and is nowhere else. */

import { and, eq } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { newSecret, sha256 } from "../../../platform/ids.ts";
import type { MailContext, MailTemplate, MailTemplates } from "../../../platform/mail/deliveries.ts";
import { type MailDocument, renderMail } from "../../../platform/mail/document.tsx";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { displayName } from "../model.ts";
import { findMember } from "../people/reads.ts";
import type { InviteMailData } from "./orders.ts";
import { isOpen, rememberToken } from "./reads.ts";
import { invites } from "./tables.ts";
import type { InviteRow } from "./view.ts";

/** What a mail of an invite is made of. */
export interface InviteFacts {
  makerspace: string;
  /** IANA zone of the makerspace: the end is told on its clock. */
  timezone: string;
  /** Null when a person of the platform invites. */
  inviter: string | null;
  first_name: string | null;
  email: string;
  role: InviteRow["role"];
  message: string | null;
  expires_at: number;
  /** With the token. */
  link: string;
}

const roleTexts: Readonly<Record<InviteRow["role"], string>> = {
  user: "a member",
  service_provider: "a service provider",
  admin: "staff who see everything",
  makerspace_admin: "an administrator",
};

/** "Sunday, 29 November 2026 at 14:30 GMT+1" */
const onTheClock = (at: number, timeZone: string): string =>
  new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  }).format(at);

const body = ({ email, message, expires_at, timezone, link, inviter }: InviteFacts): MailDocument["blocks"] => [
  ...(message === null
    ? []
    : [
        { kind: "text" as const, text: `${inviter ?? "They"} wrote:` },
        { kind: "quote" as const, text: message },
      ]),
  { kind: "action", label: "Accept the invitation", url: link },
  {
    kind: "facts",
    rows: [
      ["Sign in as", email],
      ["Good until", onTheClock(expires_at, timezone)],
    ],
  },
];

const because = (facts: InviteFacts): string =>
  `Somebody of ${facts.makerspace} gave this address to invite you. If you did not expect it, do nothing: the link works once and ends by itself.`;

const greeting = ({ first_name }: InviteFacts): string => (first_name === null ? "Hello," : `Hello ${first_name},`);

/** The invitation. */
export const inviteDocument = (facts: InviteFacts): MailDocument => ({
  subject: `${facts.inviter ?? facts.makerspace} invites you to ${facts.inviter === null ? "join" : facts.makerspace}`,
  greeting: greeting(facts),
  blocks: [
    { kind: "text", text: `You are invited to ${facts.makerspace} as ${roleTexts[facts.role]}.` },
    ...body(facts),
  ],
  because: because(facts),
});

/** Two days before the end. */
export const reminderDocument = (facts: InviteFacts): MailDocument => ({
  subject: `Your invitation to ${facts.makerspace} ends soon`,
  greeting: greeting(facts),
  blocks: [
    {
      kind: "text",
      text: `You have not answered yet: you are invited to ${facts.makerspace} as ${roleTexts[facts.role]}.`,
    },
    ...body(facts),
  ],
  because: because(facts),
});

/** What the templates are given. */
export interface InviteMailSources {
  settings: SettingsSource;
  /** Origin of the pages: links begin with it. */
  app_url: string;
}

type Digest = "token_digest" | "reminder_digest";

/** The invite of a delivery while it is as it was when the mail was ordered. */
async function openInvite({ store, delivery, now }: MailContext): Promise<InviteRow | null> {
  const { version } = delivery.data as InviteMailData;
  const [row] = await store.db
    .select()
    .from(invites)
    .where(store.in(invites, eq(invites.id, delivery.subject_id), eq(invites.version, version), isOpen(now)));
  return row ?? null;
}

/** Makes the token of this mail and lets the invite know its digest. Null when the invite changed meanwhile. */
async function makeToken({ store, now }: MailContext, row: InviteRow, column: Digest): Promise<string | null> {
  const token = newSecret();
  const digest = await sha256(token);
  await rememberToken(row, digest);
  const [kept] = await store.db
    .update(invites)
    .set({ [column]: digest })
    .where(and(store.in(invites, eq(invites.id, row.id), eq(invites.version, row.version)), isOpen(now)))
    .returning({ id: invites.id });
  return kept ? token : null;
}

const template =
  (sources: InviteMailSources, column: Digest, document: (facts: InviteFacts) => MailDocument): MailTemplate =>
  async (context) => {
    const { store, delivery, now } = context;
    const row = await openInvite(context);
    const work = { actor_id: "mail", request_id: delivery.id, now };
    const space = row && (await loadSystemSpace(store, sources.settings, work));
    if (!row || !space) return null;
    const inviter = await findMember(store, row.invited_by);
    const token = await makeToken(context, row, column);
    if (token === null) return null;
    const { name, timezone, sections } = space.settings;
    const facts: InviteFacts = {
      ...row,
      makerspace: name,
      timezone,
      inviter: inviter && displayName(inviter),
      link: `${sources.app_url}/invite?token=${token}`,
    };
    const { subject, text, html, from_name } = renderMail(document(facts), { name, theme: sections.appearance });
    return {
      to: row.email,
      subject,
      text,
      html,
      from_name,
      reply_to: sections.general.contact_email,
      sent: async () => {
        await store.db
          .update(invites)
          .set({ mailed_at: now })
          .where(store.in(invites, eq(invites.id, row.id), eq(invites.version, row.version)));
      },
    };
  };

/** Every kind of mail that invites send. */
export const inviteTemplates = (sources: InviteMailSources): MailTemplates => ({
  invite: template(sources, "token_digest", inviteDocument),
  invite_reminder: template(sources, "reminder_digest", reminderDocument),
});
