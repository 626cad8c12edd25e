/** Invites as tests handle them. */

import { env } from "cloudflare:workers";
import { Api } from "./api.ts";
import { deliver, outboxOf, tick } from "./background.ts";
import { type Mail, mailTo } from "./mail.ts";
import { type TestSpace, tokenFor, until } from "./space.ts";
import type { Invite, InvitePreview } from "./wire.ts";

export const ACCEPT = "/api/v1/invites/accept";

/** An address that nobody has. */
export const address = (): string => `guest-${crypto.randomUUID()}@example.org`;

/** Somebody signed in with a verified address. */
export const withAddress = async (email: string, sub = `sub-${crypto.randomUUID()}`): Promise<Api> =>
  new Api(await tokenFor(sub, [], email));

/** Looks at a token from an address of one's own, so that the limit of tries is not shared. */
export const preview = (token: string, ip: string = crypto.randomUUID()) =>
  new Api().send<InvitePreview>("POST", "/api/v1/invites/preview", {
    body: { token },
    key: null,
    headers: { "cf-connecting-ip": ip },
  });

/** What one does with invites in a makerspace. */
export class Inviting {
  constructor(readonly space: TestSpace) {}

  /** Invites somebody. */
  invite(email: string, more: object = {}, by: Api = this.space.root): Promise<Invite> {
    return by.post<Invite>(this.space.path("/invites"), { email, role: "user", ...more });
  }

  read({ id }: Invite): Promise<Invite> {
    return this.space.root.get<Invite>(this.space.path(`/invites/${id}`));
  }

  /** Resends or cancels. */
  step(api: Api, { id }: Invite, what: string) {
    return api.send<Invite>("POST", this.space.path(`/invites/${id}/${what}`));
  }

  /** Moves the end of an invite. */
  async endsIn({ id }: Invite, ms: number): Promise<void> {
    await env.DB_000.prepare("UPDATE invites SET expires_at = ? WHERE makerspace_id = ? AND id = ?")
      .bind(Date.now() + ms, this.space.id, id)
      .run();
  }

  /** The quarter of an hour strikes, and the makerspace's message is delivered. */
  async clockwork(): Promise<void> {
    await tick("quarter");
    const subject = { type: "makerspace", id: this.space.id, version: 0 };
    const about = { id: crypto.randomUUID(), type: "invites.due", v: 1, makerspace_id: this.space.id, subject };
    await deliver([{ ...about, actor_id: "cron", request_id: "test", occurred_at: Date.now(), data: {} }]);
  }

  /** The second mail to an address, delivered by its event. */
  reminderTo(email: string): Promise<Mail> {
    return until("the reminder", async () => {
      await deliver(await outboxOf(this.space, "mail.queued"));
      const mails = await mailTo(email);
      return mails.length > 1 && mails[0];
    });
  }

  /** How often something is in the audit of a subject. */
  async audited(action: string, subject_id: string | undefined): Promise<{ actor_kind: string; actor_id: string }[]> {
    const { results } = await env.DB_000.prepare(
      "SELECT actor_kind, actor_id FROM audit_log WHERE makerspace_id = ? AND action = ? AND subject_id = ?",
    )
      .bind(this.space.id, action, subject_id)
      .all<{ actor_kind: string; actor_id: string }>();
    return results;
  }
}
