/** Mail by the platform's own `send_email` binding. */

import { type MailAdapter, MailFailure } from "../../platform/mail.ts";

/** Codes that trying again does not change: the address or the content is refused. */
const FOR_GOOD = /^E_(RECIPIENT|VALIDATION|CONTENT|FIELD|HEADER)/;

const codeOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^E_[A-Z_]{1,60}$/.test(code) ? code : "";
};

/** Hands messages to the binding. */
export const bindingAdapter = (binding: SendEmail): MailAdapter => ({
  async send({ from, to, reply_to, subject, text, html }) {
    const mailbox = ({ address, name }: typeof from) => (name === null ? address : { email: address, name });
    const replyTo = reply_to === null ? {} : { replyTo: reply_to };
    try {
      await binding.send({ from: mailbox(from), to: mailbox(to), ...replyTo, subject, text, html });
    } catch (error) {
      const code = codeOf(error);
      throw new MailFailure(code === "" ? "binding" : `binding_${code.slice(2).toLowerCase()}`, FOR_GOOD.test(code));
    }
  },
});
