/** Members out of a CSV. */

import type { z } from "@hono/zod-openapi";
import { sql } from "drizzle-orm";
import { listIn, type WaitingRow } from "../../../platform/ops/import-rows.ts";
import { type CsvImport, importJob, type Standing, startImport } from "../../../platform/ops/imports.ts";
import type { Space } from "../../../platform/space.ts";
import { MemberInput } from "../people/contract.ts";
import { addMember } from "../people/service.ts";
import { type AccountStands, starterAccess } from "../people/starters.ts";
import { members } from "../tables.ts";
import { IMPORT_MAX, importColumns, type MemberImportInput } from "./contract.ts";

type Input = z.output<typeof MemberInput>;

/** Members who are there already with an id, an address or an external id of these rows. */
async function known(store: Space["store"], rows: readonly WaitingRow<Input>[]): Promise<Standing<Input>> {
  const values = rows.flatMap(({ id, input }) => [id, input?.email ?? "", input?.external_id ?? ""]);
  const among = sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`;
  const columns = { id: members.id, email: members.email, external_id: members.external_id };
  const read = (condition: ReturnType<typeof sql>) =>
    store.db.select(columns).from(members).where(store.in(members, condition));
  const found = await store.db.batch([
    read(sql`${members.id} IN ${among}`),
    read(sql`${members.email} IN ${among}`),
    read(sql`${members.external_id} IN ${among}`),
  ]);
  const there = found.flat();
  return ({ id, input }) => {
    if (there.some((one) => one.id === id)) return "made";
    if (there.some((one) => one.email === input?.email)) return "email_taken";
    const external_id = input?.external_id ?? null;
    return external_id !== null && there.some((one) => one.external_id === external_id) ? "external_id_taken" : null;
  };
}

/** A row takes some fifteen statements at most. */
const memberImport: CsvImport<Input, null> = {
  kind: "import_members",
  report: { filename: "members.json", id: "member_id" },
  columns: importColumns,
  required: ["email", "first_name"],
  label: "email",
  max_rows: IMPORT_MAX,
  step: { rows: 50, dry_rows: 1_000 },
  schema: MemberInput,
  body: ({ duties, tags, public_skills, ...cells }) => ({
    role: "user",
    last_name: "",
    ...cells,
    ...(duties && { duties: listIn(duties).map((duty) => ({ duty })) }),
    ...(tags && { tags: listIn(tags) }),
    ...(public_skills && { public_skills: listIn(public_skills) }),
  }),
  maker: () => null,
  permission: "members.manage",
  excess: (space, { role, duties }) => (space.access.covers(role, duties) ? null : "grant_exceeds_own"),
  marks: ({ email, external_id }) => [
    [`email ${email}`, "email_taken"],
    ...(external_id === null ? [] : [[`external_id ${external_id}`, "external_id_taken"] as const]),
  ],
  known,
  add: addMember,
};

/** Starts the import. @throws invalid_body */
export const importMembers = (space: Space, input: z.output<typeof MemberImportInput>) =>
  startImport(space, input, memberImport);

/** The job: adds row by row, and leaves a report for whoever started it. */
export const importMembersJob = (accountStands: AccountStands) => importJob(memberImport, starterAccess(accountStands));
