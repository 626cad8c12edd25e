/** Asking to be certified: one open request per skill and member, decided once. */

import type { z } from "@hono/zod-openapi";
import { desc, eq } from "drizzle-orm";
import { type Write, write } from "../../../platform/db/commit.ts";
import type { Page } from "../../../platform/db/page.ts";
import type { EventDraft } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { attachWrites, fileIdsOf } from "../../files/index.ts";
import { namingPrerequisites, prepareCertification } from "../certifications/certify.ts";
import { refuseStranger } from "../certifications/reads.ts";
import { listOfMembers } from "../lists.ts";
import { MAX_EVIDENCE, type RequestStatus, requestStatuses } from "../model.ts";
import { findSkill, requiredSkill } from "../skills/reads.ts";
import { skillRequests } from "../tables.ts";
import type { ApproveSkillRequestInput, SkillRequest, SkillRequestInput, SkillRequestQuery } from "./contract.ts";
import { type RequestRow, viewRequest } from "./view.ts";

type View = z.output<typeof SkillRequest>;

/** Asks for oneself. @throws unknown_reference for a skill that nobody can learn; request_open while another one waits; forbidden for those who are no members */
export async function requestSkill(space: Space, input: z.output<typeof SkillRequestInput>): Promise<View> {
  const { skill_id, message, file_ids } = input;
  const { id: member_id } = space.member;
  const skill = await findSkill(space, skill_id);
  if (skill?.status !== "active") {
    const errors = [{ pointer: "/skill_id", code: "unknown", detail: "names no skill that can be learnt" }];
    throw problem("unknown_reference", { errors });
  }
  const row: RequestRow = space.store.row({
    id: newId(),
    skill_id,
    member_id,
    status: "open" as const,
    message,
    decided_by: null,
    decided_at: null,
    note: null,
    certification_id: null,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const body = viewRequest(row, [...new Set(file_ids)]);
  await space.commit(
    {
      action: "skill_request.created",
      subject: { type: "skill_request", id: row.id, version: 1 },
      after: { skill_id, member_id, status: "open" },
      events: [{ type: "skill_request.created", data: { skill_id, member_id } }],
      answer: { status: 201, body },
    },
    write(space.db.insert(skillRequests).values(row), {
      unique: { "skill_requests.member_id, skill_requests.skill_id": "request_open" },
    }),
    ...attachWrites(space, { purpose: "skill_request", owner_id: row.id }, file_ids, MAX_EVIDENCE),
  );
  return body;
}

/** One request. @throws not_found; for members, others' too */
async function requiredRequest(space: Space, id: string): Promise<RequestRow> {
  const [row] = await space.db
    .select()
    .from(skillRequests)
    .where(space.store.in(skillRequests, eq(skillRequests.id, id)));
  if (!row || (space.scope("skill_requests.read") !== "any" && row.member_id !== space.actor.id)) {
    throw problem("not_found");
  }
  return row;
}

const evidenceOf = (space: Space, rows: readonly { id: string }[]) =>
  fileIdsOf(
    space.store,
    "skill_request",
    rows.map(({ id }) => id),
    MAX_EVIDENCE,
  );

/** A request with its evidence. */
const viewOf = async (space: Space, row: RequestRow): Promise<View> =>
  viewRequest(row, (await evidenceOf(space, [row]))(row.id));

/** One request; members see their own. @throws not_found */
export const readRequest = async (space: Space, id: string): Promise<View> =>
  viewOf(space, await requiredRequest(space, id));

/** Requests, newest first; members see their own. @throws forbidden */
export async function listRequests(space: Space, query: z.output<typeof SkillRequestQuery>): Promise<Page<View>> {
  const page = await listOfMembers(space, query, {
    name: "skill_requests",
    permission: "skill_requests.read",
    table: skillRequests,
    statuses: requestStatuses,
    read: (where, limit) =>
      space.db.select().from(skillRequests).where(where).orderBy(desc(skillRequests.id)).limit(limit),
    view: (row) => viewRequest(row, []),
  });
  const files = await evidenceOf(space, page.data);
  return { ...page, data: page.data.map((view) => ({ ...view, file_ids: files(view.id) })) };
}

interface Decision {
  to: Exclude<RequestStatus, "open">;
  set?: Partial<RequestRow>;
  /** What comes of it, in the same commit. */
  writes?: readonly Write[];
  events?: readonly EventDraft[];
}

/** Decides an open request; of two decisions one is made. @throws illegal_transition */
async function decide(
  space: Space,
  row: RequestRow,
  { to, set = {}, writes = [], events = [] }: Decision,
): Promise<View> {
  if (row.status !== "open") throw problem("illegal_transition", { current_status: row.status });
  const { skill_id, member_id } = row;
  const change = { ...set, status: to, updated_at: space.now, version: row.version + 1 };
  const body = await viewOf(space, { ...row, ...change });
  const still = space.store.in(skillRequests, eq(skillRequests.id, row.id), eq(skillRequests.status, "open"));
  await space.commit(
    {
      action: `skill_request.${to}`,
      subject: { type: "skill_request", id: row.id, version: change.version },
      before: { status: row.status },
      after: { skill_id, member_id, status: to, certification_id: body.certification_id },
      events: [{ type: `skill_request.${to}`, data: { skill_id, member_id } }, ...events],
      answer: { status: 200, body },
    },
    write(space.db.update(skillRequests).set(change).where(still), { expect: "illegal_transition" }),
    ...writes,
  );
  return body;
}

/**
 * Approves a request: the member is certified in the same commit.
 * @throws not_found, illegal_transition, forbidden, self_certification, prerequisite_missing
 */
export async function approveRequest(
  space: Space,
  id: string,
  { note = null, ...input }: z.output<typeof ApproveSkillRequestInput>,
): Promise<View> {
  const row = await requiredRequest(space, id);
  if (row.status !== "open") throw problem("illegal_transition", { current_status: row.status });
  const skill = await requiredSkill(space, row.skill_id);
  const certified = await prepareCertification(space, skill, { ...input, member_id: row.member_id });
  const { writes, events } = certified;
  const decided = { decided_by: space.actor.id, decided_at: space.now, note, certification_id: certified.row.id };
  let view: View | null = null;
  await namingPrerequisites(space, certified, async () => {
    view = await decide(space, row, { to: "approved", set: decided, writes, events });
  });
  return view ?? viewOf(space, row);
}

/** Declines a request. @throws not_found, illegal_transition, forbidden */
export async function rejectRequest(space: Space, id: string, note: string | null): Promise<View> {
  const row = await requiredRequest(space, id);
  refuseStranger(space, await requiredSkill(space, row.skill_id));
  const decided = { decided_by: space.actor.id, decided_at: space.now, note };
  return decide(space, row, { to: "rejected", set: decided });
}

/** Takes one's own request back. @throws not_found, illegal_transition; forbidden for somebody else's */
export async function withdrawRequest(space: Space, id: string): Promise<View> {
  const row = await requiredRequest(space, id);
  if (row.member_id !== space.actor.id) throw problem("forbidden", { detail: "It is for who asked to take it back." });
  return decide(space, row, { to: "withdrawn" });
}
