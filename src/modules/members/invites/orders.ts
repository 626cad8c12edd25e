/** Mail of invites: ordered with the change that makes it due, tried at once, repaired by its event. */

import { describeError, log } from "../../../platform/log.ts";
import { type MailPorts, orderMail, sendDelivery } from "../../../platform/mail/deliveries.ts";
import type { Space } from "../../../platform/space.ts";
import { SECOND } from "../../../platform/time.ts";
import type { InviteRow } from "./view.ts";

/** What a delivery knows of its invite: mail of an earlier version is dropped. */
export interface InviteMailData {
  version: number;
}

/** The mail for an invite as it is now. */
export const orderInviteMail = (space: Space, { id, version }: InviteRow) =>
  orderMail(
    space.store,
    {
      template: "invite",
      recipient: `invite:${id}`,
      subject: { type: "invite", id },
      cause: `invite:${id}:${version}`,
      data: { version } satisfies InviteMailData,
    },
    space.now,
  );

/** A slow server must not make the request slow; the sending goes on. */
const PATIENCE = SECOND;

/** Tries to send now. What fails here is sent by the event. */
export async function sendAtOnce(space: Space, ports: MailPorts, delivery_id: string): Promise<void> {
  const sending = sendDelivery(ports, space.store, delivery_id, Date.now()).catch((error: unknown) => {
    log.warn("mail_left_to_event", { request_id: space.request_id, error: describeError(error) });
  });
  space.defer(sending);
  await Promise.race([sending, scheduler.wait(PATIENCE)]);
}
