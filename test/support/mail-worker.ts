/** The worker with one path more, for test/node/smtp.test.ts alone: it sends a message by the SMTP server that it is told. */

import worker from "../../src/index.ts";
import { type SmtpServer, smtpAdapter } from "../../src/integrations/mail/smtp.ts";
import { MailFailure, type MailMessage, makeSendMail } from "../../src/platform/mail.ts";

export * from "../../src/index.ts";

const FROM = { address: "mail@makrcave.test", name: "MakrCave" };

/** "sent", or why not. */
async function send({ server, message }: { server: SmtpServer; message: MailMessage }): Promise<object> {
  try {
    await makeSendMail(smtpAdapter(server), FROM)(message);
    return { sent: true };
  } catch (error) {
    if (!(error instanceof MailFailure)) throw error;
    const { reason, permanent, unreachable } = error;
    return { sent: false, reason, permanent, unreachable };
  }
}

const handler: ExportedHandler<Env> = {
  fetch: async (request, env, ctx) =>
    new URL(request.url).pathname === "/api/send-mail"
      ? Response.json(await send(await request.json()))
      : worker.fetch(request, env, ctx),
};
export default handler;
