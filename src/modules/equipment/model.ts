/**
 * The machine's vocabulary and rules as data: pure, shared by the worker, the equipment object, the page and the tests.
 * Times are epoch milliseconds, durations are minutes unless a name says otherwise.
 */

export const equipmentCategories = [
  "printer_3d",
  "laser_cutter",
  "cnc_machine",
  "testing_tool",
  "soldering_station",
  "workstation",
  "hand_tool",
  "measuring_tool",
  "general_tool",
] as const;
export type EquipmentCategory = (typeof equipmentCategories)[number];

/** What staff set. `in_use` is derived from sessions and never stored. */
export const equipmentStatuses = ["available", "under_maintenance", "offline"] as const;
export type EquipmentStatus = (typeof equipmentStatuses)[number];

export const reservationStatuses = [
  "pending",
  "approved",
  "active",
  "completed",
  "rejected",
  "expired",
  "cancelled",
  "no_show",
] as const;
export type ReservationStatus = (typeof reservationStatuses)[number];

/** Everything that can happen to a reservation. The last four are the clock's, not a person's. */
export const reservationSteps = [
  "approve",
  "reject",
  "cancel",
  "check_in",
  "no_show",
  "excuse",
  "start",
  "end",
  "expire",
  "begin",
  "lapse",
  "miss",
] as const;
export type ReservationStep = (typeof reservationSteps)[number];

/**
 * The one declared table of a reservation's life: status → step → the statuses it may lead to.
 * `excuse` leads back to `approved` while the slot is still ahead and free, otherwise to `completed`.
 * `begin` activates a booking without check-in at its start; `lapse` ends an unattended one; `miss` is a no-show found by the clock.
 */
export const reservationTransitions: Readonly<
  Record<ReservationStatus, Partial<Record<ReservationStep, readonly ReservationStatus[]>>>
> = {
  pending: { approve: ["approved"], reject: ["rejected"], cancel: ["cancelled"], expire: ["expired"] },
  approved: {
    check_in: ["active"],
    start: ["active"],
    begin: ["active"],
    cancel: ["cancelled"],
    no_show: ["no_show"],
    miss: ["no_show"],
  },
  active: { start: ["active"], end: ["completed"], lapse: ["completed"] },
  no_show: { excuse: ["approved", "completed"] },
  completed: {},
  rejected: {},
  expired: {},
  cancelled: {},
};

/** Statuses that hold their slot. */
export const holdingStatuses = ["pending", "approved", "active"] as const satisfies readonly ReservationStatus[];

/** True while a reservation in this status occupies the machine. */
export const holdsSlot = (status: ReservationStatus): boolean =>
  (holdingStatuses as readonly ReservationStatus[]).includes(status);

/** The statuses a step may lead to from `from`; empty when the step is illegal there. */
export const stepsTo = (from: ReservationStatus, step: ReservationStep): readonly ReservationStatus[] =>
  reservationTransitions[from][step] ?? [];

export const approvalModes = ["none", "staff"] as const;
export const checkInModes = ["none", "optional", "required"] as const;

/** How one machine may be booked. Every field is in minutes but `horizon_days`. */
export interface BookingPolicy {
  approval: (typeof approvalModes)[number];
  check_in: (typeof checkInModes)[number];
  min_minutes: number;
  max_minutes: number;
  /** Starts and ends are multiples of this, counted on the wall clock from local midnight. */
  granularity_minutes: number;
  /** The shortest time between booking and start. */
  notice_minutes: number;
  /** How far ahead a booking may start. */
  horizon_days: number;
  /** Kept free after a booking, except before the same member's next one. */
  buffer_minutes: number;
  /** With `check_in: required`, a booking nobody checked in to becomes a no-show this long after its start. */
  grace_minutes: number;
  /** A pending booking expires after this, and never later than its start. */
  pending_ttl_minutes: number;
}

export const defaultPolicy: BookingPolicy = {
  approval: "none",
  check_in: "none",
  min_minutes: 15,
  max_minutes: 480,
  granularity_minutes: 15,
  notice_minutes: 0,
  horizon_days: 90,
  buffer_minutes: 0,
  grace_minutes: 15,
  pending_ttl_minutes: 1440,
};

/** Lower and upper bound of each number in a policy; the contract and the tables read them from here. */
export const policyBounds = {
  min_minutes: [1, 10_080],
  max_minutes: [1, 43_200],
  granularity_minutes: [1, 1_440],
  notice_minutes: [0, 525_600],
  horizon_days: [1, 730],
  buffer_minutes: [0, 1_440],
  grace_minutes: [1, 1_440],
  pending_ttl_minutes: [1, 525_600],
} as const satisfies Partial<Record<keyof BookingPolicy, readonly [number, number]>>;

/** Check-in and the start of a booked session open this long before the booking's start. */
export const CHECK_IN_OPENS_MINUTES = 15;

/** What the worker read in D1 may be acted on for this long (milliseconds); the object refuses older facts. */
export const FACTS_GOOD_FOR_MS = 10_000;

/** How the holder of a slot is named on a tablet. */
export const holderDisplays = ["none", "initials", "first_name"] as const;
export type HolderDisplay = (typeof holderDisplays)[number];

export const outputQualities = ["excellent", "good", "fair", "poor"] as const;
export type OutputQuality = (typeof outputQualities)[number];

/** Why a stretch of an availability answer is not free. */
export const busyCauses = [
  "reservation",
  "walk_up",
  "session",
  "buffer",
  "past",
  "notice",
  "horizon",
  "equipment_unavailable",
  "retired",
] as const;
export type BusyCause = (typeof busyCauses)[number];

/** Half-open: `starts_at` belongs to it, `ends_at` does not. */
export interface Interval {
  starts_at: number;
  ends_at: number;
}

/** True when two half-open intervals share an instant. */
export const overlaps = (a: Interval, b: Interval): boolean => a.starts_at < b.ends_at && b.starts_at < a.ends_at;
