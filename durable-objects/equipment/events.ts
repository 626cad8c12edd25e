/** What the object writes down about a change: one body serves the audit, the outbox and the ring that live sockets resume from. No names. */

import type {
  OfferEventData,
  OfferEventType,
  OutageEventData,
  OutageEventType,
  ReservationEventData,
  ReservationEventType,
  SeriesEventData,
  SeriesEventType,
  SessionEventData,
  SessionEventType,
} from "../../src/modules/equipment/events.ts";
import type { LiveEvent } from "../../src/modules/equipment/live.ts";
import type {
  CommandActor,
  HoldRecord,
  OfferRecord,
  OutageRecord,
  ReservationRecord,
  SeriesRecord,
  SessionRecord,
} from "../../src/modules/equipment/port.ts";
import type { EventEnvelope } from "../../src/platform/events.ts";
import { toIso } from "../../src/platform/time.ts";

/** Only for live sockets: nothing of it goes to D1. */
export type MachineEventType = "machine.configured" | "machine.refreshed" | "machine.retired";

/** Only for live sockets, too: a hold becomes a booking, or nothing. */
export type HoldEventType = "hold.created" | "hold.renewed" | "hold.released" | "hold.expired";

export type EventType =
  | ReservationEventType
  | SessionEventType
  | SeriesEventType
  | OutageEventType
  | OfferEventType
  | MachineEventType
  | HoldEventType;

/** A stored event. `before` is the data as it was, for the audit. */
export interface EventBody {
  seq: number;
  actor_kind: CommandActor["kind"];
  envelope: EventEnvelope<EventType>;
  before: Record<string, unknown> | null;
}

export const reservationData = (record: ReservationRecord): ReservationEventData => ({
  equipment_id: record.equipment_id,
  member_id: record.member_id,
  status: record.status,
  starts_at: record.starts_at,
  ends_at: record.ends_at,
  ...(record.fee_minor !== null && { fee_minor: record.fee_minor }),
  ...(record.cancelled_by !== null && { cancelled_by: record.cancelled_by }),
  ...(record.outage_id !== null && { outage_id: record.outage_id }),
});

export const outageData = (record: OutageRecord): OutageEventData => ({
  equipment_id: record.equipment_id,
  status: record.status,
  starts_at: record.starts_at,
  ends_at: record.ends_at,
  is_weekly: record.weekly !== null,
});

/** Never whose: the ring is for everybody. */
export const holdData = ({
  equipment_id,
  starts_at,
  ends_at,
  expires_at,
}: Omit<HoldRecord, "seq">): Record<string, unknown> => ({
  equipment_id,
  starts_at,
  ends_at,
  expires_at,
});

export const seriesData = (record: SeriesRecord, bookings: number): SeriesEventData => ({
  equipment_id: record.equipment_id,
  member_id: record.member_id,
  status: record.status,
  starts_at: record.starts_at,
  ends_at: record.ends_at,
  bookings,
});

export const offerData = (
  { equipment_id, entry_id, member_id, starts_at, ends_at, expires_at }: OfferRecord,
  reservation_id?: string,
): OfferEventData => ({
  equipment_id,
  entry_id,
  member_id,
  starts_at,
  ends_at,
  expires_at,
  ...(reservation_id !== undefined && { reservation_id }),
});

export const sessionData = (record: SessionRecord): SessionEventData => ({
  equipment_id: record.equipment_id,
  member_id: record.member_id,
  reservation_id: record.reservation_id,
  planned_end_at: record.planned_end_at,
});

/** The event as a socket gets it. */
export function liveEvent({ envelope: { type, subject, data } }: EventBody): LiveEvent {
  const event: LiveEvent = { type };
  if (subject.type === "reservation") event.reservation_id = subject.id;
  if (subject.type === "session") event.session_id = subject.id;
  const { starts_at, ends_at, status } = data;
  if (typeof starts_at === "number") event.starts_at = toIso(starts_at);
  if (typeof ends_at === "number") event.ends_at = toIso(ends_at);
  if (typeof status === "string") event.status = status;
  return event;
}
