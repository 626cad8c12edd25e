/**
 * SMTP (RFC 5321) over a worker's TCP sockets: one message, one connection, everything within a time. TLS is never optional where it is
 * configured: a server that does not offer STARTTLS gets neither password nor mail.
 */

import { connect } from "cloudflare:sockets";
import type { Config } from "../../platform/env.ts";
import { type CheckedMessage, type MailAdapter, MailFailure } from "../../platform/mail.ts";
import { SECOND } from "../../platform/time.ts";
import { base64, utf8 } from "./bytes.ts";
import { before, Dialogue, type SmtpReply } from "./dialogue.ts";
import { toMime } from "./mime.ts";

/** Where the server is, and how to speak to it. */
export interface SmtpServer {
  host: string;
  port: number;
  security: "tls" | "starttls" | "none";
  credentials: { username: string; password: string } | null;
  /** For all of one message, in milliseconds. */
  timeout_ms?: number;
}

/** The server of the configuration. */
export const smtpServer = (config: Config): SmtpServer => ({
  host: config.SMTP_HOST ?? "",
  port: config.SMTP_PORT,
  security: config.SMTP_SECURITY,
  credentials:
    config.SMTP_USERNAME !== null && config.SMTP_PASSWORD !== null
      ? { username: config.SMTP_USERNAME, password: config.SMTP_PASSWORD }
      : null,
});

const TIMEOUT = 20 * SECOND;

/** What an unexpected answer to a command about this message means: 5xx is for good, 4xx (greylisting, a full disk) passes. */
const refused = ({ code }: SmtpReply): MailFailure => new MailFailure(`smtp_${code}`, code >= 500, code === 421);

/** The same before the message is spoken of: it is the server or our configuration, so it passes, and the way is closed. */
const unwelcome = (what: string, { code }: SmtpReply): MailFailure => new MailFailure(`${what}_${code}`, false, true);

/** Says who we are; answers the server's extensions. */
async function greet(dialogue: Dialogue, domain: string): Promise<string[]> {
  const reply = await dialogue.ask(`EHLO ${domain}`);
  if (reply.code !== 250) throw unwelcome("ehlo", reply);
  return reply.lines.slice(1).map((line) => line.toUpperCase());
}

const offers = (extensions: readonly string[], name: string, value?: string): boolean =>
  extensions.some((line) => {
    const [keyword, ...values] = line.split(/[ =]+/);
    return keyword === name && (value === undefined || values.includes(value));
  });

async function signIn(
  dialogue: Dialogue,
  extensions: readonly string[],
  { username, password }: NonNullable<SmtpServer["credentials"]>,
): Promise<void> {
  const encoded = (text: string): string => base64(utf8(text));
  let reply: SmtpReply;
  if (offers(extensions, "AUTH", "PLAIN")) {
    reply = await dialogue.ask(`AUTH PLAIN ${encoded(`\0${username}\0${password}`)}`);
  } else if (offers(extensions, "AUTH", "LOGIN")) {
    reply = await dialogue.ask("AUTH LOGIN");
    for (const answer of [username, password]) if (reply.code === 334) reply = await dialogue.ask(encoded(answer));
  } else throw new MailFailure("no_auth", false, true);
  if (reply.code !== 235) throw unwelcome("auth", reply);
}

async function hand(dialogue: Dialogue, message: CheckedMessage, now: number): Promise<void> {
  const steps = [
    [`MAIL FROM:<${message.from.address}>`, 250],
    [`RCPT TO:<${message.to.address}>`, 250],
    ["DATA", 354],
  ] as const;
  for (const [command, expected] of steps) {
    const reply = await dialogue.ask(command);
    // 251: the server forwards.
    if (reply.code !== expected && reply.code !== 251) throw refused(reply);
  }
  // A line that begins with a dot gets another, so that none of ours ends the message.
  const data = toMime(message, now).replaceAll(/^\./gm, "..");
  await dialogue.say(`${data}.\r\n`);
  const reply = await dialogue.hear();
  if (reply.code !== 250) throw refused(reply);
}

/** Speaks to the server until it has taken the message. */
async function deliver(server: SmtpServer, message: CheckedMessage): Promise<void> {
  const deadline = Date.now() + (server.timeout_ms ?? TIMEOUT);
  const secureTransport = ({ tls: "on", starttls: "starttls", none: "off" } as const)[server.security];
  const [, domain = ""] = message.from.address.split("@");
  let socket = connect({ hostname: server.host, port: server.port }, { secureTransport, allowHalfOpen: false });
  // Whoever waits for these hears of it through the streams.
  socket.closed.catch(() => undefined);
  try {
    await before(deadline, socket.opened).catch((error: unknown) => {
      throw error instanceof MailFailure ? error : new MailFailure("unreachable", false, true);
    });
    let dialogue = new Dialogue(socket, deadline);
    const welcome = await dialogue.hear();
    if (welcome.code !== 220) throw unwelcome("greeting", welcome);
    let extensions = await greet(dialogue, domain);
    if (server.security === "starttls") {
      if (!offers(extensions, "STARTTLS")) throw new MailFailure("no_tls", false, true);
      const ready = await dialogue.ask("STARTTLS");
      if (ready.code !== 220) throw unwelcome("starttls", ready);
      dialogue.release();
      socket = socket.startTls();
      socket.closed.catch(() => undefined);
      dialogue = new Dialogue(socket, deadline);
      extensions = await greet(dialogue, domain);
    }
    if (server.credentials) await signIn(dialogue, extensions, server.credentials);
    await hand(dialogue, message, Date.now());
    // The message is theirs; how they say goodbye changes nothing.
    await dialogue.say("QUIT\r\n").catch(() => undefined);
  } finally {
    await socket.close().catch(() => undefined);
  }
}

/** Mail by an SMTP server. */
export const smtpAdapter = (server: SmtpServer): MailAdapter => ({ send: (message) => deliver(server, message) });
