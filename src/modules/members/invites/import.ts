/** Many invites at once out of a CSV. */

import type { z } from "@hono/zod-openapi";
import { ne, sql } from "drizzle-orm";
import { listIn, type WaitingRow } from "../../../platform/ops/import-rows.ts";
import { type CsvImport, importJob, type Standing, startImport } from "../../../platform/ops/imports.ts";
import type { Space } from "../../../platform/space.ts";
import { type AccountStands, starterAccess } from "../people/starters.ts";
import { members } from "../tables.ts";
import { type InviteImportInput, InviteInput } from "./contract.ts";
import { type MakerOf, makerOf } from "./maker.ts";
import { IMPORT_MAX, importColumns } from "./model.ts";
import { isOpen } from "./reads.ts";
import { recordInvite } from "./service.ts";
import { invites } from "./tables.ts";

type Input = z.output<typeof InviteInput>;

/** Which addresses of these rows belong to somebody, or are invited already. */
async function known(store: Space["store"], rows: readonly WaitingRow<Input>[], now: number): Promise<Standing<Input>> {
  const json = JSON.stringify(rows.flatMap(({ input }) => input?.email ?? []));
  const ids = JSON.stringify(rows.map(({ id }) => id));
  const among = (list: string) => sql`(SELECT value FROM json_each(${list}))`;
  const [belongs, open, made] = await store.db.batch([
    store.db
      .select({ email: members.email })
      .from(members)
      .where(store.in(members, sql`${members.email} IN ${among(json)}`, ne(members.status, "left"))),
    store.db
      .select({ email: invites.email })
      .from(invites)
      .where(store.in(invites, sql`${invites.email} IN ${among(json)}`, isOpen(now))),
    store.db
      .select({ id: invites.id })
      .from(invites)
      .where(store.in(invites, sql`${invites.id} IN ${among(ids)}`)),
  ]);
  return ({ id, input }) => {
    if (made.some((one) => one.id === id)) return "made";
    if (belongs.some(({ email }) => email === input?.email)) return "already_member";
    return open.some(({ email }) => email === input?.email) ? "already_invited" : null;
  };
}

/** A row takes some ten statements. */
const inviteImport: CsvImport<Input, MakerOf> = {
  kind: "import_invites",
  report: { filename: "invites.json", id: "invite_id" },
  columns: importColumns,
  required: ["email"],
  label: "email",
  max_rows: IMPORT_MAX,
  step: { rows: 50, dry_rows: 500 },
  schema: InviteInput,
  body: ({ duties, ...cells }) => ({
    role: "user",
    ...cells,
    ...(duties && { duties: listIn(duties, /[\s,;|]+/).map((duty) => ({ duty })) }),
  }),
  maker: makerOf,
  permission: "invites.manage",
  excess: (space, { role, duties }) => (space.access.covers(role, duties) ? null : "grant_exceeds_own"),
  marks: ({ email }) => [[`email ${email}`, "already_invited"]],
  known,
  add: recordInvite,
};

/** Starts the import. @throws invalid_body */
export const importInvites = (space: Space, input: z.output<typeof InviteImportInput>) =>
  startImport(space, input, inviteImport);

/** The job: invites row by row, and leaves a report for whoever started it. */
export const importInvitesJob = (accountStands: AccountStands) => importJob(inviteImport, starterAccess(accountStands));
