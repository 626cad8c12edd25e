/** What the worker refuses to start with, and that it names the key. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { readConfig } from "../../../src/platform/env.ts";
import { ForeignIssuer } from "../../support/issuer.ts";

const key = (id: string): string => `${id}:${btoa("x".repeat(32))}`;

describe("the configuration", () => {
  const issuer = JSON.stringify([new ForeignIssuer("idp", { subject_prefix: "idp|" }).config]);
  const good: Record<string, unknown> = {
    ...(env as unknown as Record<string, unknown>),
    ENVIRONMENT: "production",
    DEV_ISSUER: "off",
    OIDC_ISSUERS: issuer,
    ALLOWED_ORIGINS: "https://app.example, https://admin.example",
    RATE_LIMITS: "standard",
    APP_URL: "https://lab.example",
    WEBHOOK_ORIGINS: "",
    WEBHOOK_RESOLVER: "https://resolver.example/dns-query",
    MAIL: "binding",
    MAIL_FROM: "Fab Lab <mail@lab.example>",
  };

  it("has the keys that seal, newest first, and repeats none of them in a fault", () => {
    const { SETTINGS_KEYS } = readConfig({ ...good, SETTINGS_KEYS: `${key("b")}, ${key("a")}` });
    expect(SETTINGS_KEYS.map(({ id, bytes }) => [id, bytes.length])).toEqual([
      ["b", 32],
      ["a", 32],
    ]);
    expect(() => readConfig({ ...good, SETTINGS_KEYS: "a:c2VjcmV0LXNlY3JldA==" })).toThrow(/^(?!.*c2VjcmV0).*entry 1/);
  });

  it("sends webhooks from production to names that were looked up, and to public ones only", () => {
    expect(() => readConfig({ ...good, WEBHOOK_RESOLVER: "" })).toThrow(/WEBHOOK_RESOLVER/);
    expect(() => readConfig({ ...good, WEBHOOK_ORIGINS: "http://127.0.0.1:9000" })).toThrow(/WEBHOOK_ORIGINS/);
  });

  it("names what a store that speaks S3 is missing, and sends no file from production in the clear", () => {
    const s3 = { STORAGE: "s3", S3_ENDPOINT: "https://s3.example", S3_BUCKET: "b", S3_ACCESS_KEY_ID: "k" };
    expect(() => readConfig({ ...good, ...s3 })).toThrow("S3_SECRET_ACCESS_KEY:");
    const whole = { ...good, ...s3, S3_SECRET_ACCESS_KEY: "secret" };
    expect(readConfig(whole)).toMatchObject({ STORAGE: "s3", S3_REGION: "auto", SCAN_URL: null });
    expect(() => readConfig({ ...whole, S3_ENDPOINT: "http://s3.example" })).toThrow("S3_ENDPOINT:");
    expect(() => readConfig({ ...good, SCAN_URL: "http://scan.example" })).toThrow("SCAN_URL:");
  });

  it("is read when it is whole", () => {
    const { ALLOWED_ORIGINS, OIDC_ISSUERS } = readConfig(good);
    expect(ALLOWED_ORIGINS).toEqual(["https://app.example", "https://admin.example"]);
    expect(OIDC_ISSUERS[0]?.subject_prefix).toBe("idp|");
  });

  const names = ["ENVIRONMENT", "OIDC_ISSUERS", "DEV_ISSUER", "ALLOWED_ORIGINS", "RATE_LIMITS", "SETTINGS_KEYS"];
  const bindings = [
    "DIRECTORY",
    "DB_000",
    "FILES",
    "IMAGES",
    "EQUIPMENT",
    "FLOOR",
    "ATTEMPTS",
    "EVENTS",
    "WORK",
    "WEBHOOKS",
    "ASSETS",
    "LIMIT_USER",
    "LIMIT_IP",
  ];
  const mail = ["APP_URL", "MAIL", "MAIL_FROM", "EMAIL"];
  it.each([...names, ...mail, ...bindings])("names %s when it is missing", (name) => {
    const { [name]: _, ...rest } = good;
    expect(() => readConfig(rest)).toThrow(`${name}:`);
  });

  it.each([
    ["ENVIRONMENT", "staging"],
    ["DEV_ISSUER", "yes"],
    ["RATE_LIMITS", "none"],
    ["ALLOWED_ORIGINS", "not an origin"],
    ["OIDC_ISSUERS", "{"],
    ["OIDC_ISSUERS", "[]"],
    ["OIDC_ISSUERS", '[{"issuer":"https://idp.example"}]'],
    ["OIDC_ISSUERS", JSON.stringify([...JSON.parse(issuer), ...JSON.parse(issuer)])],
    ["OIDC_ISSUERS", issuer.replace("ES256", "HS256")],
    ["SETTINGS_KEYS", ""],
    ["SETTINGS_KEYS", "no-colon"],
    ["SETTINGS_KEYS", "a:c2hvcnQ="],
    ["SETTINGS_KEYS", "a:not base64"],
    ["SETTINGS_KEYS", `${key("a")},${key("a")}`],
    ["SETTINGS_KEYS", key("development")],
    ["WEBHOOK_ORIGINS", "http://127.0.0.1:9000"],
    ["WEBHOOK_RESOLVER", "http://dns.example/query"],
    ["APP_URL", "lab.example"],
    ["MAIL", "pigeon"],
    ["MAIL_FROM", ""],
    ["MAIL_FROM", "Fab Lab"],
    ["MAIL_FROM", "Fab Lab <mail@lab.example>\r\nBcc: evil@example.org"],
  ])("names %s when it is %s", (name, value) => {
    expect(() => readConfig({ ...good, [name]: value })).toThrow(name);
  });

  it("refuses the development issuer in production, and where nobody says what this is", () => {
    const { ENVIRONMENT: _, ...unset } = good;
    for (const source of [good, unset]) {
      expect(() => readConfig({ ...source, DEV_ISSUER: "on" })).toThrow("DEV_ISSUER");
    }
    expect(readConfig({ ...good, ENVIRONMENT: "test", DEV_ISSUER: "on" }).DEV_ISSUER).toBe("on");
  });

  it("reads a sender with and without a name", () => {
    const from = (text: string) => readConfig({ ...good, MAIL_FROM: text }).MAIL_FROM;
    expect(from("mail@lab.example")).toEqual({ address: "mail@lab.example", name: null });
    expect(from("Fab Lab <mail@lab.example>")).toEqual({ address: "mail@lab.example", name: "Fab Lab" });
  });

  it("lets no mail out in the clear in production, and none without its server", () => {
    const smtp = { ...good, MAIL: "smtp", SMTP_HOST: "smtp.lab.example", SMTP_USERNAME: "lab", SMTP_PASSWORD: "x" };
    expect(readConfig(smtp)).toMatchObject({ MAIL: "smtp", SMTP_PORT: 587, SMTP_SECURITY: "starttls" });
    expect(() => readConfig({ ...smtp, SMTP_HOST: "" })).toThrow("SMTP_HOST:");
    expect(() => readConfig({ ...smtp, SMTP_PORT: "smtp" })).toThrow("SMTP_PORT:");
    expect(() => readConfig({ ...smtp, SMTP_PORT: "25" })).toThrow("SMTP_PORT:");
    expect(() => readConfig({ ...smtp, SMTP_SECURITY: "none" })).toThrow("SMTP_SECURITY:");
    expect(() => readConfig({ ...smtp, SMTP_PASSWORD: "" })).toThrow("SMTP_PASSWORD:");
    expect(() => readConfig({ ...smtp, SMTP_USERNAME: "" })).toThrow("SMTP_PASSWORD:");
  });

  it("shows nobody's mail without the development issuer", () => {
    expect(() => readConfig({ ...good, MAIL: "outbox" })).toThrow("MAIL:");
    expect(() => readConfig({ ...good, MAIL: "outbox", DEV_ISSUER: "on" })).toThrow("DEV_ISSUER:");
    const test = { ...good, ENVIRONMENT: "test", DEV_ISSUER: "on", MAIL: "outbox" };
    expect(readConfig(test).MAIL).toBe("outbox");
  });
});
