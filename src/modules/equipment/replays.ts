/** A repeated request is answered with what it did, whatever has come about since that would refuse it now. */

import { Problem, type ProblemCode } from "../../platform/problem.ts";
import type { Space } from "../../platform/space.ts";
import type { Executed } from "./commands.ts";
import { machine } from "./objects.ts";

/** Refusals that may be spoken before a machine could look at the key. */
const spokenBefore: readonly ProblemCode[] = [
  "booking_refused",
  "external_id_taken",
  "feature_disabled",
  "forbidden",
  "membership_suspended",
  "unknown_reference",
];

/**
 * What the request's key did on this machine, when it was refused before the machine was asked.
 * @throws the refusal itself when the key did nothing
 */
export async function replayOf(space: Space, equipment_id: string, refusal: unknown): Promise<Executed> {
  const isSpokenBefore = refusal instanceof Problem && spokenBefore.includes(refusal.code);
  const found = isSpokenBefore && space.key ? await machine(space, equipment_id).replayed(space.key) : null;
  if (!found?.ok) throw refusal;
  return found;
}
