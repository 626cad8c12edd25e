/** The same step for many members: each for itself with its own audit row, or all in one batch. */

import type { z } from "@hono/zod-openapi";
import type { CommitEntry, Write } from "../../../platform/db/commit.ts";
import { newId } from "../../../platform/ids.ts";
import { Problem, type ProblemCode, problem, problems } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { changeRole, grantDuty, revokeDuty } from "../duties/service.ts";
import { requiredMember } from "../people/moves.ts";
import { changeMember } from "../people/service.ts";
import { approveMember, declineMember, reactivateMember, removeMember, suspendMember } from "../people/standing.ts";
import type { MemberEffects } from "../port.ts";
import type { BulkResults, MemberBulkInput, MemberOperation } from "./contract.ts";

type Results = z.output<typeof BulkResults>;

const MAX_TAGS = 30;

/** Gives or takes a label; who has it, or has it not, is done. */
async function relabel(space: Space, id: string, change: (tags: string[]) => string[]): Promise<void> {
  const { tags } = await requiredMember(space, id);
  const after = change(tags);
  if (after.length > MAX_TAGS) throw problem("invalid_body", { detail: `A member has at most ${MAX_TAGS} labels.` });
  if (after.join("\n") !== tags.join("\n")) await changeMember(space, id, null, { tags: after });
}

/** One step for one member, by the verb that the single route calls. */
async function carryOut(space: Space, id: string, step: MemberOperation, effects: MemberEffects): Promise<void> {
  switch (step.operation) {
    case "suspend":
      await suspendMember(space, id, step.reason, effects);
      break;
    case "reactivate":
      await reactivateMember(space, id);
      break;
    case "remove":
      await removeMember(space, id, effects);
      break;
    case "approve":
      await approveMember(space, id);
      break;
    case "decline":
      await declineMember(space, id, step.reason);
      break;
    case "add_tag":
      await relabel(space, id, (tags) => [...tags.filter((tag) => tag !== step.tag), step.tag].sort());
      break;
    case "remove_tag":
      await relabel(space, id, (tags) => tags.filter((tag) => tag !== step.tag));
      break;
    case "grant_duty": {
      const { duty, equipment_ids, ends_at } = step;
      await grantDuty(space, id, duty, { equipment_ids, ends_at }, effects);
      break;
    }
    case "revoke_duty":
      await revokeDuty(space, id, step.duty, effects);
      break;
    case "change_role":
      await changeRole(space, id, step.role, effects);
      break;
  }
}

const toldOf = (error: Problem): { code: ProblemCode; detail: string } => ({
  code: error.code,
  detail: error.extras.detail ?? problems[error.code][2],
});

/** Refusals are an answer; anything else ends the whole request. */
async function tried(id: string, work: () => Promise<void>): Promise<Results["results"][number]> {
  try {
    await work();
    return { id, ok: true };
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error;
    return { id, ok: false, problem: toldOf(error) };
  }
}

/** Sockets and bookings follow after the answer: the next request of each member is refused already. */
const afterwards = (space: Space, effects: MemberEffects): MemberEffects => ({
  ...effects,
  shutOut: async (_, id, cancel) => space.defer(effects.shutOut(space, id, cancel)),
  changed: async (_, id) => space.defer(effects.changed(space, id)),
});

/** The makerspace with commits that are only collected. */
function collecting(space: Space): { space: Space; collected: { entry: CommitEntry; writes: Write[] }[] } {
  const collected: { entry: CommitEntry; writes: Write[] }[] = [];
  const commit = async (entry: CommitEntry, ...writes: Write[]): Promise<void> => {
    collected.push({ entry, writes });
  };
  return { space: Object.create(space, { commit: { value: commit } }) as Space, collected };
}

/** All or none, in one batch with one audit row that names them all. @throws bulk_refused with each refusal; conflict, last_administrator */
async function together(
  space: Space,
  { member_ids, do: step }: z.output<typeof MemberBulkInput>,
  effects: MemberEffects,
): Promise<Results> {
  const { space: dry, collected } = collecting(space);
  const later: (() => Promise<void>)[] = [];
  const waiting: MemberEffects = {
    ...effects,
    shutOut: async (_, id, cancel) => void later.push(() => effects.shutOut(space, id, cancel)),
    changed: async (_, id) => void later.push(() => effects.changed(space, id)),
  };
  const results: Results["results"] = [];
  for (const id of member_ids) results.push(await tried(id, () => carryOut(dry, id, step, waiting)));
  const errors = results.flatMap(({ problem: told }, index) =>
    told ? [{ pointer: `/member_ids/${index}`, code: told.code, detail: told.detail }] : [],
  );
  if (errors.length > 0) throw problem("bulk_refused", { errors: errors.slice(0, 50) });
  if (collected.length === 0) return { results };
  await space.commit(
    {
      action: `member.bulk_${step.operation}`,
      subject: { type: "member_bulk", id: newId(), version: 1 },
      after: { member_ids: collected.map(({ entry }) => entry.subject.id) },
      events: collected.flatMap(({ entry }) =>
        (entry.events ?? []).map((event) => ({ subject: entry.subject, ...event })),
      ),
    },
    ...collected.flatMap(({ writes }) => writes),
  );
  for (const work of later) space.defer(work());
  return { results };
}

/**
 * Does the same to many members.
 * @throws bulk_refused when `atomic` and one of them is refused: then nothing was done
 */
export async function changeMany(
  space: Space,
  input: z.output<typeof MemberBulkInput>,
  effects: MemberEffects,
): Promise<Results> {
  if (input.atomic) return together(space, input, effects);
  const results: Results["results"] = [];
  const later = afterwards(space, effects);
  for (const id of input.member_ids) results.push(await tried(id, () => carryOut(space, id, input.do, later)));
  return { results };
}
