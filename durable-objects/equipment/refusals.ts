/** How a command says no, always with a reason. */

import { type Interval, type ReservationStatus, stepsTo } from "../../src/modules/equipment/model.ts";
import type { CommandActor, Facts, Outcome, Refusal, RefusalCode } from "../../src/modules/equipment/port.ts";
import type { ReasonInput } from "../../src/platform/problem.ts";
import { toIso } from "../../src/platform/time.ts";
import { reason } from "./rules.ts";

/** What a command answers before the key is stored and the world is told. */
export type Answer = ({ ok: true } & Outcome) | Refusal;

export const refuse = (
  code: RefusalCode,
  reasons: ReasonInput[],
  more: Pick<Refusal, "conflicts_with" | "status"> = {},
): Refusal => ({ ok: false, code, reasons, ...more });

export const done = (outcome: Partial<Outcome>): Answer => ({
  ok: true,
  reservation: null,
  session: null,
  hold: null,
  ...outcome,
});

type Thing = "reservation" | "session" | "hold" | "series" | "outage";

export const notFound = (what: Thing): Refusal =>
  refuse("not_found", [reason("not_found", `This machine has no such ${what}.`)]);

export const notYours = (what: Thing): Refusal =>
  refuse("forbidden", [reason("not_yours", `This ${what} belongs to somebody else.`)]);

/** The worker reads again once and repeats the command. */
export const staleFacts = (detail: string): Refusal =>
  refuse("stale_facts", [reason("stale_facts", detail, { fix: "Read it again." })]);

/** Null when the facts are about the one whose row it is, or about nobody; about somebody else they say nothing. */
export const aboutOwner = ({ holder }: Facts, owner: string): Refusal | null =>
  holder === null || holder.member_id === owner ? null : staleFacts("What was read is about somebody else.");

/** `buffer_minutes` is what the machine keeps free between bookings of different members. */
export const slotTaken = (conflicts_with: Interval, buffer_minutes: number): Refusal =>
  refuse(
    "slot_taken",
    [
      reason("slot_taken", "The machine is held in this time.", {
        fix: `Choose a time outside the one that is held${buffer_minutes > 0 ? `, ${buffer_minutes} minutes apart from it` : ""}.`,
        limit: {
          starts_at: toIso(conflicts_with.starts_at),
          ends_at: toIso(conflicts_with.ends_at),
          ...(buffer_minutes > 0 && { buffer_minutes }),
        },
      }),
    ],
    { conflicts_with },
  );

export const holdGone = (): Refusal =>
  refuse("hold_gone", [
    reason("hold_gone", "No hold of this member keeps this time.", {
      fix: "Hold the slot anew, or book without a hold.",
    }),
  ]);

export const bundleOver = (): Refusal =>
  refuse("bundle_over", [
    reason("bundle_over", "It took too long, and the other machines are free again.", { fix: "Book them once more." }),
  ]);

export const offerGone = (): Refusal =>
  refuse("offer_gone", [
    reason("offer_gone", "Nothing is offered to this entry now.", { fix: "Wait for the next offer." }),
  ]);

export const retired = (): Refusal =>
  refuse("equipment_retired", [reason("retired", "The machine is no longer there.")]);

export const busy = (): Refusal =>
  refuse("equipment_busy", [
    reason("session_running", "A session is running on this machine.", { fix: "End it first." }),
  ]);

export const down = (status: string): Refusal =>
  refuse("equipment_unavailable", [
    reason(status, "The machine is down today.", { fix: "Choose a later day, or ask the staff." }),
  ]);

/** The machine is out of service from `starts_at` on, until `until` if that is known. */
export const outOfService = (starts_at: number, until: number | null, because: string): Refusal =>
  refuse("equipment_unavailable", [
    reason("outage", `The machine is out of service in this time: ${because}`, {
      fix: until === null ? "Choose another time." : `It is back at ${toIso(until)}.`,
      limit: { out_from: toIso(starts_at), ...(until !== null && { out_until: toIso(until) }) },
    }),
  ]);

/** The bookings in the way are no longer those that somebody saw. */
export const planStale = (): Refusal =>
  refuse("plan_stale", [
    reason("plan_stale", "Other bookings are in the way than those that were seen.", { fix: "Look again who is met." }),
  ]);

export const outageRefused = (code: string, detail: string, fix?: string): Refusal =>
  refuse("outage_refused", [reason(code, detail, fix === undefined ? {} : { fix })]);

export const illegal = (status: ReservationStatus, step: string): Refusal =>
  refuse(
    "illegal_transition",
    [reason("illegal_transition", `A ${status} reservation cannot take the step ${step}.`)],
    {
      status,
    },
  );

export const tooEarly = (detail: string, opens_at: number): Refusal =>
  refuse("too_early", [
    reason("too_early", detail, { fix: `Try again at ${toIso(opens_at)}.`, limit: { opens_at: toIso(opens_at) } }),
  ]);

export const checkInNotUsed = (): Refusal =>
  refuse("booking_refused", [reason("check_in_not_used", "Bookings of this machine begin by themselves.")]);

/** Members touch their own only; whoever has authority over any may touch all. */
export const mayTouch = (actor: CommandActor, owner: string): boolean =>
  actor.authority === "any" || actor.id === owner;

/** True when the declared table allows the step. */
export const isLegal = (status: ReservationStatus, step: Parameters<typeof stepsTo>[1]): boolean =>
  stepsTo(status, step).length > 0;
