/** What each step makes of a member, and what it needs for all of them together: read once, written by one statement. */

import type { Write } from "../../../platform/db/commit.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { bannedAmong, refuseAnyBanned } from "../bans/guard.ts";
import { paidFor } from "../billing_groups/reads.ts";
import { granting, grantWrite, promoting, revokeWrite, revoking } from "../duties/service.ts";
import { erasingAmong, notBeingErased } from "../erasure/guard.ts";
import type { Change } from "../people/changes.ts";
import { changeBy, dutiesEnd, type Move } from "../people/moves.ts";
import { tagWrite, untagWrite } from "../people/parts.ts";
import { approving, declining, lapsedAmong, reactivating, removing, suspending } from "../people/standing.ts";
import type { MemberRow } from "../people/view.ts";
import type { MemberOperation } from "./contract.ts";

/** A step that knows what it must of the members it is for. */
export interface Step {
  /**
   * What becomes of one of them; null when they are so already. `taken` are those before them who are not refused.
   * @throws Problem that refuses this member
   */
  judge(before: MemberRow, taken: ReadonlySet<string>): Change | null;
  /** What goes along, behind the members' own rows. */
  besides?(changes: readonly Change[], ids: readonly string[]): readonly Write[] | Promise<readonly Write[]>;
  /** Those whose rows are written behind all others. */
  last?: { has(id: string): boolean };
  /** Their sockets close. */
  closes?: true;
}

const MAX_TAGS = 30;

const byMove = (move: (before: MemberRow) => Move): Pick<Step, "judge"> => ({
  judge: (before) => changeBy(before, move(before)),
});

/** A step after which they are members no more. */
async function leaving(space: Space, rows: readonly MemberRow[], move: (before: MemberRow) => Move): Promise<Step> {
  const others = await paidFor(
    space,
    rows.map(({ id }) => id),
  );
  return {
    judge(before, taken) {
      const change = changeBy(before, move(before));
      if (others.get(before.id)?.some((id) => !taken.has(id))) throw problem("payer_of_group");
      return change;
    },
    besides: (_, ids) => [dutiesEnd(space, ids)],
    // A payer can go once those they paid for are gone.
    last: others,
  };
}

async function reactivation(space: Space, rows: readonly MemberRow[]): Promise<Step> {
  const move = reactivating(space, await lapsedAmong(space, rows));
  const banned = await bannedAmong(space.store, rows, space.now);
  const erasing = await erasingAmong(
    space.store,
    rows.map(({ id }) => id),
  );
  return {
    judge(before) {
      const change = changeBy(before, move(before));
      if (erasing.has(before.id)) throw problem("illegal_transition", { current_status: before.status });
      if (banned.has(before)) throw problem("banned");
      return change;
    },
    besides: async (changes, ids) => [
      notBeingErased(space.store, ids),
      await refuseAnyBanned(
        space.store,
        changes.map(({ before }) => before),
        space.now,
      ),
    ],
  };
}

/** Gives or takes a label; who has it, or has it not, is done. @throws illegal_transition for who was erased */
function relabelling(before: MemberRow, isDone: boolean): Change | null {
  if (before.erased_at !== null) throw problem("illegal_transition", { current_status: before.status });
  return isDone ? null : { before, set: {}, action: "member.updated", told: { after: { changed: ["tags"] } } };
}

function labelling({ store }: Space, tag: string): Step {
  return {
    judge(before) {
      const change = relabelling(before, before.tags.includes(tag));
      if (change && before.tags.length >= MAX_TAGS)
        throw problem("invalid_body", { detail: `A member has at most ${MAX_TAGS} labels.` });
      return change;
    },
    besides: (_, ids) => [tagWrite(store, ids, tag)],
  };
}

/** Reads what a step must know of these members. */
export async function stepFor(space: Space, wanted: MemberOperation, rows: readonly MemberRow[]): Promise<Step> {
  switch (wanted.operation) {
    case "suspend":
      return { ...byMove(suspending(space, wanted.reason)), closes: true };
    case "reactivate":
      return reactivation(space, rows);
    case "remove":
      return { ...(await leaving(space, rows, removing(space))), closes: true };
    case "approve":
      return byMove(approving(space));
    case "decline":
      return leaving(space, rows, declining(space, wanted.reason));
    case "add_tag":
      return labelling(space, wanted.tag);
    case "remove_tag":
      return {
        judge: (before) => relabelling(before, !before.tags.includes(wanted.tag)),
        besides: (_, ids) => [untagWrite(space.store, ids, wanted.tag)],
      };
    case "grant_duty": {
      const { operation: _, ...duty } = wanted;
      return {
        judge: (before) => granting(space, duty)(before),
        besides: (_, ids) => [grantWrite(space, duty, ids)],
        closes: true,
      };
    }
    case "revoke_duty":
      return {
        judge: revoking(space, wanted.duty),
        besides: (_, ids) => [revokeWrite(space, wanted.duty, ids)],
        closes: true,
      };
    case "change_role":
      return { judge: (before) => promoting(space, wanted.role)(before), closes: true };
  }
}
