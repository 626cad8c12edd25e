/** Sends a command to a machine's object and turns a refusal into a problem. Every door to a booking goes through here. */

import { describeError, log } from "../../platform/log.ts";
import { type Problem, type ProblemCode, problem, type ReasonInput } from "../../platform/problem.ts";
import type { Space } from "../../platform/space.ts";
import { toIso } from "../../platform/time.ts";
import { findMember } from "../members/index.ts";
import type { Applicant } from "./applicants.ts";
import type { Demand } from "./claims/demand.ts";
import { releaseClaims } from "./claims/service.ts";
import { partsOf } from "./closures/parts.ts";
import { claim, claimantOf, gatesOf } from "./gates.ts";
import { FACTS_GOOD_FOR_MS } from "./model.ts";
import { machine } from "./objects.ts";
import { hoursVersion, sharedParts } from "./policy.ts";
import type { Command, CommandCall, CommandResult, Outcome, PolicyVersions, Refusal, RefusalCode } from "./port.ts";
import { pricingOf } from "./prices/pricing.ts";
import { viewConflict } from "./series/view.ts";
import type { equipment } from "./tables.ts";

const MAX_TRIES = 3;

type MachineRow = Omit<typeof equipment.$inferSelect, "in_use">;

/** For whom, and how far the caller's authority reaches. */
export interface Standing {
  authority: "own" | "any";
  /** Null when the step is about nobody. */
  applicant: Applicant | null;
  /** Reads the person again when the facts grew old; throws when they may no longer act. */
  reread?: () => Promise<Applicant>;
}

/** A command that was carried out. */
export interface Executed extends Outcome {
  replayed: boolean;
}

const problemOf: Readonly<Record<RefusalCode, ProblemCode>> = {
  not_found: "not_found",
  forbidden: "forbidden",
  slot_taken: "slot_taken",
  hold_gone: "hold_gone",
  bundle_over: "conflict",
  booking_refused: "booking_refused",
  equipment_unavailable: "equipment_unavailable",
  equipment_retired: "equipment_retired",
  equipment_busy: "equipment_busy",
  illegal_transition: "illegal_transition",
  too_early: "too_early",
  has_open_reservations: "has_open_reservations",
  stale_version: "stale_version",
  idempotency_mismatch: "idempotency_mismatch",
  stale_facts: "unavailable",
  policy_behind: "unavailable",
  feature_disabled: "feature_disabled",
  skill_required: "skill_required",
  series_conflicts: "series_conflicts",
  plan_stale: "plan_stale",
  outage_refused: "outage_refused",
  offer_gone: "offer_gone",
};

/** The problem behind a refusal. */
export const toProblem = (refusal: Refusal): Problem =>
  problem(problemOf[refusal.code], {
    ...(refusal.reasons.length > 0 && { reasons: refusal.reasons }),
    ...(refusal.conflicts_with && {
      conflicts_with: {
        starts_at: toIso(refusal.conflicts_with.starts_at),
        ends_at: toIso(refusal.conflicts_with.ends_at),
      },
    }),
    ...(refusal.status && { current_status: refusal.status }),
    ...(refusal.conflicts && { conflicts: refusal.conflicts.map(viewConflict) }),
    retry_after: 1,
  });

/** What an object's failure says about trying again. */
interface RemoteFailure {
  retryable?: boolean;
  overloaded?: boolean;
}

async function ask(space: Space, equipment_id: string, call: CommandCall): Promise<CommandResult> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // A stub is broken after a failure, so each attempt takes a fresh one.
      return await machine(space, equipment_id).execute(call);
    } catch (error) {
      const { retryable = false, overloaded = false } = error as RemoteFailure;
      log.warn("object_failed", { request_id: space.request_id, equipment_id, attempt, error: describeError(error) });
      // Without a key a repeated command could act twice; with one the object answers from memory.
      if (!retryable || overloaded || call.key === null || attempt >= MAX_TRIES) {
        throw problem("unavailable", { retry_after: overloaded ? 5 : 1 });
      }
      await scheduler.wait(Math.random() * 50 * 2 ** attempt);
    }
  }
}

/** A command with what limits across machines say of it. */
export interface Claimed {
  command: Command;
  reasons: readonly ReasonInput[];
  /** Gives back what the machine did not use. */
  settled(result: CommandResult): void;
}

/** Asks the limits across machines, for each try with facts of its own. */
export type Claims = (applicant: Applicant | null, decide_before: number) => Promise<Claimed>;

/**
 * Carries out a command on a machine.
 * @param demand what the command adds to what limits across machines count, if anything
 * @param key under which it is remembered: that of the request, unless it is a part of the request alone
 * @throws the problem behind a refusal; unavailable when the object, or D1 with a limit to judge, does not answer.
 */
export const execute = (
  space: Space,
  row: MachineRow,
  command: Command,
  standing: Standing,
  demand: Demand | null = null,
  key = space.key,
): Promise<Executed> =>
  executeClaiming(space, row, standing, claimsOf(space, row, command, standing, demand, key), key);

/** The same for a command that asks the limits in its own way. */
export async function executeClaiming(
  space: Space,
  row: MachineRow,
  standing: Standing,
  claims: Claims,
  key = space.key,
): Promise<Executed> {
  const errand: Errand = { space, row, authority: standing.authority, claims, key };
  let result = await run(errand, standing.applicant, space.now);
  if (!result.ok && result.code === "stale_facts") {
    const read_at = Date.now();
    await refuseSuspended(space);
    result = await run(errand, standing.reread ? await standing.reread() : standing.applicant, read_at);
  }
  if (!result.ok) throw toProblem(result);
  return result;
}

/** One demand, or none. */
const claimsOf =
  (
    space: Space,
    row: MachineRow,
    command: Command,
    { authority }: Standing,
    demand: Demand | null,
    key: Space["key"],
  ): Claims =>
  async (applicant, decide_before) => {
    const claimant = applicant && demand && claimantOf(space, row, applicant, demand, authority === "any");
    const claimed = claimant && demand ? await claim(space, claimant, demand, decide_before, key) : null;
    const id = claimed?.booking_id;
    return {
      command: id ? bookedAs(command, id) : command,
      reasons: claimed?.reasons ?? [],
      settled(result) {
        if (claimed && id && !(result.ok && !result.replayed)) releaseClaims(space, [claimed]);
      },
    };
  };

/** What is to be done, whoever it turns out to be for. */
interface Errand {
  space: Space;
  row: MachineRow;
  authority: Standing["authority"];
  claims: Claims;
  key: Space["key"];
}

/** Who acts may have been suspended while the facts grew old. @throws membership_suspended */
async function refuseSuspended({ actor, access, store }: Space): Promise<void> {
  if (actor.kind !== "member" || access.role === "super_admin") return;
  const member = await findMember(store, actor.id);
  if (member?.status !== "active" && member?.status !== "expired") {
    const reasons = [{ code: "member_not_active", detail: "The membership is suspended.", fix: "Ask the staff." }];
    throw problem("membership_suspended", { reasons });
  }
}

/** One try with facts read at `read_at` (epoch milliseconds): claims what counts, asks the machine, and gives back what it did not use. */
async function run(errand: Errand, applicant: Applicant | null, read_at: number): Promise<CommandResult> {
  const { space, row, authority, claims, key } = errand;
  const decide_before = read_at + FACTS_GOOD_FOR_MS;
  const claimed = await claims(applicant, decide_before);
  const { actor, request_id } = space;
  const call: CommandCall = {
    command: claimed.command,
    actor: { kind: actor.kind, id: actor.id, authority },
    facts: {
      decide_before,
      policy_versions: versionsSeen(space, row),
      holder: applicant?.holder ?? null,
      gates: gatesOf(space, row, applicant, claimed.reasons),
      pricing: pricingOf(space, row, applicant),
      duties: dutiesOn(space, row, applicant),
    },
    key,
    request_id,
  };
  const result = await space.time("object", decide(space, row, call));
  claimed.settled(result);
  return result;
}

/** The duties that the caller has on a machine, when they act for themselves. */
function dutiesOn({ actor, now }: Space, { id }: MachineRow, applicant: Applicant | null): string[] {
  const { membership } = actor;
  if (!membership || membership.id !== applicant?.holder.member_id) return [];
  return membership.duties
    .filter(({ ends_at }) => ends_at === null || ends_at > now)
    .filter(({ equipment_ids }) => equipment_ids === null || equipment_ids.includes(id))
    .map(({ duty }) => duty);
}

/** The versions of the settings that this request has read. */
export const versionsSeen = ({ settings }: Space, row: MachineRow): PolicyVersions => ({
  makerspace: settings.version,
  equipment: row.policy_version,
  hours: hoursVersion(settings),
});

/** A retry books under the id that its first try has claimed. */
function bookedAs(command: Command, id: string): Command {
  if (command.type === "reserve" || command.type === "commit_bundle" || command.type === "accept_offer")
    return { ...command, reservation_id: id };
  if (command.type === "start_session" && command.reservation_id === null) return { ...command, session_id: id };
  return command;
}

/** Gives a machine the settings that it lacks. */
export async function bringUpToDate(space: Space, row: MachineRow): Promise<PolicyVersions> {
  const parts = await partsOf(space, sharedParts(space.settings), [row]);
  return machine(space, row.id).configure(parts(row));
}

/** Asks, and once more after giving the machine the settings that it said it lacks. */
export async function decide(space: Space, row: MachineRow, call: CommandCall): Promise<CommandResult> {
  const first = await ask(space, row.id, call);
  if (first.ok || first.code !== "policy_behind") return first;
  await bringUpToDate(space, row);
  return ask(space, row.id, call);
}
