/** What mail says, word for word: text and HTML from one source. A changed word is a changed golden file. */

import { describe, expect, it } from "vitest";
import { type InviteFacts, inviteDocument, reminderDocument } from "../../../src/modules/members/invites/mails.ts";
import { type MailBrand, type MailDocument, oneLine, renderMail } from "../../../src/platform/mail/document.tsx";
import { defaultSettings } from "../../../src/platform/settings/sections.ts";
import inviteHtml from "./golden/invite.html?raw";
import inviteText from "./golden/invite.txt?raw";
import reminderHtml from "./golden/invite_reminder.html?raw";
import reminderText from "./golden/invite_reminder.txt?raw";

const brand: MailBrand = { name: "Fab Lab Pune", theme: defaultSettings.appearance };

const facts: InviteFacts = {
  makerspace: "Fab Lab Pune",
  timezone: "Asia/Kolkata",
  inviter: "Grace Hopper",
  first_name: "Ada",
  email: "ada@example.org",
  role: "user",
  message: 'The laser is yours on Fridays.\nBring <goggles> & "gloves".',
  expires_at: Date.UTC(2026, 10, 29, 13, 0),
  link: "https://lab.example/invite?token=abc-DEF_123",
};

describe("templates", () => {
  it.each([
    ["invite", inviteDocument(facts), inviteText, inviteHtml],
    [
      "invite_reminder",
      reminderDocument({ ...facts, inviter: null, first_name: null, message: null, role: "admin" }),
      reminderText,
      reminderHtml,
    ],
  ])("%s", (_, document, text, html) => {
    const made = renderMail(document, brand);
    expect(`Subject: ${made.subject}\n\n${made.text}`).toBe(text);
    expect(`${made.html}\n`).toBe(html);
  });

  it("wear the colours of the makerspace", () => {
    const theme = { ...brand.theme, mode: "dark" as const, primary: "#00ff88", background: "#111111", text: "#fafafa" };
    const { html } = renderMail(inviteDocument(facts), { ...brand, theme });
    for (const token of ["#00ff88", "#111111", "#fafafa", 'content="dark"']) expect(html).toContain(token);
  });

  it("escape everything that people wrote", () => {
    const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)> & 'x'`;
    const document: MailDocument = {
      subject: evil,
      greeting: evil,
      blocks: [
        { kind: "text", text: evil },
        { kind: "quote", text: evil },
        { kind: "action", label: evil, url: `https://lab.example/?token=${evil}` },
        { kind: "facts", rows: [[evil, evil]] },
      ],
      because: evil,
    };
    const { html, text } = renderMail(document, { ...brand, name: evil });
    expect(html).not.toMatch(/<(script|img)/);
    expect(html.match(/&lt;script&gt;/g)).toHaveLength(10);
    expect(text).toContain(evil);
  });

  it("put on one line what becomes a header", () => {
    const evil = "Fab Lab\r\nBcc: evil@example.org\u0000\u2028x";
    const made = renderMail(inviteDocument({ ...facts, makerspace: evil, inviter: evil }), { ...brand, name: evil });
    expect(made.subject).not.toMatch(/[\r\n\0\u2028]/);
    expect(made.from_name).toBe("Fab Lab Bcc: evil@example.org x");
    expect(oneLine("  a \t b\r\n")).toBe("a b");
  });
});
