/** The person behind a booking, with all that is read of them: who they are, what their plan allows, and what they owe first. */

import { readTogether } from "../../platform/db/ready.ts";
import type { SpaceStore } from "../../platform/db/store.ts";
import { problem, type ReasonInput } from "../../platform/problem.ts";
import type { SkillGate } from "../../platform/skills.ts";
import type { Space } from "../../platform/space.ts";
import {
  type BookingRights,
  bookingRights,
  bookingRightsOfUser,
  type Guardianship,
  guardianship,
  guardianshipOfUser,
  memberById,
  memberIdOfUser,
  type OutstandingAgreement,
  outstandingAgreements,
  outstandingAgreementsOfUser,
} from "../members/index.ts";
import { skillGate, skillGateOfUser } from "../skills/index.ts";
import { missedByMember, missedByUser } from "./claims/missed.ts";
import type { HolderFacts } from "./port.ts";
import { type PricedFor, priceForMember, priceForUser } from "./prices/facts.ts";

/** Somebody who may act for themselves: in good standing, or with a membership that has run out. */
export interface Applicant {
  holder: HolderFacts;
  isExpired: boolean;
  /** The plan; null without a current one. */
  rights: BookingRights | null;
  /** Required agreements that they have not accepted. */
  outstanding: OutstandingAgreement[];
  /** Null unless they were recorded as a minor. */
  guardianship: Guardianship | null;
  /** What the machine asks of them; null when it asks for nothing. */
  skills: SkillGate | null;
  /** What the machine costs, and what of it depends on them. */
  price: PricedFor;
  /** When the newest bookings began that they did not come to, newest first. */
  missed: number[];
}

/** What a route reads of the caller in the authorisation trip, when it leads to a booking. */
export const callerFacts = {
  caller_id: (store: SpaceStore, values: Readonly<Record<string, string>>) => memberIdOfUser.build(store, values),
  caller_agreements: (store: SpaceStore, values: Readonly<Record<string, string>>) =>
    outstandingAgreementsOfUser.build(store, values),
  caller_rights: (store: SpaceStore, values: Readonly<Record<string, string>>) =>
    bookingRightsOfUser.build(store, values),
  caller_guardianship: (store: SpaceStore, values: Readonly<Record<string, string>>) =>
    guardianshipOfUser.build(store, values),
  caller_skills: (store: SpaceStore, values: Readonly<Record<string, string>>) => skillGateOfUser.build(store, values),
  caller_price: (store: SpaceStore, values: Readonly<Record<string, string>>) => priceForUser.build(store, values),
  caller_missed: (store: SpaceStore, values: Readonly<Record<string, string>>) => missedByUser.build(store, values),
};

/** The rows of `callerFacts`. */
export type CallerFacts = { [Name in keyof typeof callerFacts]: unknown };

/** For a route that has read nothing of the caller: whoever asks is read when it is known on which machine. */
export const nothingRead: CallerFacts = {
  caller_id: [],
  caller_agreements: [],
  caller_rights: [],
  caller_guardianship: [],
  caller_skills: [],
  caller_price: [],
  caller_missed: [],
};

const mayAct: readonly string[] = ["active", "expired"];

interface Named {
  id: string;
  first_name: string;
  last_name: string;
  hide_name: boolean;
  status: string;
}

const applicantOf = (
  { id: member_id, first_name, last_name, hide_name, status }: Named,
  rest: Pick<Applicant, "rights" | "outstanding" | "guardianship" | "skills" | "price" | "missed">,
): Applicant => ({
  holder: { member_id, first_name, last_name, hide_name },
  isExpired: status === "expired",
  ...rest,
});

/** Why a member who is neither active nor expired gets no booking. */
const notActive = (status: string): ReasonInput => ({
  code: "member_not_active",
  detail: `The membership is ${status}.`,
  fix: "Reactivate the membership.",
});

/**
 * A member as a booking of a machine needs them: one trip.
 * @throws unknown_reference; membership_suspended for the caller, booking_refused for others when they are not in good standing
 */
export async function readApplicant(space: Space, member_id: string, equipment_id: string): Promise<Applicant> {
  const builders = [
    memberById.build,
    bookingRights.build,
    outstandingAgreements.build,
    guardianship.build,
    skillGate.build,
    priceForMember.build,
    missedByMember.build,
  ];
  const [found, rights, outstanding, minor, skills, price, missed] = await space.time(
    "db",
    readTogether(space.store, builders, { member_id, equipment_id }),
  );
  const member = memberById.read(found);
  if (!member) {
    throw problem("unknown_reference", {
      errors: [{ pointer: "/member_id", code: "unknown", detail: "names no member" }],
      reasons: [{ code: "unknown_member", detail: "There is no such member here." }],
    });
  }
  if (!mayAct.includes(member.status)) {
    const reasons = [notActive(member.status)];
    throw problem(member_id === space.actor.id ? "membership_suspended" : "booking_refused", { reasons });
  }
  return applicantOf(member, {
    rights: bookingRights.read(rights),
    outstanding: outstandingAgreements.read(outstanding),
    guardianship: guardianship.read(minor),
    skills: skillGate.read(skills),
    price: priceForMember.read(price),
    missed: missedByMember.read(missed),
  });
}

/** The caller, of what the authorisation trip has read; null for anybody who cannot book for themselves, or of whom it has not read enough. */
export function callerAsApplicant({ actor }: Space, facts: CallerFacts): Applicant | null {
  const { membership } = actor;
  if (!membership || !mayAct.includes(membership.status)) return null;
  // Who was linked in this very request, or acts by another credential, was not found by their user id.
  if (memberIdOfUser.read(facts.caller_id) !== membership.id) return null;
  return applicantOf(membership, {
    rights: bookingRightsOfUser.read(facts.caller_rights),
    outstanding: outstandingAgreementsOfUser.read(facts.caller_agreements),
    guardianship: guardianshipOfUser.read(facts.caller_guardianship),
    skills: skillGateOfUser.read(facts.caller_skills),
    price: priceForUser.read(facts.caller_price),
    missed: missedByUser.read(facts.caller_missed),
  });
}
