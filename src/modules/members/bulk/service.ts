/** The same step for many members: judged one by one, written by a handful of statements in one batch. */

import type { z } from "@hono/zod-openapi";
import { eq, isNotNull } from "drizzle-orm";
import type { Write } from "../../../platform/db/commit.ts";
import { leads } from "../../../platform/db/fan-out.ts";
import { newId } from "../../../platform/ids.ts";
import { Problem, type ProblemCode, problem, problems } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { type Change, changeWrites, entryOf, isAdministrator, losesAdministrator } from "../people/changes.ts";
import { findMembers } from "../people/reads.ts";
import type { MemberRow } from "../people/view.ts";
import type { MemberEffects } from "../port.ts";
import { members } from "../tables.ts";
import type { BulkResults, MemberBulkInput } from "./contract.ts";
import { type Step, stepFor } from "./steps.ts";

type Results = z.output<typeof BulkResults>["results"];
type Input = z.output<typeof MemberBulkInput>;

const toldOf = (error: Problem): { code: ProblemCode; detail: string } => ({
  code: error.code,
  detail: error.extras.detail ?? problems[error.code][2],
});

/** Administrators who can sign in; of more than `most` no more than one above that, which is enough to know that one is left. */
async function administratorsOf({ db, store }: Space, most: number): Promise<Set<string>> {
  const rows = await db
    .select({ id: members.id })
    .from(members)
    .where(
      store.in(
        members,
        leads(members.role, "makerspace_admin"),
        eq(members.status, "active"),
        isNotNull(members.user_id),
      ),
    )
    .limit(most + 1);
  return new Set(rows.map(({ id }) => id));
}

/** Judges all in the order asked; a refusal takes nothing from those behind it. */
function judgeAll(
  ids: readonly string[],
  rows: ReadonlyMap<string, MemberRow>,
  step: Step,
  administrators: Set<string>,
): { results: Results; changes: Change[] } {
  const taken = new Set<string>();
  const changes: Change[] = [];
  const judge = (id: string): Change | null => {
    const before = rows.get(id);
    if (!before) throw problem("not_found");
    const change = step.judge(before, taken);
    if (!change || !losesAdministrator(change)) return change;
    if (administrators.size === (administrators.has(id) ? 1 : 0)) throw problem("last_administrator");
    administrators.delete(id);
    return change;
  };
  const results = ids.map((id): Results[number] => {
    try {
      const change = judge(id);
      if (change) changes.push(change);
      taken.add(id);
      return { id, ok: true };
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      return { id, ok: false, problem: toldOf(error) };
    }
  });
  return { results, changes };
}

async function writesOf(space: Space, step: Step, changes: readonly Change[]): Promise<Write[]> {
  const ids = changes.map(({ before }) => before.id);
  const isLast = ({ before }: Change): boolean => step.last?.has(before.id) ?? false;
  return [
    ...changeWrites(
      space,
      changes.filter((one) => !isLast(one)),
    ),
    ...changeWrites(space, changes.filter(isLast)),
    ...((await step.besides?.(changes, ids)) ?? []),
  ];
}

/** Judges and writes once. @throws bulk_refused; what somebody else was faster with */
async function attempt(
  space: Space,
  { member_ids, do: wanted, atomic }: Input,
  effects: MemberEffects,
): Promise<Results> {
  const rows = await findMembers(space.store, member_ids);
  const known = [...rows.values()];
  const step = await stepFor(space, wanted, known);
  const administrators = known.some(isAdministrator) ? await administratorsOf(space, known.length) : new Set<string>();
  const { results, changes } = judgeAll(member_ids, rows, step, administrators);
  const errors = results.flatMap(({ problem: told }, index) =>
    told ? [{ pointer: `/member_ids/${index}`, code: told.code, detail: told.detail }] : [],
  );
  if (atomic && errors.length > 0) throw problem("bulk_refused", { errors: errors.slice(0, 50) });
  if (changes.length === 0) return results;
  const entries = changes.map(entryOf);
  const ids = entries.map(({ subject }) => subject.id);
  await space.commit(
    {
      action: `member.bulk_${wanted.operation}`,
      subject: { type: "member_bulk", id: newId(), version: 1 },
      after: { member_ids: ids },
      each: entries,
      events: entries.flatMap(({ subject, events = [] }) => events.map((event) => ({ subject, ...event }))),
    },
    ...(await writesOf(space, step, changes)),
  );
  // After the answer: the next request of each of them is judged anew already.
  if (step.closes) space.defer(effects.changed(space, ids));
  return results;
}

/** What a commit says when somebody was faster than it. */
const races: readonly ProblemCode[] = [
  "conflict",
  "not_found",
  "last_administrator",
  "payer_of_group",
  "banned",
  "illegal_transition",
];

/** More changes of these members at the same time than this is a quarrel, not a race. */
const MAX_TRIES = 5;

/**
 * Does the same to many members, in one batch; what somebody else changes meanwhile is looked at again.
 * @throws bulk_refused when `atomic` and one of them is refused: then nothing was done; conflict
 */
export async function changeMany(space: Space, input: Input, effects: MemberEffects): Promise<{ results: Results }> {
  for (let tries = 1; ; tries += 1) {
    try {
      return { results: await attempt(space, input, effects) };
    } catch (error) {
      if (!(error instanceof Problem) || !races.includes(error.code) || tries >= MAX_TRIES) throw error;
    }
  }
}
