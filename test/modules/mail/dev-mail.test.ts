/** GET /dev/mail: what the local outbox kept, for programs and for people. */

import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { outboxAdapter } from "../../../src/integrations/mail/outbox.ts";
import { makeSendMail } from "../../../src/platform/mail.ts";
import { ORIGIN } from "../../support/api.ts";
import { mailTo } from "../../support/mail.ts";

const send = makeSendMail(outboxAdapter, { address: "mail@makrcave.test", name: null });
const page = (query = "") => exports.default.fetch(`${ORIGIN}/dev/mail${query}`, { headers: { accept: "text/html" } });

it("answers an array, newest first", async () => {
  const to = "newest@example.org";
  for (const subject of ["One", "Two"]) {
    await send({ id: "m", to, subject, text: `${subject} token=x`, html: `<p>${subject}</p>` });
    await scheduler.wait(2);
  }
  const mails = await mailTo(to);
  expect(mails).toMatchObject([
    { to, subject: "Two", text: "Two token=x", html: "<p>Two</p>" },
    { to, subject: "One" },
  ]);
  expect(Date.parse(mails[0]?.created_at ?? "")).toBeGreaterThan(Date.now() - 60_000);
});

it("is a page for browsers, in which no mail can do anything", async () => {
  const to = "page@example.org";
  const html = "<!doctype html><p style='color: red'>Hi</p><script>alert(1)</script>";
  await send({
    id: "m",
    to,
    subject: "<script>alert(1)</script>",
    text: "See https://lab.example/?token=abc now",
    html,
  });
  const [mail] = await mailTo(to);
  const list = await page();
  const text = await list.text();
  expect(list.headers.get("content-type")).toBe("text/html; charset=utf-8");
  expect(list.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'nonce-/);
  expect(text).not.toContain("<script");
  expect(text).toContain('<a href="https://lab.example/?token=abc">https://lab.example/?token=abc</a> now');
  expect(text).toContain("overflow-wrap: anywhere");
  const one = await page(`?id=${mail?.id}`);
  expect(await one.text()).toBe(html);
  expect(one.headers.get("content-security-policy")).toMatch(/^sandbox allow-popups; default-src 'none'/);
  expect((await page("?id=none")).status).toBe(404);
});
