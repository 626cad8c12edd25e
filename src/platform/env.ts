/** Variables and bindings, checked once when the worker loads: a missing or wrong one refuses to start and names its key. */

import { env as bindings } from "cloudflare:workers";
import { z } from "@hono/zod-openapi";

const algorithms = ["RS256", "PS256", "ES256", "EdDSA"] as const;

const Issuer = z.strictObject({
  /** Exactly the `iss` claim. */
  issuer: z.url(),
  /** Our API's name in `aud`. */
  audience: z.string().min(1),
  /** Clients whose tokens we take (`azp`); empty takes none. */
  azp: z.array(z.string().min(1)).min(1),
  algorithms: z.array(z.enum(algorithms)).min(1),
  jwks_uri: z.url(),
  /** Put before `sub` to make our user id; one issuer may leave it empty, two must differ. */
  subject_prefix: z.string().max(40),
  /** Of those clients, the ones that sign in as themselves (client credentials): their user id is the prefix and `service-account-<client>`. */
  service_accounts: z.array(z.string().min(1)).optional(),
  /** Whether its realm role `super_admin` counts here: it opens every makerspace. */
  super_admin: z.boolean(),
});
export type IssuerConfig = z.infer<typeof Issuer>;

const json = (text: string, ctx: z.RefinementCtx): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    ctx.addIssue({ code: "custom", message: "is not JSON" });
    return z.NEVER;
  }
};

/** A key that seals secrets at rest. */
export interface SealingKey {
  /** Kept beside what it sealed. */
  id: string;
  /** 256 bits. */
  bytes: Uint8Array<ArrayBuffer>;
}

const bytesOf = (base64: string): Uint8Array<ArrayBuffer> | null => {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return null;
  }
};

/** "2026-11:<base64>,2025-03:<base64>" → keys, newest first. A fault never repeats the text. */
function sealingKeys(text: string, ctx: z.RefinementCtx): SealingKey[] {
  const keys = text.split(",").map((part, index): SealingKey => {
    const [, id = "", base64 = ""] = /^\s*([a-z0-9][a-z0-9_-]{0,31}):(\S+)\s*$/.exec(part) ?? [];
    const bytes = bytesOf(base64);
    if (id !== "" && bytes?.length === 32) return { id, bytes };
    ctx.addIssue({ code: "custom", message: `entry ${index + 1} is not id:base64 of 32 bytes` });
    return { id: String(index), bytes: new Uint8Array() };
  });
  if (new Set(keys.map(({ id }) => id)).size < keys.length)
    ctx.addIssue({ code: "custom", message: "two keys have one id" });
  return keys;
}

/** The key of the start and test scripts: everybody has it. */
const DEVELOPMENT_KEY = "development";
/** Who mail comes from: `name@example.org` or `Name <name@example.org>`. */
const Sender = z.string().transform((text, ctx) => {
  const [, name, inner] = /^([^<>"\r\n]*)<([^<>\s]+)>$/.exec(text) ?? [];
  const address = z
    .email()
    .max(254)
    .safeParse(inner ?? text.trim());
  if (address.success) return { address: address.data, name: name?.trim() || null };
  ctx.addIssue({ code: "custom", message: 'is an address, or "Name <address>"' });
  return z.NEVER;
});

/** An origin without a path, as links are made of it. */
const Origin = z.url({ protocol: /^https?$/ }).transform((url) => new URL(url).origin);

/** A variable that may be left out; wrangler.toml writes that as an empty text. */
const optional = z
  .string()
  .optional()
  .transform((text) => text || null);

/** Origins, comma-separated. */
const origins = z
  .string()
  .transform((text) =>
    text
      .split(",")
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ""),
  )
  .pipe(z.array(z.url()));

const Variables = z.object({
  ENVIRONMENT: z.enum(["production", "development", "test"]),
  OIDC_ISSUERS: z.string().transform(json).pipe(z.array(Issuer).max(10)),
  DEV_ISSUER: z.enum(["on", "off"]),
  ALLOWED_ORIGINS: origins,
  RATE_LIMITS: z.enum(["standard", "load"]),
  SETTINGS_KEYS: z.string().transform(sealingKeys),
  /** Asked what the names in webhooks mean (DNS over HTTPS, JSON); left out, nobody is asked. Production needs it. */
  WEBHOOK_RESOLVER: optional.pipe(z.url({ protocol: /^https$/ }).nullable()),
  /** Development only: origins that webhooks may point to although they are not public. */
  WEBHOOK_ORIGINS: origins.default([]),
  /** Where people open pages: links in mail begin with it. */
  APP_URL: Origin,
  /** How mail leaves: an SMTP server, the send_email binding, or (development only) a table shown at /dev/mail. */
  MAIL: z.enum(["smtp", "binding", "outbox"]),
  MAIL_FROM: Sender,
  SMTP_HOST: optional,
  SMTP_PORT: z.coerce.number().int().min(1).max(65_535).default(587),
  /** TLS from the first byte (465), by STARTTLS (587), or none, which production refuses. */
  SMTP_SECURITY: z.enum(["tls", "starttls", "none"]).default("starttls"),
  SMTP_USERNAME: optional,
  /** A secret. */
  SMTP_PASSWORD: optional,
  /** Where files lie: the FILES bucket, or a server that speaks S3. */
  STORAGE: z.enum(["r2", "s3"]).default("r2"),
  S3_ENDPOINT: optional.pipe(z.url({ protocol: /^https?$/ }).nullable()),
  S3_BUCKET: optional,
  S3_REGION: z.string().default("auto"),
  S3_ACCESS_KEY_ID: optional,
  /** A secret. */
  S3_SECRET_ACCESS_KEY: optional,
  /** Where files are sent to be looked through for viruses; left out, nobody looks. */
  SCAN_URL: optional.pipe(z.url({ protocol: /^https?$/ }).nullable()),
  /** A secret: sent to the scanner as a bearer token. */
  SCAN_TOKEN: optional,
});

const requiredBindings = [
  "WEBHOOKS",
  "DIRECTORY",
  "DB_000",
  "FILES",
  "IMAGES",
  "EQUIPMENT",
  "FLOOR",
  "ATTEMPTS",
  "EVENTS",
  "WORK",
  "ASSETS",
  "LIMIT_USER",
  "LIMIT_IP",
  "LIMIT_USER_LOAD",
  "LIMIT_IP_LOAD",
] as const;

export type Config = z.infer<typeof Variables>;

/** What is wrong with how mail leaves. */
function mailFaults(source: Record<string, unknown>, { ENVIRONMENT, DEV_ISSUER, MAIL, ...smtp }: Config): string[] {
  const faults: string[] = [];
  if (MAIL === "outbox" && DEV_ISSUER !== "on")
    faults.push('MAIL: "outbox" shows everybody\'s mail and exists only with the development issuer');
  if (MAIL === "binding" && source.EMAIL === undefined) faults.push("EMAIL: binding is missing");
  if (MAIL !== "smtp") return faults;
  if (smtp.SMTP_HOST === null) faults.push('SMTP_HOST: is needed with MAIL="smtp"');
  if (smtp.SMTP_PORT === 25 && ENVIRONMENT === "production") faults.push("SMTP_PORT: workers cannot reach port 25");
  if (smtp.SMTP_SECURITY === "none" && ENVIRONMENT === "production")
    faults.push('SMTP_SECURITY: production sends no password and no mail in the clear: "tls" or "starttls"');
  if ((smtp.SMTP_USERNAME === null) !== (smtp.SMTP_PASSWORD === null))
    faults.push("SMTP_PASSWORD: comes with SMTP_USERNAME, and the other way round");
  return faults;
}

const s3Keys = ["S3_ENDPOINT", "S3_BUCKET", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"] as const;

/** What is wrong with where files lie. */
function fileFaults({ ENVIRONMENT, STORAGE, ...rest }: Config): string[] {
  const faults: string[] = [];
  if (STORAGE === "s3")
    for (const key of s3Keys) if (rest[key] === null) faults.push(`${key}: is needed with STORAGE="s3"`);
  if (ENVIRONMENT !== "production") return faults;
  const used = STORAGE === "s3" ? (["S3_ENDPOINT", "SCAN_URL"] as const) : (["SCAN_URL"] as const);
  for (const key of used)
    if (rest[key]?.startsWith("http:")) faults.push(`${key}: production sends files through TLS only`);
  return faults;
}

function webhookFaults({ ENVIRONMENT, WEBHOOK_ORIGINS, WEBHOOK_RESOLVER }: Config): string[] {
  if (ENVIRONMENT !== "production") return [];
  const faults: string[] = [];
  if (WEBHOOK_ORIGINS.length > 0) faults.push("WEBHOOK_ORIGINS: production sends to public servers only");
  if (WEBHOOK_RESOLVER === null) faults.push("WEBHOOK_RESOLVER: production looks names up before it sends to them");
  return faults;
}

/**
 * Reads the configuration out of the worker's environment.
 * @throws Error naming each key that is missing or wrong; also when the development issuer is on in production, and when nobody could sign in.
 */
export function readConfig(source: Record<string, unknown>): Config {
  const parsed = Variables.safeParse(source);
  const faults = parsed.success ? [] : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  for (const name of requiredBindings) if (source[name] === undefined) faults.push(`${name}: binding is missing`);
  // Judged on the raw text, so that an unset ENVIRONMENT counts as production.
  const { ENVIRONMENT, DEV_ISSUER } = source;
  if (DEV_ISSUER === "on" && (ENVIRONMENT === undefined || ENVIRONMENT === "production")) {
    faults.push("DEV_ISSUER: the development issuer cannot be on in production");
  }
  if (parsed.success) {
    const { OIDC_ISSUERS: issuers } = parsed.data;
    if (issuers.length === 0 && DEV_ISSUER !== "on") faults.push("OIDC_ISSUERS: at least one issuer is needed");
    const prefixes = [...issuers.map((issuer) => issuer.subject_prefix), ...(DEV_ISSUER === "on" ? [""] : [])];
    if (new Set(prefixes).size < prefixes.length)
      faults.push('OIDC_ISSUERS: subject_prefix must differ (the development issuer uses "")');
    faults.push(...mailFaults(source, parsed.data), ...webhookFaults(parsed.data), ...fileFaults(parsed.data));
  }
  const keys = parsed.data?.SETTINGS_KEYS ?? [];
  if (parsed.data?.ENVIRONMENT === "production" && keys.some(({ id }) => id === DEVELOPMENT_KEY))
    faults.push("SETTINGS_KEYS: the development key cannot seal anything in production");
  if (!parsed.success || faults.length > 0) throw new Error(`MakrCave cannot start. ${faults.join("; ")}`);
  return parsed.data;
}

/** The configuration of this worker. */
export const config: Config = readConfig(bindings as unknown as Record<string, unknown>);
