/** Modules → one application: routes, errors, headers, the OpenAPI document. */

import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { bindingPicture } from "./integrations/images/binding.ts";
import { sendMailBy } from "./integrations/mail/index.ts";
import { httpScan } from "./integrations/scan/http.ts";
import { storageBy } from "./integrations/storage/index.ts";
import {
  accessRoutes,
  accountStands,
  apiTokenSource,
  forgetTokens,
  revokeTokensOfMerged,
} from "./modules/access/index.ts";
import {
  closeAtOnce,
  closeSockets,
  equipmentRoutes,
  faultReportFiles,
  forgetAtMachines,
  hoursEffects,
  isBusy,
  machineFileOwners,
  machinesInUse,
  moveMachines,
  sweepAtOnce,
  sweepSkillAtOnce,
  unknownMachines,
  verifyTablet,
} from "./modules/equipment/index.ts";
import { deleteFilesOf, type FilePorts, fileRoutes, moveFiles } from "./modules/files/index.ts";
import {
  agreementRoutes,
  banRoutes,
  billingGroupRoutes,
  bulkRoutes,
  dataExportRoutes,
  defaultPlanWrites,
  deleteDocumentFiles,
  directoryWork,
  documentRoutes,
  dutyRoutes,
  type ErasurePorts,
  emergencyContactRoutes,
  erasureRoutes,
  guestRoutes,
  inviteRoutes,
  inviteTemplates,
  joinRoutes,
  type MachineCheck,
  type MemberEffects,
  type MemberMove,
  memberRoutes,
  membershipRoutes,
  membershipSource,
  meRoutes,
  mergeRoutes,
  minorRoutes,
  planRoutes,
  recordedAsDue,
  rezoneVisits,
  statisticsRoutes,
  transferRoutes,
} from "./modules/members/index.ts";
import { moveInbox, notificationRoutes, notificationTemplates } from "./modules/notifications/index.ts";
import { settingsRoutes, settingsSource } from "./modules/settings/index.ts";
import { moveSkills, skillRequestFiles, skillRoutes } from "./modules/skills/index.ts";
import { webhookDocuments, webhookRoutes } from "./modules/webhooks/index.ts";
import { personalData } from "./personal-data.ts";
import type { AccessSources } from "./platform/access/authorise.ts";
import { auditRoutes } from "./platform/audit/index.ts";
import { config } from "./platform/env.ts";
import { newId } from "./platform/ids.ts";
import { limitIp, rateLimitPolicy } from "./platform/limits.ts";
import { describeError, log } from "./platform/log.ts";
import type { MailPorts } from "./platform/mail/deliveries.ts";
import { mailRoutes } from "./platform/mail/routes.ts";
import { devMailRoutes } from "./platform/ops/dev-mail.tsx";
import { devTokenRoutes } from "./platform/ops/dev-tokens.ts";
import { downloadRoutes } from "./platform/ops/downloads.ts";
import { healthRoutes } from "./platform/ops/health.ts";
import { deleteJobFiles } from "./platform/ops/personal-files.ts";
import { operationsRoutes } from "./platform/ops/routes.ts";
import { type FieldError, Problem, problem } from "./platform/problem.ts";
import type { App, AppEnv, Route } from "./platform/route.ts";
import { provideStorage } from "./platform/storage.ts";

provideStorage(storageBy(config));

/** What the modules give the platform. */
export const accessSources: AccessSources = {
  membership: membershipSource,
  settings: settingsSource,
  tablet: verifyTablet,
  tokens: apiTokenSource,
};

/** How mail leaves, and every kind of mail there is. A module that sends mail adds its templates here. */
export const mailPorts: MailPorts = {
  send: sendMailBy(config),
  templates: {
    ...inviteTemplates({ settings: settingsSource, app_url: config.APP_URL }),
    ...notificationTemplates({ settings: settingsSource, app_url: config.APP_URL }),
  },
};

/** Whose files are, who looks through them and who makes pictures anew. A module with files adds its owners here. */
export const filePorts: FilePorts = {
  owners: { ...machineFileOwners, fault_report: faultReportFiles, skill_request: skillRequestFiles },
  scan: config.SCAN_URL === null ? null : httpScan(config.SCAN_URL, config.SCAN_TOKEN),
  picture: bindingPicture,
};

/** What happens on machines and sockets when a member's standing changes. */
const memberEffects: MemberEffects = { shutOut: sweepAtOnce, changed: closeAtOnce, isBusy };

/** Which machines there are, for members' duties and plans. */
const machineCheck: MachineCheck = { unknown: unknownMachines };

/** What other modules hold of a member, and give to whom they are merged into. */
export const memberMoves: readonly MemberMove[] = [
  moveMachines,
  moveInbox,
  revokeTokensOfMerged,
  moveSkills,
  moveFiles,
];

/** What an erasure goes through, in this order: who watches a machine sees no name any more. */
export const erasurePorts: ErasurePorts = {
  registry: personalData,
  works: [
    forgetAtMachines,
    deleteJobFiles,
    deleteDocumentFiles,
    deleteFilesOf(filePorts.owners),
    forgetTokens,
    directoryWork(personalData),
  ],
  effects: memberEffects,
  settings: settingsSource,
  obstacles: machinesInUse,
};

/** Every path of the system. A new module adds its routes here. */
export const routes: readonly Route[] = [
  ...healthRoutes,
  ...(config.DEV_ISSUER === "on" ? [...devTokenRoutes, ...devMailRoutes] : []),
  ...meRoutes,
  ...accessRoutes({
    closeSockets: (space, id) => closeSockets(space, [{ kind: "member", id }], "access changed"),
  }),
  ...settingsRoutes([hoursEffects], { created: defaultPlanWrites, rezoned: rezoneVisits }),
  ...joinRoutes,
  ...statisticsRoutes,
  ...transferRoutes,
  ...bulkRoutes(memberEffects, machineCheck),
  ...mergeRoutes(memberEffects, memberMoves),
  ...memberRoutes(memberEffects, machineCheck),
  ...dutyRoutes(memberEffects, machineCheck),
  ...inviteRoutes(mailPorts, {
    settings: settingsSource,
    payments: recordedAsDue,
    accountStands,
    effects: memberEffects,
    machines: machineCheck,
  }),
  ...dataExportRoutes,
  ...erasureRoutes(erasurePorts),
  ...banRoutes(memberEffects),
  ...agreementRoutes,
  ...minorRoutes,
  ...documentRoutes,
  ...emergencyContactRoutes,
  ...planRoutes(machineCheck),
  ...membershipRoutes(recordedAsDue),
  ...billingGroupRoutes,
  ...guestRoutes,
  ...skillRoutes({ lost: sweepSkillAtOnce }),
  ...equipmentRoutes,
  ...fileRoutes(filePorts),
  ...notificationRoutes,
  ...webhookRoutes,
  ...operationsRoutes,
  ...auditRoutes,
  ...downloadRoutes,
  ...mailRoutes,
];

function respondWith(c: Context<AppEnv>, found: Problem): Response {
  const { retry_after, allow, size } = found.extras;
  if (found.status === 429 || found.status === 503) c.header("retry-after", String(retry_after ?? 1));
  if (allow) c.header("allow", allow.join(", "));
  if (size !== undefined) c.header("content-range", `bytes */${size}`);
  const body = found.body(c.req.path, c.get("request_id"));
  return c.body(JSON.stringify(body), found.status as 400, { "content-type": "application/problem+json" });
}

/** Anything thrown becomes a problem; what we did not expect says only the request id. */
function toProblem(error: unknown, request_id: string): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException) {
    if (error.status === 413) return problem("payload_too_large");
    if (error.status === 415) return problem("unsupported_media_type");
    if (error.status === 400) return problem("malformed_request");
  }
  log.error("unexpected", { request_id, error: describeError(error) });
  return problem("internal_error");
}

/** The path as logs may keep it: a link to a file is a credential. */
const loggedPath = (path: string): string => path.replace(/^(\/api\/v1\/files\/).+/, "$1***");

interface Issue {
  path: PropertyKey[];
  code: string;
  message: string;
}

const toFieldErrors = (issues: readonly Issue[]): FieldError[] =>
  issues.slice(0, 50).map((issue) => ({
    pointer: issue.path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join(""),
    code: issue.code,
    detail: issue.message,
  }));

/** The methods that a path does answer, for 405. */
function methodsAt(path: string): string[] {
  const matches = (pattern: string): boolean => {
    const source = pattern.replaceAll(/\{\w+\}/g, "[^/]+");
    return new RegExp(`^${source}$`).test(path);
  };
  return [...new Set(routes.filter((route) => matches(route.path)).map((route) => route.method.toUpperCase()))];
}

/** Makes a value when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** Builds the application; it holds no state but its own document. */
export function createApp(): App {
  const app: App = new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (result.success) return;
      const errors = toFieldErrors(result.error.issues as Issue[]);
      throw problem(result.target === "json" ? "invalid_body" : "invalid_parameter", { errors });
    },
  });
  app.use(async (c, next) => {
    const given = c.req.header("x-request-id");
    c.set("request_id", given && /^[\w-]{8,64}$/.test(given) ? given : newId());
    c.set("now", Date.now());
    c.header("x-request-id", c.get("request_id"));
    c.header("ratelimit-policy", rateLimitPolicy);
    const started = performance.now();
    await next();
    const { method, path } = c.req;
    log.info("request", {
      request_id: c.get("request_id"),
      method,
      path: loggedPath(path),
      status: c.res.status,
      ms: Math.round(performance.now() - started),
    });
  });
  // Not on sockets: their answer is the object's and cannot be changed. What an answer says of itself stands.
  for (const path of ["/api/*", "/dev/*", "/health", "/ready", "/openapi.json"])
    app.use(path, secureHeaders({ overwrite: false }));
  app.use(
    "/api/*",
    cors({
      origin: (origin) => (config.ALLOWED_ORIGINS.includes(origin) ? origin : null),
      allowHeaders: [
        "authorization",
        "content-type",
        "idempotency-key",
        "if-match",
        "if-none-match",
        "if-range",
        "range",
        "x-request-id",
      ],
      exposeHeaders: [
        "accept-ranges",
        "content-disposition",
        "content-range",
        "etag",
        "location",
        "retry-after",
        "x-request-id",
        "idempotency-replayed",
        "ratelimit-policy",
        "server-timing",
      ],
      maxAge: 600,
    }),
  );
  app.onError((error, c) => respondWith(c, toProblem(error, c.get("request_id"))));
  app.notFound((c) => {
    const allow = methodsAt(c.req.path);
    return respondWith(c, allow.length > 0 ? problem("method_not_allowed", { allow }) : problem("not_found"));
  });
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
  });
  for (const route of routes) route.add(app, accessSources);
  for (const webhook of webhookDocuments) app.openAPIRegistry.registerWebhook(webhook);
  const document = once(() => JSON.stringify(openApiDocument(app)));
  app.get("/openapi.json", async (c) => {
    await limitIp(c);
    return c.body(document(), 200, { "content-type": "application/json; charset=utf-8" });
  });
  return app;
}

/** The whole contract, OpenAPI 3.1. */
export const openApiDocument = (app: App) =>
  app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "MakrCave",
      version: "1.0.0",
      description:
        "Makerspace management: machines are booked once, live, and never lost. Errors are RFC 9457 problems.",
    },
    servers: [{ url: "/", description: "This server" }],
  });
