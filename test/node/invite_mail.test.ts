/** An invitation as people meet it: the running system mails it by a real SMTP server, and the token that arrives makes a member. */

import assert from "node:assert/strict";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { type ParsedMail, simpleParser } from "mailparser";
import { SMTPServer } from "smtp-server";
import { Api } from "../support/http/client.ts";
import { World } from "../support/http/world.ts";
import { eventually, startSystem } from "./support/system.ts";

test("an invitation travels by SMTP and is accepted by whoever it reaches", async (t) => {
  const received: ParsedMail[] = [];
  let refusals = 0;
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["STARTTLS", "AUTH"],
    disableReverseLookup: true,
    // Refused for good the first time; staff try again once the mailbox is there.
    onRcptTo: ({ address }, _, done) => {
      if (!address.startsWith("unknown") || refusals > 0) return done();
      refusals += 1;
      return done(Object.assign(new Error("no such user"), { responseCode: 550 }));
    },
    onData(stream, _, done) {
      simpleParser(stream).then((mail) => {
        received.push(mail);
        done();
      }, done);
    },
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const SMTP_PORT = String((server.server.address() as AddressInfo).port);
  const system = await startSystem(t, {
    MAIL: "smtp",
    SMTP_HOST: "127.0.0.1",
    SMTP_PORT,
    SMTP_SECURITY: "none",
    APP_URL: "https://lab.example",
  });
  const world = await World.create(system.url, "Warsztat Łódź");
  const path = `/api/v1/makerspaces/${world.makerspace_id}`;
  const email = "ada@example.org";
  await world.root.post(`${path}/invites`, {
    email,
    role: "user",
    message: "Zapraszamy!\n.\n.. kropki",
    first_name: "Ada",
  });
  await eventually("the mail", () => received.length > 0, 15_000);
  const [mail] = received;
  assert.equal(mail?.subject, "Warsztat Łódź invites you to join");
  assert.deepEqual(mail?.from?.value, [{ address: "mail@makrcave.test", name: "Warsztat Łódź" }]);
  assert.match(mail?.text ?? "", /^> Zapraszamy!\n> \.\n> \.\. kropki$/m);
  assert.match(String(mail?.html), /Zapraszamy!/);
  const token = /https:\/\/lab\.example\/invite\?token=([\w-]{43})\n/.exec(mail?.text ?? "")?.[1];
  assert(token);
  const body = { sub: "ada", email, name: "Ada" };
  const { access_token } = await new Api(system.url).post<{ access_token: string }>("/api/v1/dev/tokens", body);
  const ada = new Api(system.url, access_token);
  const member = await ada.post<{ email: string; status: string }>("/api/v1/invites/accept", { token });
  assert.deepEqual([member.email, member.status], [email, "active"]);

  const invite = await world.root.post<{ id: string }>(`${path}/invites`, {
    email: "unknown@example.org",
    role: "user",
  });
  const deliveries = () =>
    world.root.all<{ id: string; status: string; reason: string | null; subject: { id: string } }>(
      `${path}/mail_deliveries`,
    );
  const ofInvite = async () => (await deliveries()).find(({ subject }) => subject.id === invite.id);
  await eventually("the refusal", async () => (await ofInvite())?.status === "failed", 15_000);
  const failed = await ofInvite();
  assert.equal(failed?.reason, "smtp_550");
  await world.root.post(`${path}/mail_deliveries/${failed?.id}/retry`);
  await eventually("the mail after all", async () => (await ofInvite())?.status === "sent", 30_000);
  assert.equal(received.length, 2);
  assert.equal(await (await fetch(`${system.url}/dev/mail`)).text(), "[]");
});
