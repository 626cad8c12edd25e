/** @jsxImportSource hono/jsx */
/** Mail that the local outbox kept: JSON for programs, a page for people. src/app.ts adds it only where the development issuer is on. */

import { z } from "@hono/zod-openapi";
import { desc, eq } from "drizzle-orm";
import type { Context } from "hono";
import { raw } from "hono/html";
import { Instant } from "../contract.ts";
import { directory } from "../db/driver.ts";
import { devMail } from "../db/tables.ts";
import { limitIp } from "../limits.ts";
import { problem } from "../problem.ts";
import { describe } from "../route/describe.ts";
import type { App, AppEnv, Route } from "../route.ts";
import { toIso } from "../time.ts";

const DevMail = z
  .array(
    z.strictObject({
      id: z.string(),
      to: z.string(),
      subject: z.string(),
      text: z.string(),
      html: z.string(),
      created_at: Instant,
    }),
  )
  .openapi("DevMail");

const SHOWN = 200;
const PATH = "/dev/mail";
const OPERATION = "list_dev_mail";

type Row = typeof devMail.$inferSelect;

const newest = (to: string | undefined): Promise<Row[]> =>
  directory()
    .select()
    .from(devMail)
    .where(to === undefined ? undefined : eq(devMail.to_address, to))
    // Ids sort by time of birth.
    .orderBy(desc(devMail.id))
    .limit(SHOWN);

const view = ({ id, to_address, subject, text, html, created_at }: Row): z.output<typeof DevMail>[number] => ({
  id,
  to: to_address,
  subject,
  text,
  html,
  created_at: toIso(created_at),
});

const style = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark; }
  article { border-top: 1px solid #8886; padding: 1rem 0; }
  h2 { font-size: 1.1rem; margin: 0; }
  p { margin: 0.25rem 0; opacity: 0.8; }
  pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: 0.75rem 0; }
`;

/** Text with its links to follow. */
const linked = (text: string) =>
  text.split(/(https?:\/\/\S+)/).map((piece, index) =>
    index % 2 === 1 ? (
      <a key={piece} href={piece}>
        {piece}
      </a>
    ) : (
      piece
    ),
  );

const Page = ({ mails, nonce }: { mails: Row[]; nonce: string }) => (
  <html lang="en">
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <title>Mail</title>
      <style nonce={nonce}>{raw(style)}</style>
    </head>
    <body>
      <h1>Mail that stayed here</h1>
      {mails.length === 0 && <p>Nothing yet.</p>}
      {mails.map((mail) => (
        <article key={mail.id}>
          <h2>{mail.subject}</h2>
          <p>
            to {mail.to_address}, <time>{toIso(mail.created_at)}</time>, <a href={`${PATH}?id=${mail.id}`}>as HTML</a>
          </p>
          <pre>{linked(mail.text)}</pre>
        </article>
      ))}
    </body>
  </html>
);

const page = (html: string, policy: string): Response =>
  new Response(`<!doctype html>${html}`, {
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": policy,
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
    },
  });

/** One mail as its reader sees it: in a sandbox, where nothing runs and nothing is fetched. */
async function showHtml(id: string): Promise<Response> {
  const [mail] = await directory().select().from(devMail).where(eq(devMail.id, id));
  if (!mail) throw problem("not_found");
  const html = mail.html.replace(/^<!doctype html>/i, "");
  return page(html, "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
}

async function answer(c: Context<AppEnv>): Promise<Response> {
  const { id, to } = c.req.query();
  if (id !== undefined) return showHtml(id);
  const mails = await newest(to);
  if (!c.req.header("accept")?.includes("text/html")) {
    return c.json(mails.map(view), 200, { "cache-control": "no-store" });
  }
  const nonce = crypto.randomUUID();
  const policy = `default-src 'none'; style-src 'nonce-${nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
  return page((<Page mails={mails} nonce={nonce} />).toString(), policy);
}

const access = { public_because: "It exists only where DEV_ISSUER is on, which production refuses." };

export const devMailRoutes: readonly Route[] = [
  {
    operation_id: OPERATION,
    access,
    method: "get",
    path: PATH,
    add(app: App): void {
      const definition = {
        operation_id: OPERATION,
        tag: "platform",
        method: "get",
        path: PATH,
        summary: "Mail that the local outbox kept, newest first; a page for browsers (development only)",
        query: z.object({
          to: z.string().optional().openapi({ description: "Only to this address." }),
          id: z.string().optional().openapi({ description: "One of them as a page." }),
        }),
        response: DevMail,
      } as const;
      const problems = ["not_found", "rate_limited", "unavailable", "internal_error"] as const;
      const guard = async (c: Context<AppEnv>, next: () => Promise<void>): Promise<void> => {
        await limitIp(c);
        await next();
      };
      app.openapi(describe(definition, PATH, access, problems, [guard]), answer as never);
    },
  },
];
