/** Events that somebody is told about. catalogue.ts says the same in words. */

import type { EventEnvelope } from "../../platform/events.ts";
import type { Consumers, EventContext } from "../../platform/queue.ts";
import { DAY } from "../../platform/time.ts";
import {
  type FaultEventType,
  holdersOn,
  type MachineEventType,
  type OfferEventType,
  type OutageEventType,
  type ReminderEventType,
  type ReservationEventType,
  type SeriesEventType,
  type SessionEventType,
  SWEEPER,
} from "../equipment/index.ts";
import type { FileEventType } from "../files/index.ts";
import { type CareEventType, type MembershipEventType, onDuty, staffIds } from "../members/index.ts";
import { type SkillEventType, trainersOf } from "../skills/index.ts";
import type { WebhookEventType } from "../webhooks/index.ts";
import { type Told, tells } from "./notify.ts";

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The holder is told what becomes of a booking, the member of a membership, the host of a guest. */
const tellHolder = tells("notify_holder", ({ data, subject }) => {
  const member_id = text(data.member_id);
  return member_id === null ? [] : [{ member_id, subject, data }];
});

/** Of a step for a whole series its holder is told once, of the series. */
const tellBooker = tells("notify_booker", ({ data, subject }) => {
  const member_id = data.series_id === undefined ? text(data.member_id) : null;
  return member_id === null ? [] : [{ member_id, subject, data }];
});

/** An overrun is told to the one who runs over, as their session, and to the one who is next, as their booking. */
function toldOfOverrun({ data, subject }: EventEnvelope): Told[] {
  const { next_member_id, next_reservation_id, ...own } = data;
  const { equipment_id, planned_end_at } = own;
  const [holder, next, booking] = [text(own.member_id), text(next_member_id), text(next_reservation_id)];
  const told: Told[] = holder === null ? [] : [{ member_id: holder, subject, data: own }];
  // Somebody who runs into their own next booking is told once.
  if (next !== null && next !== holder && booking !== null) {
    const data = { equipment_id, member_id: next, reservation_id: booking, planned_end_at };
    told.push({ member_id: next, subject: { type: "reservation", id: booking }, data });
  }
  return told;
}

const tellOverrun = tells("notify_overrun", toldOfOverrun);

/** How far ahead a machine that is down matters to those who booked it. */
const DOWN_MATTERS = 7 * DAY;

/** More people than use one machine in a week. */
const TOLD_OF_DOWN = 1_000;

/** A machine went down: whoever booked it for the next days is told once, of their first booking. */
const tellDown = tells("notify_down", async ({ data, occurred_at: now }, { store }) => {
  const { equipment_id, status } = data;
  if (typeof equipment_id !== "string" || status === "available") return [];
  const holders = await holdersOn(store, equipment_id, {
    now,
    to: now + DOWN_MATTERS,
    after: "",
    limit: TOLD_OF_DOWN,
  });
  return holders.map(({ member_id, reservation_id, starts_at, ends_at }) => ({
    type: "equipment.down",
    member_id,
    subject: { type: "reservation", id: reservation_id },
    data: { equipment_id, status, starts_at, ends_at },
  }));
});

const tellMember = tells("notify_member", ({ subject }) => [
  { member_id: subject.id, subject: { type: "member", id: subject.id }, data: {} },
]);

/** Administrators are told of what is wrong with the makerspace's own data. */
const tellAdministrators = tells("notify_administrators", async ({ data, subject }, { store, now }) => {
  const ids = await staffIds(store, [], now);
  return ids.map((member_id) => ({ member_id, subject, data }));
});

/** Whose erasure was put off, and administrators, who may be the only ones able to clear the way. */
const tellOfPutOff = tells("notify_put_off", async ({ data, subject }, { store, now }) => {
  const ids = new Set([subject.id, ...(await staffIds(store, [], now))]);
  return [...ids].map((member_id) => ({
    member_id,
    subject: { type: "member", id: subject.id },
    data: { code: data.code },
  }));
});

/** Who decides on applications for a plan is told of a new one. */
const tellDesk = tells("notify_desk", async ({ data, subject }, { store, now }) => {
  const ids = await staffIds(store, ["desk"], now);
  return ids.map((member_id) => ({ member_id, subject, data }));
});

/** Administrators, and who is at the desk or looks after safety at this machine; not the one it is about. */
async function thoseOnDuty({ data }: EventEnvelope, { store, now }: EventContext): Promise<string[]> {
  const duties = ["desk", "safety"] as const;
  const [everywhere, here] = [
    await staffIds(store, duties, now),
    await onDuty(store, duties, now, text(data.equipment_id) ?? undefined),
  ];
  return [...new Set([...everywhere, ...here])].filter((id) => id !== data.member_id);
}

/** Who looks after the place is told that somebody who was shut out still uses a machine. */
const tellThoseOnDuty = tells("notify_on_duty", async (envelope, context) => {
  const { data, subject } = envelope;
  const ids = await thoseOnDuty(envelope, context);
  return ids.map((member_id) => ({ type: "session.of_suspended", member_id, subject, data }));
});

/** A session that ended because its holder was shut out: the machine may still be at work. */
const tellOfEnded = tells("notify_ended_for_suspended", async (envelope, context) => {
  const { data, subject, actor_id } = envelope;
  if (actor_id !== SWEEPER) return [];
  const ids = await thoseOnDuty(envelope, context);
  return ids.map((member_id) => ({ type: "session.ended_for_suspended", member_id, subject, data }));
});

/** Who looks after a machine is told of its faults; what is unsafe is told to safety as well. */
const tellOfFault = tells("notify_fault", async ({ data, subject }, { store, now }) => {
  const duties = data.severity === "safety" ? (["maintainer", "safety"] as const) : (["maintainer"] as const);
  const everywhere = await staffIds(store, duties, now);
  const here = await onDuty(store, duties, now, text(data.equipment_id) ?? undefined);
  const type = data.severity === "safety" ? ("fault_report.unsafe" as const) : ("fault_report.created" as const);
  return [...new Set([...everywhere, ...here])]
    .filter((id) => id !== data.member_id)
    .map((member_id) => ({ type, member_id, subject, data }));
});

/** Administrators hear of those who wait for a yes. */
const tellOfRegistration = tells("notify_registration", async ({ data, subject }, { store, now }) => {
  if (data.status !== "pending") return [];
  const ids = await staffIds(store, [], now);
  return ids.map((member_id) => ({ member_id, subject, data: {} }));
});

/** A member who was named as a guardian is told for whom: the consent is theirs to give. */
const tellGuardian = tells("notify_guardian", ({ data, subject }) => {
  const member_id = text(data.guardian_member_id);
  return member_id === null ? [] : [{ member_id, subject: { type: "member", id: subject.id }, data: {} }];
});

/** Who certifies a skill is told of what waits for them; the one it is about is not. */
const tellTrainers = tells("notify_trainers", async ({ data, subject, actor_id }, { store, now }) => {
  const skill_id = text(data.skill_id);
  const ids = skill_id === null ? [] : await trainersOf(store, skill_id, now);
  return ids
    .filter((id) => id !== data.member_id && id !== actor_id)
    .map((member_id) => ({ member_id, subject, data }));
});

/** Each of those who were in a group that was dissolved pays for themselves again; none is told of the others. */
const tellEverybody = tells("notify_everybody", ({ data, subject }) =>
  (Array.isArray(data.member_ids) ? data.member_ids : []).flatMap((one) => {
    const member_id = text(one);
    return member_id === null
      ? []
      : [{ type: "billing_group.member_removed" as const, member_id, subject, data: { member_id } }];
  }),
);

/** A new type of event does not compile without its line here. */
export const notificationConsumers: Consumers<
  | ReminderEventType
  | ReservationEventType
  | SeriesEventType
  | OfferEventType
  | SessionEventType
  | OutageEventType
  | "reservation.move_failed"
  | MachineEventType
  | MembershipEventType
  | CareEventType
  | WebhookEventType
  | FaultEventType
  | FileEventType
  | "audit.broken"
  | SkillEventType
  | "member.reactivated"
  | "member.approved"
  | "member.erasure_requested"
  | "member.erasure_put_off"
  | "member.data_exported"
  | "member.joined"
  | "guest.arrived"
  | "billing_group.member_added"
  | "billing_group.member_removed"
  | "billing_group.dissolved"
  | "billing_group.payer_named"
  | "billing_group.payer_replaced"
> = {
  "reservation.created": [tellBooker],
  "reservation.approved": [tellHolder],
  "reservation.rejected": [tellHolder],
  "reservation.cancelled": [tellBooker],
  "reservation.moved": [tellBooker],
  "reservation.move_failed": [tellHolder],
  "outage.created": [],
  "outage.amended": [],
  "outage.lifted": [],
  "reservation.expired": [tellHolder],
  "reservation.amended": [tellBooker],
  "series.created": [tellHolder],
  "series.amended": [tellHolder],
  "series.cancelled": [tellHolder],
  "offer.opened": [],
  "offer.assigned": [tellHolder],
  "offer.lapsed": [tellHolder],
  "offer.released": [],
  "offer.accepted": [],
  "reservation.checked_in": [],
  "reservation.started": [],
  "reservation.completed": [],
  "reservation.no_show": [tellHolder],
  "reservation.excused": [tellHolder],
  "reservation.starts_soon": [tellHolder],
  "session.started": [],
  "session.ended": [tellOfEnded],
  "session.overrun": [tellOverrun],
  "session.ends_soon": [tellHolder],
  "membership.applied": [tellDesk],
  "membership.declined": [tellHolder],
  "membership.started": [tellHolder],
  "membership.renewed": [tellHolder],
  "membership.changed": [tellHolder],
  "membership.change_planned": [tellHolder],
  "membership.continued": [tellHolder],
  "membership.paused": [tellHolder],
  "membership.resumed": [tellHolder],
  "membership.cancelled": [tellHolder],
  "membership.expired": [tellHolder],
  "certification.certified": [tellHolder],
  "certification.awaiting_cosign": [tellTrainers],
  "certification.expiring": [tellHolder],
  "certification.expired": [tellHolder],
  "certification.revoked": [tellHolder],
  "skill_request.created": [tellTrainers],
  "skill_request.approved": [],
  "skill_request.rejected": [tellHolder],
  "skill_request.withdrawn": [],
  "equipment.status_changed": [tellDown],
  "webhook.disabled": [tellAdministrators],
  "projection.orphans_found": [tellAdministrators],
  "fault_report.created": [tellOfFault],
  "fault_report.acknowledged": [tellHolder],
  "fault_report.resolved": [tellHolder],
  "fault_report.dismissed": [tellHolder],
  "files.lost": [tellAdministrators],
  "audit.broken": [tellAdministrators],
  "member.reactivated": [tellMember],
  "session.holder_shut_out": [tellThoseOnDuty],
  "member.approved": [tellMember],
  "member.erasure_requested": [tellMember],
  "member.erasure_put_off": [tellOfPutOff],
  "member.data_exported": [tellMember],
  "member.joined": [tellOfRegistration],
  "guest.arrived": [tellHolder],
  "billing_group.member_added": [tellHolder],
  "billing_group.member_removed": [tellHolder],
  "billing_group.dissolved": [tellEverybody],
  "billing_group.payer_named": [tellHolder],
  "billing_group.payer_replaced": [tellHolder],
  "guardian.named": [tellGuardian],
  "guardian_consent.given": [tellHolder],
  "guardian_consent.withdrawn": [tellHolder],
  "document.submitted": [],
  "document.verified": [tellHolder],
  "document.rejected": [tellHolder],
  "document.expiring": [tellHolder],
  "document.expired": [tellHolder],
};
