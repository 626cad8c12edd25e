/** Events that somebody is told about. */

import type { EventEnvelope } from "../../platform/events.ts";
import { newId } from "../../platform/ids.ts";
import type { Consumers, EventContext, EventHandler } from "../../platform/queue.ts";
import type { ReservationEventType, SessionEventType } from "../equipment/index.ts";
import { notifications } from "./tables.ts";

/** What one person is told: never who else was concerned. */
interface Told {
  member_id: string;
  subject: { type: string; id: string };
  data: Record<string, unknown>;
}

const insert = (envelope: EventEnvelope, { store, now }: EventContext, { member_id, subject, data }: Told) =>
  store.db
    .insert(notifications)
    .values(
      store.row({
        id: newId(),
        member_id,
        event_id: envelope.id,
        type: envelope.type,
        subject_type: subject.type,
        subject_id: subject.id,
        data,
        version: 1,
        created_at: now,
        updated_at: now,
      }),
    )
    .onConflictDoNothing();

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** The holder is told what becomes of a booking. */
const tellHolder: EventHandler = {
  name: "notify_holder",
  async handle(envelope, context) {
    const { data, subject } = envelope;
    const member_id = text(data.member_id);
    return member_id === null ? [] : [insert(envelope, context, { member_id, subject, data })];
  },
};

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

const tellOverrun: EventHandler = {
  name: "notify_overrun",
  async handle(envelope, context) {
    return toldOfOverrun(envelope).map((told) => insert(envelope, context, told));
  },
};

/** A new type of event does not compile without its line here. */
export const notificationConsumers: Consumers<ReservationEventType | SessionEventType> = {
  "reservation.created": [tellHolder],
  "reservation.approved": [tellHolder],
  "reservation.rejected": [tellHolder],
  "reservation.cancelled": [tellHolder],
  "reservation.expired": [tellHolder],
  "reservation.amended": [tellHolder],
  "reservation.checked_in": [],
  "reservation.started": [],
  "reservation.completed": [],
  "reservation.no_show": [tellHolder],
  "reservation.excused": [tellHolder],
  "session.started": [],
  "session.ended": [],
  "session.overrun": [tellOverrun],
};
