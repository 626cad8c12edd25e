/** Events that somebody is told about. */

import type { EventEnvelope } from "../../platform/events.ts";
import { newId } from "../../platform/ids.ts";
import type { Consumers, EventContext, EventHandler } from "../../platform/queue.ts";
import type { ReservationEventType, SessionEventType } from "../equipment/index.ts";
import { notifications } from "./tables.ts";

const insert = (envelope: EventEnvelope, { store, now }: EventContext, member_id: string) =>
  store.db
    .insert(notifications)
    .values(
      store.row({
        id: newId(),
        member_id,
        event_id: envelope.id,
        type: envelope.type,
        subject_type: envelope.subject.type,
        subject_id: envelope.subject.id,
        data: envelope.data,
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
    const member_id = text(envelope.data.member_id);
    return member_id === null ? [] : [insert(envelope, context, member_id)];
  },
};

/** An overrun is told to the one who runs over and to the one who is next. */
const tellOverrun: EventHandler = {
  name: "notify_overrun",
  async handle(envelope, context) {
    const told = new Set([text(envelope.data.member_id), text(envelope.data.next_member_id)]);
    return [...told].flatMap((member_id) => (member_id === null ? [] : [insert(envelope, context, member_id)]));
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
