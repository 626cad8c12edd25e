/** Sends a command to a machine's object and turns a refusal into a problem. Every door to a booking goes through here. */

import { auditActor } from "../../platform/db/commit.ts";
import { describeError, log } from "../../platform/log.ts";
import { type Problem, type ProblemCode, problem } from "../../platform/problem.ts";
import type { Space } from "../../platform/space.ts";
import { toIso } from "../../platform/time.ts";
import { findMember } from "../members/index.ts";
import { FACTS_GOOD_FOR_MS } from "./model.ts";
import { machine } from "./objects.ts";
import { equipmentPart, makerspacePart } from "./policy.ts";
import type { Command, CommandCall, CommandResult, HolderFacts, Outcome, Refusal, RefusalCode } from "./port.ts";
import type { equipment } from "./tables.ts";

const MAX_TRIES = 3;

type MachineRow = Omit<typeof equipment.$inferSelect, "in_use">;

/** For whom, and how far the caller's authority reaches. */
export interface Standing {
  authority: "own" | "any";
  holder: HolderFacts | null;
  /** Reads the holder again when the facts grew old; throws when they may no longer book. */
  reread?: () => Promise<HolderFacts>;
}

/** A command that was carried out. */
export interface Executed extends Outcome {
  replayed: boolean;
}

const problemOf: Readonly<Record<RefusalCode, ProblemCode>> = {
  not_found: "not_found",
  forbidden: "forbidden",
  slot_taken: "slot_taken",
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
};

const toProblem = (refusal: Refusal): Problem =>
  problem(problemOf[refusal.code], {
    ...(refusal.reasons.length > 0 && { reasons: refusal.reasons }),
    ...(refusal.conflicts_with && {
      conflicts_with: {
        starts_at: toIso(refusal.conflicts_with.starts_at),
        ends_at: toIso(refusal.conflicts_with.ends_at),
      },
    }),
    ...(refusal.status && { current_status: refusal.status }),
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

/**
 * Carries out a command on a machine.
 * @throws the problem behind a refusal; unavailable when the object does not answer.
 */
export async function execute(space: Space, row: MachineRow, command: Command, standing: Standing): Promise<Executed> {
  const { actor, request_id, key } = space;
  const call: CommandCall = {
    command,
    actor: { ...auditActor(actor), authority: standing.authority },
    facts: {
      decide_before: space.now + FACTS_GOOD_FOR_MS,
      policy_versions: { makerspace: space.settings.version, equipment: row.policy_version },
      holder: standing.holder,
    },
    key,
    request_id,
  };
  const result = await space.time("object", decide(space, row, call, standing));
  if (!result.ok) throw toProblem(result);
  return result;
}

/** Who acts may have been suspended while the facts grew old. @throws membership_suspended */
async function refuseSuspended({ actor, access, store }: Space): Promise<void> {
  if (actor.kind !== "member" || access.role === "super_admin") return;
  const member = await findMember(store, actor.id);
  if (member?.status !== "active") throw problem("membership_suspended");
}

/** Asks, and once more after mending what the object said was missing. */
async function decide(space: Space, row: MachineRow, call: CommandCall, standing: Standing): Promise<CommandResult> {
  const first = await ask(space, row.id, call);
  if (first.ok) return first;
  if (first.code === "policy_behind") {
    await machine(space, row.id).configure({
      makerspace: makerspacePart(space.settings),
      equipment: equipmentPart(row),
    });
    return ask(space, row.id, call);
  }
  if (first.code !== "stale_facts") return first;
  const decide_before = Date.now() + FACTS_GOOD_FOR_MS;
  await refuseSuspended(space);
  const holder = standing.reread ? await standing.reread() : call.facts.holder;
  return ask(space, row.id, { ...call, facts: { ...call.facts, decide_before, holder } });
}
