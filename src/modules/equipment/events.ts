/** Events of the equipment module. Those of reservations and sessions are written by the equipment object. */

import type { Severity } from "./fault_reports/model.ts";
import type { CancelledBy, EquipmentStatus } from "./model.ts";

export const reservationEventTypes = [
  "reservation.created",
  "reservation.approved",
  "reservation.rejected",
  "reservation.cancelled",
  "reservation.moved",
  "reservation.expired",
  "reservation.amended",
  "reservation.checked_in",
  "reservation.started",
  "reservation.completed",
  "reservation.no_show",
  "reservation.excused",
] as const;
export type ReservationEventType = (typeof reservationEventTypes)[number];

export const outageEventTypes = ["outage.created", "outage.amended", "outage.lifted"] as const;
export type OutageEventType = (typeof outageEventTypes)[number];

export const sessionEventTypes = ["session.started", "session.ended", "session.overrun"] as const;
export type SessionEventType = (typeof sessionEventTypes)[number];

/** What becomes of a series as a whole; each of its bookings has events of its own, too. */
export const seriesEventTypes = ["series.created", "series.amended", "series.cancelled"] as const;
export type SeriesEventType = (typeof seriesEventTypes)[number];

/** Somebody waits, or waits no more; written with their entry. */
export type WaitlistEventType = "waitlist.joined" | "waitlist.left";

/** What becomes of freed time that somebody waits for. */
export const offerEventTypes = [
  "offer.opened",
  "offer.assigned",
  "offer.lapsed",
  "offer.released",
  "offer.accepted",
] as const;
export type OfferEventType = (typeof offerEventTypes)[number];

/** `entry_id` and `member_id` are there once somebody was found. */
export interface OfferEventData extends Record<string, unknown> {
  equipment_id: string;
  entry_id: string | null;
  member_id: string | null;
  starts_at: number;
  ends_at: number;
  expires_at: number;
  reservation_id?: string;
  /** Codes of the reasons that staff passed over. */
  overridden?: string[];
}

/** Data of a reservation event: no name, no purpose. Times are epoch milliseconds. */
export interface ReservationEventData extends Record<string, unknown> {
  equipment_id: string;
  member_id: string;
  status: string;
  starts_at: number;
  ends_at: number;
  /** What its holder owes for it, in the smallest unit of its currency. */
  fee_minor?: number;
  /** The step was taken for this series as a whole: who is told of it hears of the series. */
  series_id?: string;
  /** Codes of the reasons that staff passed over. */
  overridden?: string[];
  /** With a cancellation: what it comes from, and with an outage what there is instead. */
  cancelled_by?: CancelledBy;
  outage_id?: string;
  /** Ids of machines that were free for it, with commas between. */
  alternatives?: string;
  /** The booking that it goes on as, where, and the hold that keeps its place. */
  moved_to?: string;
  moved_to_equipment_id?: string;
  moved_to_hold_id?: string;
}

/** From the first booking to the last; `bookings` is how many the step was about. */
export interface SeriesEventData extends Record<string, unknown> {
  equipment_id: string;
  member_id: string;
  status: string;
  starts_at: number;
  ends_at: number;
  bookings: number;
  /** Codes of the reasons that staff passed over. */
  overridden?: string[];
}

/** What only those are told who hear of a cancellation. */
export type DisplacementData = Pick<
  ReservationEventData,
  "alternatives" | "moved_to" | "moved_to_equipment_id" | "moved_to_hold_id"
>;

/** Data of an outage: what is said of it stays with the machine. */
export interface OutageEventData extends Record<string, unknown> {
  equipment_id: string;
  status: string;
  starts_at: number;
  ends_at: number;
  is_weekly: boolean;
}

/** `next_member_id` and `next_reservation_id` name who is told when an overrun runs into the next booking. */
export interface SessionEventData extends Record<string, unknown> {
  equipment_id: string;
  member_id: string;
  reservation_id: string | null;
  planned_end_at: number;
  next_reservation_id?: string;
  next_member_id?: string;
  /** Codes of the reasons that staff passed over. */
  overridden?: string[];
}

export type FaultEventType =
  | "fault_report.created"
  | "fault_report.acknowledged"
  | "fault_report.resolved"
  | "fault_report.dismissed";

/** No words: they are for whoever may read the report. */
export interface FaultEventData extends Record<string, unknown> {
  equipment_id: string;
  /** Who reported it; null once they were erased. */
  member_id: string | null;
  severity: Severity;
  /** It took the machine out of use. */
  took_down?: boolean;
}

type Data<T extends string, D> = { [K in T]: D };

declare module "../../platform/events.ts" {
  interface EventCatalogue
    extends Data<ReservationEventType, ReservationEventData>,
      Data<SessionEventType, SessionEventData>,
      Data<FaultEventType, FaultEventData>,
      Data<SeriesEventType, SeriesEventData>,
      Data<OutageEventType, OutageEventData>,
      Data<"reservation.move_failed", ReservationEventData>,
      Data<OfferEventType, OfferEventData>,
      Data<WaitlistEventType, { equipment_id: string | null; category: string | null; member_id: string }>,
      Data<"reservation.starts_soon", ReservationEventData>,
      Data<"session.ends_soon", SessionEventData>,
      Data<Exclude<MessageType, "member.sweep_due">, Record<string, never>> {
    "member.sweep_due": { reach: "concerned" | "all" };
    "equipment.status_changed": { equipment_id: string; before: EquipmentStatus; status: EquipmentStatus };
    "projection.orphans_found": { equipment_id: string; orphans: number };
    /** Somebody who was suspended or removed still uses a machine: it is not cut. */
    "session.holder_shut_out": { equipment_id: string; member_id: string; planned_end_at: number };
  }
}

/** What the clock finds: a booking is about to start, a session about to end. */
export type ReminderEventType = "reservation.starts_soon" | "session.ends_soon";

/** What the module tells itself: the second sweep of a suspension, the night's reconciliation, policies on their way to objects, claims left behind, reminders. */
export type MessageType =
  | "member.sweep_due"
  | "reconcile.due"
  | "policy.push_due"
  | "claims.sweep_due"
  | "reminders.due";

/** What becomes of a machine itself, and what the reconciler found of it. */
export type MachineEventType = "equipment.status_changed" | "projection.orphans_found" | "session.holder_shut_out";
