/**
 * The second half of a move. The machine that is taken out decides: in one step it ends the booking and writes down where it goes on, while
 * the slot there is held. What follows is repeated until the other machine has answered, and does the same each time.
 */

import type { SettingsSource } from "../../../platform/access/membership.ts";
import type { EventEnvelope } from "../../../platform/events.ts";
import { describeError, log } from "../../../platform/log.ts";
import { Problem } from "../../../platform/problem.ts";
import { type Consumers, type EventHandler, toOutbox } from "../../../platform/queue.ts";
import type { Space } from "../../../platform/space.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { DAY } from "../../../platform/time.ts";
import { readApplicant } from "../applicants.ts";
import { decide, versionsSeen } from "../commands.ts";
import { gatesOf } from "../gates.ts";
import { machineFact } from "../machines/index.ts";
import { FACTS_GOOD_FOR_MS } from "../model.ts";
import { machine } from "../objects.ts";
import type { CommandCall, CommandResult, Displaced } from "../port.ts";
import { pricingOf } from "../prices/pricing.ts";
import { MOVER } from "./fates.ts";

interface Move {
  /** The booking that ended, and on which machine. */
  from: { equipment_id: string; reservation_id: string };
  to: NonNullable<Displaced["moved_to"]>;
}

/**
 * Books the slot that is held for a move, once however often it is asked for.
 * @returns false when the machine will not have it: the hold ran out meanwhile, or its holder may not book any more
 * @throws when a machine or D1 does not answer
 */
export async function completeMove(space: Space, { from, to }: Move): Promise<boolean> {
  const before = await machine(space, from.equipment_id).reservation(from.reservation_id);
  const [row] = await machineFact(space.store, to);
  if (!before || !row) return false;
  try {
    const applicant = await readApplicant(space, before.member_id, row.id);
    const { starts_at, ends_at, purpose, project_id, metadata } = before;
    const taken = { reservation_id: to.reservation_id, starts_at, ends_at, purpose, project_id, metadata };
    const call = (hold_id: string | null): CommandCall => ({
      command: {
        type: "reserve",
        ...taken,
        external_id: null,
        hold_id,
        may_move: true,
        moved_from: from.reservation_id,
      },
      actor: MOVER,
      facts: {
        decide_before: Date.now() + FACTS_GOOD_FOR_MS,
        policy_versions: versionsSeen(space, row),
        holder: applicant.holder,
        gates: gatesOf(space, row, applicant),
        pricing: pricingOf(space, row, applicant),
      },
      key: { key: from.reservation_id, scope: "outages move", fingerprint: to.reservation_id, ttl_ms: 7 * DAY },
      request_id: space.request_id,
    });
    const held: CommandResult = await decide(space, row, call(to.hold_id));
    // Past the hold's time the slot may be free still.
    const result = !held.ok && held.code === "hold_gone" ? await decide(space, row, call(null)) : held;
    if (!result.ok && (result.code === "stale_facts" || result.code === "policy_behind")) throw new Error(result.code);
    return result.ok;
  } catch (error) {
    // Shut out since, or gone.
    if (error instanceof Problem && error.code !== "unavailable") return false;
    throw error;
  }
}

/** The same inside the request that takes the machine out; what fails here is done by the event a moment later. */
export async function completeAtOnce(space: Space, move: Move): Promise<void> {
  try {
    await completeMove(space, move);
  } catch (error) {
    log.warn("move_put_off", { request_id: space.request_id, error: describeError(error) });
  }
}

const targetOf = ({ moved_to, moved_to_equipment_id, moved_to_hold_id }: EventEnvelope["data"]): Move["to"] | null =>
  typeof moved_to === "string" && typeof moved_to_equipment_id === "string" && typeof moved_to_hold_id === "string"
    ? { reservation_id: moved_to, equipment_id: moved_to_equipment_id, hold_id: moved_to_hold_id }
    : null;

const finishMove = (source: SettingsSource): EventHandler => ({
  name: "finish_move",
  async handle(envelope, context) {
    const { data, subject, request_id } = envelope;
    const { store, now } = context;
    const { equipment_id } = data;
    const to = targetOf(data);
    const space = await loadSystemSpace(store, source, { actor_id: MOVER.id, request_id, now });
    if (!to || typeof equipment_id !== "string" || !space) return [];
    if (await completeMove(space, { from: { equipment_id, reservation_id: subject.id }, to })) return [];
    const failed: EventEnvelope = { ...envelope, id: `${envelope.id}:failed`, type: "reservation.move_failed" };
    context.sendAfter([failed]);
    return toOutbox(store, [failed], now);
  },
});

/** Handlers for bookings that move. */
export const moveConsumers = (source: SettingsSource): Consumers<"reservation.moved"> => ({
  "reservation.moved": [finishMove(source)],
});
