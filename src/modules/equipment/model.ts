/**
 * The machine's vocabulary and rules as data: pure, shared by the worker, the equipment object, the page and the tests.
 * Times are epoch milliseconds, durations are minutes unless a name says otherwise.
 */

import type { Duty } from "../../platform/access/permissions.ts";
import type { ReasonInput } from "../../platform/problem.ts";
import type { WeeklyWindows } from "../../platform/settings/hours.ts";
import type { SkillGate, SkillLevel } from "../../platform/skills.ts";

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

/** Who or what a cancellation comes from. Only what its holder does may cost them something. */
export const cancellers = ["holder", "staff", "outage", "standing", "system"] as const;
export type CancelledBy = (typeof cancellers)[number];

/** Of an outage. */
export const outageStatuses = ["open", "lifted"] as const;
export type OutageStatus = (typeof outageStatuses)[number];

/** What becomes of the bookings that an outage meets. */
export const affectedFates = ["cancel", "offer", "move"] as const;
export type AffectedFate = (typeof affectedFates)[number];

/** Outages of one machine that are not over, and bookings that one of them may meet at once. */
export const MAX_OUTAGES = 100;
export const MAX_AFFECTED = 500;

/** Closures of the makerspace, or of one machine, that are not over. */
export const MAX_CLOSURES = 200;

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

export const approvalModes = ["none", "staff", "rule"] as const;

/** Approves a booking by itself when all that it says holds; null says nothing. */
export interface ApprovalRule {
  /** In every group of skills that the machine asks for. */
  min_level: SkillLevel | null;
  duty: Duty | null;
  /** In the smallest unit of the machine's currency. */
  price_below_minor: number | null;
}
/** What a booking that was used is paid for: the time reserved, the time used, or what costs more. */
export const billings = ["reserved", "used", "greater"] as const;
export type Billing = (typeof billings)[number];
export const checkInModes = ["none", "optional", "required"] as const;

/** How one machine may be booked. Times are in minutes unless a name says otherwise, fees in the smallest unit of its currency. */
export interface BookingPolicy {
  approval: (typeof approvalModes)[number];
  /** With `approval: rule`: one that holds is enough; what none approves waits for staff. */
  approval_rules: ApprovalRule[];
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
  /** A slot is held this long for somebody who is still choosing, and never past its start. */
  hold_minutes: number;
  bill_by: Billing;
  /** A member who cancels later than this before the start pays the fee. */
  cancellation_hours: number;
  late_cancel_fee_minor: number;
  no_show_fee_minor: number;
  /** Kept free between bookings of one member on this machine. */
  own_gap_minutes: number;
}

export const defaultPolicy: BookingPolicy = {
  approval: "none",
  approval_rules: [],
  check_in: "none",
  min_minutes: 15,
  max_minutes: 480,
  granularity_minutes: 15,
  notice_minutes: 0,
  horizon_days: 90,
  buffer_minutes: 0,
  grace_minutes: 15,
  pending_ttl_minutes: 1440,
  hold_minutes: 5,
  bill_by: "reserved",
  cancellation_hours: 24,
  late_cancel_fee_minor: 0,
  no_show_fee_minor: 0,
  own_gap_minutes: 0,
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
  hold_minutes: [1, 60],
  cancellation_hours: [0, 8_760],
  late_cancel_fee_minor: [0, 1_000_000_000],
  no_show_fee_minor: [0, 1_000_000_000],
  own_gap_minutes: [0, 43_200],
} as const satisfies Partial<Record<keyof BookingPolicy, readonly [number, number]>>;

/** A hold is renewed at most this often. */
export const HOLD_RENEWALS = 2;

export const seriesStatuses = ["active", "cancelled"] as const;
export type SeriesStatus = (typeof seriesStatuses)[number];

/** Part of a series: one booking, that and what follows it, or all that are ahead. */
export const seriesScopes = ["this", "following", "all"] as const;
export type SeriesScope = (typeof seriesScopes)[number];

/** `waiting` for an offer or with one (`offered`); the others are the end of it. */
export const waitlistStatuses = ["waiting", "offered", "accepted", "lapsed", "left", "expired"] as const;

/** Whoever is offered a slot has this long to take it, quiet hours apart. */
export const OFFER_MINUTES = 60;

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
  "hold",
  "walk_up",
  "session",
  "buffer",
  "past",
  "notice",
  "horizon",
  "equipment_unavailable",
  "outage",
  "closed",
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

/** Begun minutes of an interval, counted whole. */
export const minutesOf = ({ starts_at, ends_at }: Interval): number =>
  Math.max(0, Math.ceil((ends_at - starts_at) / 60_000));

/** What a plan says about one booking; null is no limit. */
export interface PlanLimits {
  /** When the membership is there for its member, epoch milliseconds; null is open. */
  covers: { from: number; to: number | null };
  advance_days: number | null;
  max_duration_minutes: number | null;
  /** When its members may use machines, on the wall clock of the makerspace. */
  access_windows: WeeklyWindows | null;
  /** A cancellation later than this before the start gives no minutes back. */
  cancellation_hours: number;
}

/** What stands between a person and a booking besides the machine's own rules. */
export interface Gates {
  /** False: the makerspace has switched bookings and walk-ups off. */
  bookings_enabled: boolean;
  /** Why this person may not book this machine, whatever the time: membership, plan, agreements, and limits that are used up. */
  reasons: ReasonInput[];
  /** Null without a plan. */
  plan: PlanLimits | null;
  /** What the machine asks of the person, and what they bring; null when it asks for nothing. */
  skills: SkillGate | null;
}

/**
 * Which of the reasons against a booking staff may pass over: what concerns time and fairness, never safety or standing.
 * Reason → may somebody with authority over the machine book all the same? A reason that is not listed is never passed over.
 */
export const overridable = {
  notice_too_short: true,
  beyond_horizon: true,
  closed: true,
  machine_closed: true,
  outside_access_hours: true,
  beyond_plan_horizon: true,
  longer_than_plan: true,
  open_bookings_used_up: true,
  minutes_used_up: true,
  quota_open_bookings: true,
  quota_minutes_per_day: true,
  quota_minutes_per_week: true,
  quota_minutes_per_month: true,
  cool_down: true,
  own_gap: true,
  equipment_not_in_plan: true,
  outside_membership: true,
  membership_required: true,
  membership_paused: true,
  feature_disabled: false,
  membership_expired: false,
  agreement_missing: false,
  guardian_consent_missing: false,
  member_not_active: false,
  skill_required: false,
} as const satisfies Record<string, boolean>;

/** May staff pass over this reason? */
export const mayOverride = ({ code }: ReasonInput): boolean => (overridable as Record<string, boolean>)[code] === true;

/** Nothing stands in the way: for commands that are about nobody, and for time that is given back. */
export const openGates: Gates = { bookings_enabled: true, reasons: [], plan: null, skills: null };
