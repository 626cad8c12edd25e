/**
 * Events as the world outside sees them: in webhooks and in the feed. What is not written here stays inside. No names, no addresses, no texts
 * of people: ids, statuses and times.
 */

import { z } from "@hono/zod-openapi";
import { Id, Instant } from "../../platform/contract.ts";
import type { EventEnvelope } from "../../platform/events.ts";
import { skillLevels } from "../../platform/skills.ts";
import { toIso } from "../../platform/time.ts";
import { cancellers, equipmentStatuses, outageStatuses, reservationStatuses } from "../equipment/index.ts";

/** A public type of event. */
interface PublicEvent {
  /** When it happens. */
  about: string;
  data: z.ZodObject;
}

const reservation = z.object({
  equipment_id: Id,
  member_id: Id,
  status: z.enum(reservationStatuses),
  starts_at: Instant,
  ends_at: Instant,
});
/** `cancelled_by` says who or what, with an outage also which. */
const cancellation = reservation.extend({
  cancelled_by: z.enum(cancellers).optional(),
  outage_id: Id.optional(),
});
const outage = z.object({
  equipment_id: Id,
  status: z.enum(outageStatuses),
  starts_at: Instant,
  ends_at: Instant,
  is_weekly: z.boolean(),
});
const session = z.object({
  equipment_id: Id,
  member_id: Id,
  reservation_id: Id.nullable(),
  planned_end_at: Instant,
});
const membership = z.object({ member_id: Id, plan_id: Id, ends_at: Instant.nullable() });
const certification = z.object({
  skill_id: Id,
  member_id: Id,
  level: z.enum(skillLevels),
  expires_at: Instant.nullable(),
});
const nothing = z.object({});
const equipmentStatus = z.enum(equipmentStatuses);

/** Type → its shape. Within v1 shapes only grow. */
export const publicEvents = {
  "reservation.created": { about: "A machine was booked, or asked for.", data: reservation },
  "reservation.approved": { about: "A booking that waited was approved.", data: reservation },
  "reservation.rejected": { about: "A booking that waited was declined.", data: reservation },
  "reservation.cancelled": { about: "A booking was cancelled.", data: cancellation },
  "reservation.moved": {
    about: "A booking gave way to an outage and goes on on another machine.",
    data: cancellation.extend({ moved_to: Id, moved_to_equipment_id: Id }),
  },
  "reservation.move_failed": { about: "A booking that was to go on elsewhere could not.", data: cancellation },
  "outage.created": { about: "A machine was taken out of service, or will be.", data: outage },
  "outage.amended": { about: "An outage was extended or shortened.", data: outage },
  "outage.lifted": { about: "A machine is back before its outage was to end.", data: outage },
  "reservation.expired": { about: "A booking that waited has lapsed.", data: reservation },
  "reservation.amended": { about: "A booking was moved, lengthened or shortened.", data: reservation },
  "reservation.checked_in": { about: "The holder said that they are there.", data: reservation },
  "reservation.started": { about: "The booked session began.", data: reservation },
  "reservation.completed": { about: "The booked session ended.", data: reservation },
  "reservation.no_show": { about: "Nobody came.", data: reservation },
  "reservation.excused": { about: "A missed booking was excused.", data: reservation },
  "session.started": { about: "Somebody began to use a machine.", data: session },
  "session.ended": { about: "A machine is free again.", data: session },
  "session.overrun": { about: "A session runs over its time.", data: session },
  "equipment.status_changed": {
    about: "A machine went down, or came back.",
    data: z.object({ equipment_id: Id, before: equipmentStatus, status: equipmentStatus }),
  },
  "announcement.published": {
    about: "Staff published an announcement.",
    data: z.object({ audience: z.enum(["all", "plan", "equipment"]), audience_id: Id.nullable() }),
  },
  "member.added": { about: "Somebody was added as a member.", data: nothing },
  "member.suspended": { about: "A member was suspended.", data: nothing },
  "member.reactivated": { about: "A member was let back in.", data: nothing },
  "membership.applied": { about: "A member applied for a plan.", data: membership },
  "membership.declined": { about: "An application was declined.", data: membership },
  "membership.started": { about: "A membership began.", data: membership },
  "membership.renewed": { about: "A membership was renewed.", data: membership },
  "membership.changed": { about: "A member went to another plan.", data: membership },
  "membership.change_planned": { about: "A member goes to another plan when the period ends.", data: membership },
  "membership.continued": { about: "A membership that was to end goes on.", data: membership },
  "membership.paused": { about: "A membership was paused.", data: membership },
  "membership.resumed": { about: "A paused membership goes on.", data: membership },
  "membership.cancelled": { about: "A membership was cancelled.", data: membership },
  "membership.expired": { about: "A membership has expired.", data: membership },
  "guest.arrived": { about: "A guest of this member was let in.", data: z.object({ member_id: Id }) },
  "certification.certified": { about: "A certification began to count.", data: certification },
  "certification.expired": { about: "A certification has ended, by date or by disuse.", data: certification },
  "certification.revoked": { about: "A certification was taken away.", data: certification },
  "member.removed": { about: "A member left or was removed.", data: nothing },
  "member.erased": { about: "A member's personal data was erased: erase your copy, too.", data: nothing },
} as const satisfies Record<string, PublicEvent>;

export type PublicEventType = keyof typeof publicEvents;
export const publicEventTypes = Object.keys(publicEvents) as [PublicEventType, ...PublicEventType[]];

/** What is the same of every event. */
export const eventFields = {
  id: z.string().openapi({ description: "The same in every attempt and in the feed; also in the header webhook-id." }),
  v: z.literal(1),
  makerspace_id: Id,
  subject: z.strictObject({ type: z.string(), id: Id, version: z.int() }),
  occurred_at: Instant,
};

/** An event as the feed shows it. */
export interface PublicEnvelope {
  id: string;
  type: string;
  v: 1;
  makerspace_id: string;
  subject: EventEnvelope["subject"];
  occurred_at: string;
  data: Record<string, unknown>;
}

const toInstants = (data: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(data).map(([name, value]) => [
      name,
      name.endsWith("_at") && typeof value === "number" ? toIso(value) : value,
    ]),
  );

/** The public face of an event: what its shape names, and nothing else. @throws ZodError when the event is not what its shape says */
export function toPublic(envelope: EventEnvelope, type: PublicEventType): PublicEnvelope {
  const { id, makerspace_id, subject, occurred_at } = envelope;
  const data = publicEvents[type].data.parse(toInstants(envelope.data));
  const { version } = subject;
  return {
    id,
    type,
    v: 1,
    makerspace_id,
    subject: { type: subject.type, id: subject.id, version },
    occurred_at: toIso(occurred_at),
    data,
  };
}
