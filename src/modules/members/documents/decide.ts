/** What staff and the clock decide about documents. */

import type { z } from "@hono/zod-openapi";
import { and, eq, inArray } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import { dropLoose } from "../../../platform/loose-files.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type { Document, RejectInput, VerifyInput } from "./contract.ts";
import { type DocumentStep, documentTransitions, dueAt, mayStep } from "./model.ts";
import { fileOf, findDocument } from "./reads.ts";
import { replaceWrites } from "./submit.ts";
import { memberDocuments } from "./tables.ts";
import { type DocumentRow, viewDocument } from "./view.ts";

type View = z.output<typeof Document>;

/** Takes a step on a row that is as it was read. @throws illegal_transition, conflict */
export async function takeStep(
  space: Space,
  row: DocumentRow,
  step: DocumentStep,
  change: Partial<DocumentRow>,
  more: readonly Write[] = [],
): Promise<DocumentRow> {
  if (!mayStep(step, row.status)) throw problem("illegal_transition", { current_status: row.status });
  const { to: status, from } = documentTransitions[step];
  const set = { ...change, status, updated_at: space.now, version: row.version + 1 };
  const type = `document.${status}` as const;
  const { id, member_id, kind } = row;
  await space.commit(
    {
      action: type,
      subject: { type: "document", id, version: set.version },
      before: { status: row.status },
      after: { member_id, kind, status, expires_at: change.expires_at ?? row.expires_at },
      events: type === "document.replaced" ? [] : [{ type, data: { member_id, kind } }],
    },
    write(
      space.db
        .update(memberDocuments)
        .set(set)
        .where(
          space.store.in(
            memberDocuments,
            and(eq(memberDocuments.id, id), eq(memberDocuments.version, row.version)),
            inArray(memberDocuments.status, [...from]),
          ),
        ),
      { expect: "conflict" },
    ),
    ...more,
  );
  return { ...row, ...set };
}

/** A document that somebody else than its member decides about. @throws not_found, forbidden */
async function toDecide(space: Space, member_id: string, id: string): Promise<DocumentRow> {
  const row = await findDocument(space, member_id, id);
  if (space.actor.id === member_id) throw problem("forbidden", { detail: "Others decide about one's own documents." });
  return row;
}

const decided = ({ actor, now }: Space) => ({ decided_by: actor.id, decided_at: now });

/** The verified document that this one follows, if it still counts. */
async function predecessor(space: Space, { member_id, replaces_id }: DocumentRow): Promise<DocumentRow | null> {
  if (replaces_id === null) return null;
  const old = await findDocument(space, member_id, replaces_id).catch(() => null);
  return old && mayStep("replace", old.status) ? old : null;
}

/** Says that a document is good, and until when; the one that it follows goes. @throws not_found, forbidden, invalid_body, illegal_transition, conflict */
export async function verifyDocument(
  space: Space,
  member_id: string,
  id: string,
  input: z.output<typeof VerifyInput>,
): Promise<View> {
  const row = await toDecide(space, member_id, id);
  const expires_at = input.expires_at === undefined ? row.expires_at : input.expires_at;
  if (expires_at !== null && expires_at <= space.now) {
    const detail = "has passed";
    throw problem("invalid_body", { errors: [{ pointer: "/expires_at", code: "too_early", detail }] });
  }
  const old = await predecessor(space, row);
  const change = { ...decided(space), expires_at, due_at: dueAt(expires_at, space.now) };
  const after = await takeStep(space, row, "verify", change, old ? replaceWrites(space, old) : []);
  if (old) await dropLoose(space.store, [fileOf(old)]);
  return viewDocument(after);
}

/** Says that a document is no good, and why. @throws not_found, forbidden, illegal_transition, conflict */
export async function rejectDocument(
  space: Space,
  member_id: string,
  id: string,
  { reason }: z.output<typeof RejectInput>,
): Promise<View> {
  const row = await toDecide(space, member_id, id);
  return viewDocument(await takeStep(space, row, "reject", { ...decided(space), reason, due_at: null }));
}
