/** Nothing that a caller says can become a header: line breaks and NUL are refused before any adapter sees the message. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { bindingAdapter } from "../../../src/integrations/mail/binding.ts";
import { outboxAdapter } from "../../../src/integrations/mail/outbox.ts";
import { smtpAdapter } from "../../../src/integrations/mail/smtp.ts";
import { type MailAdapter, MailFailure, type MailMessage, makeSendMail } from "../../../src/platform/mail.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const message: MailMessage = {
  id: "m-1",
  to: "ada@example.org",
  to_name: "Ada",
  subject: "Hello",
  text: "Hello",
  html: "<p>Hello</p>",
  from_name: "Fab Lab",
  reply_to: "desk@example.org",
};
const from = { address: "mail@makrcave.test", name: null };

const adapters: [string, MailAdapter][] = [
  ["SMTP", smtpAdapter({ host: "127.0.0.1", port: 1, security: "none", credentials: null })],
  ["the binding", bindingAdapter(env.EMAIL)],
  ["the outbox", outboxAdapter],
];
const injections: [keyof MailMessage, string][] = [
  ["subject", "Hello\r\nBcc: evil@example.org"],
  ["subject", "Hello\nBcc: evil@example.org"],
  ["subject", "Hello\rBcc: evil@example.org"],
  ["subject", "Hello\0"],
  ["subject", "Hello\u2028Bcc: evil@example.org"],
  ["to", "ada@example.org\r\nBcc: evil@example.org"],
  ["to", "ada@example.org>\r\nRCPT TO:<evil@example.org"],
  ["to", "ada@example.org, evil@example.org"],
  ["to_name", "Ada\r\nBcc: evil@example.org"],
  ["from_name", "Lab\nBcc: evil@example.org"],
  ["reply_to", "desk@example.org\r\nBcc: evil@example.org"],
  ["reply_to", "desk@example.org\0"],
  ["id", "m-1>\r\nBcc: evil@example.org"],
];

describe.each(adapters)("before %s", (_, adapter) => {
  it.each(injections)("%s %j is refused", async (field, value) => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const sent = vi.fn(adapter.send);
    const send = makeSendMail({ send: sent }, from);
    const failure = await send({ ...message, [field]: value }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(MailFailure);
    expect(failure).toMatchObject({ permanent: true });
    expect(sent).not.toHaveBeenCalled();
  });
});

it("a message without them passes", async () => {
  const sent = vi.fn(async () => {});
  await makeSendMail({ send: sent }, from)(message);
  expect(sent).toHaveBeenCalledWith(expect.objectContaining({ subject: "Hello", from: { ...from, name: "Fab Lab" } }));
});

it("the binding takes a message", async () => {
  await makeSendMail(bindingAdapter(env.EMAIL), from)(message);
});

it("one that cannot reach its server lets the next ones fail at once, for half a minute", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const clock = { now: 1_000 };
  const away = vi.fn(async () => {
    throw new MailFailure("timeout", false, true);
  });
  const send = makeSendMail({ send: away }, from, () => clock.now);
  await expect(send(message)).rejects.toMatchObject({ reason: "timeout" });
  await expect(send(message)).rejects.toMatchObject({ reason: "unreachable", permanent: false });
  expect(away).toHaveBeenCalledTimes(1);
  clock.now += 30_000;
  await expect(send(message)).rejects.toMatchObject({ reason: "timeout" });
});
