/** Mail by SMTP as a real server meets it: what arrives is what was said, and what goes wrong is named, within a time. */

import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { type RunningServer, startServer } from "../../scripts/lib/server.ts";
import { temporaryFolder } from "./support/system.ts";

interface Outcome {
  sent: boolean;
  reason?: string;
  permanent?: boolean;
  unreachable?: boolean;
}

interface Received {
  mail: ParsedMail;
  raw: string;
  to: string[];
  from: string;
  user: string | undefined;
}

const message = {
  id: "019a9d2e-7c11",
  to: "ada@example.org",
  to_name: "Ada Łovelace",
  subject: "Zażółć gęślą jaźń: your invitation to Fab Lab पुणे, where machines are booked once, live, and never lost ✂",
  from_name: 'Fab "Lab" Pune',
  reply_to: "desk@example.org",
  text: [
    "Hello Ada,",
    ".",
    ".. two dots",
    ".a dot first",
    "trailing space ",
    "=3D is not an equals sign",
    "ह".repeat(200),
    "x".repeat(1200),
    "From here on: end",
  ].join("\n"),
  html: "<p>Hello <b>Ada</b> ✂</p>\n.\n<p>end</p>",
};

/** A real SMTP server on a free port, with what it received. */
async function smtp(
  t: TestContext,
  options: SMTPServerOptions = {},
): Promise<{ port: number; received: Received[]; server: SMTPServer }> {
  const received: Received[] = [];
  const server = new SMTPServer({
    authOptional: true,
    allowInsecureAuth: true,
    disabledCommands: ["STARTTLS"],
    disableReverseLookup: true,
    logger: false,
    onAuth: ({ username, password }, _, done) =>
      password === "päss word" ? done(null, { user: username }) : done(new Error("wrong")),
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("end", () => {
        const raw = Buffer.concat(chunks).toString("utf8");
        const { mailFrom, rcptTo } = session.envelope;
        simpleParser(raw).then((mail) => {
          const from = mailFrom === false ? "" : mailFrom.address;
          received.push({ mail, raw, to: rcptTo.map(({ address }) => address), from, user: session.user });
          done();
        }, done);
      });
    },
    ...options,
  });
  server.on("error", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { port: (server.server.address() as AddressInfo).port, received, server };
}

/** Something that listens and is no mail server. */
async function listener(t: TestContext, meet: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    meet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

const code = (responseCode: number, text: string): Error => Object.assign(new Error(text), { responseCode });

test("SMTP", async (t) => {
  let system: RunningServer | null = null;
  t.after(() => system?.stop());
  system = await startServer({ persistTo: temporaryFolder(t), entry: "test/support/mail-worker.ts" });
  const { url } = system;
  const send = async (server: object, more: object = {}): Promise<Outcome> => {
    const body = JSON.stringify({
      server: { host: "127.0.0.1", security: "none", credentials: null, timeout_ms: 3_000, ...server },
      message: { ...message, ...more },
    });
    const response = await fetch(`${url}/api/send-mail`, { method: "POST", body });
    return (await response.json()) as Outcome;
  };
  const credentials = { username: "lab", password: "päss word" };

  await t.test("carries a message as it was said", async (t) => {
    const { port, received } = await smtp(t);
    assert.deepEqual(await send({ port, credentials }), { sent: true });
    assert.equal(received.length, 1);
    const [one] = received;
    assert(one);
    const { mail } = one;
    assert.deepEqual([one.from, one.to, one.user], ["mail@makrcave.test", ["ada@example.org"], "lab"]);
    assert.equal(mail.subject, message.subject);
    assert.deepEqual(mail.from?.value, [{ address: "mail@makrcave.test", name: 'Fab "Lab" Pune' }]);
    assert.deepEqual(mail.to && "value" in mail.to && mail.to.value, [
      { address: "ada@example.org", name: "Ada Łovelace" },
    ]);
    assert.equal(mail.replyTo?.text, "desk@example.org");
    assert.equal(mail.text?.trimEnd(), message.text);
    assert.equal(typeof mail.html === "string" && mail.html.trimEnd(), message.html);
    assert.equal(mail.messageId, "<019a9d2e-7c11@makrcave.test>");
    assert.equal(mail.bcc, undefined);
    assert(Math.abs((mail.date?.getTime() ?? 0) - Date.now()) < 60_000);
    const lines = one.raw.split("\r\n");
    assert(Math.max(...lines.map((line) => line.length)) <= 78, "no line is longer than mail allows");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing but ASCII on the line is the claim.
    assert.match(one.raw, /^[\x00-\x7f]*$/);
  });

  await t.test("signs in by LOGIN where PLAIN is not offered, and names a wrong password", async (t) => {
    const { port, received } = await smtp(t, { authMethods: ["LOGIN"] });
    assert.deepEqual(await send({ port, credentials }), { sent: true });
    assert.equal(received[0]?.user, "lab");
    const wrong = await send({ port, credentials: { username: "lab", password: "x" } });
    assert.deepEqual(wrong, { sent: false, reason: "auth_535", permanent: false, unreachable: true });
    assert.equal(received.length, 1);
  });

  await t.test("a refusal of this message is for good", async (t) => {
    const unknown = await smtp(t, { onRcptTo: (_, __, done) => done(code(550, "no such user ada@example.org")) });
    assert.deepEqual(await send({ port: unknown.port }), {
      sent: false,
      reason: "smtp_550",
      permanent: true,
      unreachable: false,
    });
    const spam = await smtp(t, {
      onData: (stream, _, done) => {
        stream.resume();
        stream.on("end", () => done(code(554, "spam")));
      },
    });
    const refused = await send({ port: spam.port });
    assert.deepEqual([refused.reason, refused.permanent], ["smtp_554", true]);
  });

  await t.test("greylisting passes: the second attempt arrives", async (t) => {
    let seen = 0;
    const { port, received } = await smtp(t, {
      onRcptTo: (_, __, done) => (++seen === 1 ? done(code(451, "come back later")) : done()),
    });
    const first = await send({ port });
    assert.deepEqual([first.reason, first.permanent, first.unreachable], ["smtp_451", false, false]);
    assert.deepEqual(await send({ port }), { sent: true });
    assert.equal(received.length, 1);
  });

  await t.test("a server that says nothing, drips or hangs up costs no more than the time", async (t) => {
    const silent = await listener(t, () => undefined);
    const drips = await listener(t, (socket) => {
      const timer = setInterval(() => socket.write("220-wait\r\n"), 100);
      socket.on("close", () => clearInterval(timer));
    });
    const hangs_up = await listener(t, (socket) => socket.end("220 hello\r\n"));
    const dies = await listener(t, (socket) => {
      socket.write("220 hello\r\n");
      socket.on("data", () => socket.destroy());
    });
    const talks_http = await listener(t, (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    for (const [port, reasons] of [
      [silent, ["timeout"]],
      [drips, ["timeout"]],
      [hangs_up, ["dropped"]],
      [dies, ["dropped"]],
      [talks_http, ["not_smtp"]],
      [1, ["unreachable"]],
    ] as const) {
      const begun = performance.now();
      const outcome = await send({ port, timeout_ms: 1_000 });
      assert.deepEqual([reasons.includes(outcome.reason as never), outcome.permanent], [true, false], outcome.reason);
      assert(performance.now() - begun < 2_500, `${outcome.reason} took ${performance.now() - begun} ms`);
    }
  });

  await t.test("nothing is said in the clear where TLS is asked for", async (t) => {
    const plain = await smtp(t);
    const heard: string[] = [];
    assert.equal((await send({ port: plain.port, security: "starttls", credentials })).reason, "no_tls");
    // A certificate that nobody vouches for.
    const forged = await smtp(t, { disabledCommands: [], onAuth: ({ username }) => heard.push(username ?? "") });
    const starttls = await send({ port: forged.port, security: "starttls", credentials });
    assert.equal(starttls.sent, false);
    const implicit = await smtp(t, { secure: true, onAuth: ({ username }) => heard.push(username ?? "") });
    const tls = await send({ port: implicit.port, security: "tls", credentials });
    assert.equal(tls.sent, false);
    const eager = await listener(t, (socket) => {
      socket.write("220 hello\r\n");
      socket.on("data", (data) => {
        if (data.toString().startsWith("EHLO")) socket.write("250-hello\r\n250 STARTTLS\r\n");
        // What is said along with the consent would be taken for what is said under TLS.
        else socket.write("220 go ahead\r\n250 injected\r\n");
      });
    });
    assert.equal((await send({ port: eager, security: "starttls" })).reason, "not_smtp");
    assert.deepEqual([heard, plain.received, forged.received, implicit.received], [[], [], [], []]);
  });

  await t.test("no header is let in, and the server is not even asked", async (t) => {
    let asked = 0;
    const { port, received } = await smtp(t, {
      onConnect: (_, done) => {
        asked++;
        done();
      },
    });
    const outcome = await send({ port }, { subject: "Hello\r\nBcc: evil@example.org" });
    assert.deepEqual([outcome.reason, outcome.permanent, asked, received], ["invalid_header", true, 0, []]);
  });
});
