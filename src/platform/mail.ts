/** The port of outgoing mail: what a message is, what may be said in its head, and how sending fails. Adapters live in src/integrations/mail. */

import { describeError, log } from "./log.ts";
import { SECOND } from "./time.ts";

/** An address with the name shown before it. */
export interface Mailbox {
  address: string;
  name: string | null;
}

/** A message to one person, in text and HTML. */
export interface MailMessage {
  to: string;
  to_name?: string | null;
  subject: string;
  text: string;
  html: string;
  /** Shown before our own address: the makerspace's name. */
  from_name?: string | null;
  reply_to?: string | null;
  /** Names the message for good: a repeated attempt carries the same, so that mail systems may drop a copy. */
  id: string;
}

/** A message whose head was checked, as adapters get it. */
export interface CheckedMessage {
  id: string;
  from: Mailbox;
  to: Mailbox;
  reply_to: string | null;
  subject: string;
  text: string;
  html: string;
}

/** Carries messages out of the house. @throws MailFailure */
export interface MailAdapter {
  send(message: CheckedMessage): Promise<void>;
}

/** A message did not go out. `reason` is short and names nobody: servers' own words may hold addresses. */
export class MailFailure extends Error {
  override name = "MailFailure";
  constructor(
    /** "smtp_451", "timeout", "invalid_header", … */
    readonly reason: string,
    /** Whether trying again cannot help. */
    readonly permanent: boolean,
    /** The way itself is closed, not this message: others would fail as well. */
    readonly unreachable = false,
  ) {
    super(reason);
  }
}

/** Sends one message. @throws MailFailure */
export type SendMail = (message: MailMessage) => Promise<void>;

const MAX_HEADER = 500;
/** Control characters end a header line or hide in it; a line break begins another header. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const CONTROL = /[\u0000-\u001f\u007f\u0085\u2028\u2029]/;
/** What can stand between < and > in SMTP without quoting: ASCII, one @, no spaces, brackets, quotes or commas. */
const ADDRESS = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/;

/** A header value as it may be written. @throws MailFailure `invalid_header` for line breaks, NUL and other control characters. */
function headerValue(value: string): string {
  if (CONTROL.test(value) || value.length > MAX_HEADER) throw new MailFailure("invalid_header", true);
  return value;
}

function address(value: string): string {
  if (value.length > 254 || !ADDRESS.test(value)) throw new MailFailure("invalid_address", true);
  return value;
}

const nameOf = (name: string | null | undefined): string | null => (name ? headerValue(name) : null);

/** Checks everything that becomes a header. @throws MailFailure `invalid_header`, `invalid_address` */
export function checkMessage(message: MailMessage, from: Mailbox): CheckedMessage {
  const { id, to, to_name, subject, from_name, reply_to, text, html } = message;
  if (!/^[\w.-]{1,120}$/.test(id)) throw new MailFailure("invalid_header", true);
  return {
    id,
    from: { address: address(from.address), name: nameOf(from_name) ?? nameOf(from.name) },
    to: { address: address(to), name: nameOf(to_name) },
    reply_to: reply_to ? address(reply_to) : null,
    subject: headerValue(subject),
    text,
    html,
  };
}

/** After the way was found closed, messages fail at once for this long instead of waiting for the same timeout each. */
const CLOSED_FOR = 30 * SECOND;

/** Puts the checks and a fuse before an adapter; `from` is our own address. */
export function makeSendMail(adapter: MailAdapter, from: Mailbox, clock: () => number = Date.now): SendMail {
  const way = { closed_until: 0 };
  return async (message) => {
    const checked = checkMessage(message, from);
    if (clock() < way.closed_until) throw new MailFailure("unreachable", false);
    try {
      await adapter.send(checked);
    } catch (error) {
      const failure = error instanceof MailFailure ? error : new MailFailure("unknown", false);
      if (failure.unreachable) way.closed_until = clock() + CLOSED_FOR;
      const why = failure === error ? failure.reason : describeError(error).split(":")[0];
      log.warn("mail_failed", { message_id: checked.id, reason: why, permanent: failure.permanent });
      throw failure;
    }
  };
}
