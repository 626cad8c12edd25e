/** Events of memberships. */

/** Whom and what it concerns. Times are epoch milliseconds; null without end. */
type Concerned = {
  member_id: string;
  plan_id: string;
  ends_at: number | null;
};

declare module "../../../platform/events.ts" {
  interface EventCatalogue {
    "membership.applied": Concerned;
    "membership.declined": Concerned;
    "membership.started": Concerned;
    "membership.renewed": Concerned;
    "membership.changed": Concerned;
    "membership.change_planned": Concerned;
    "membership.continued": Concerned;
    "membership.paused": Concerned;
    "membership.resumed": Concerned;
    "membership.cancelled": Concerned;
    "membership.expired": Concerned;
    /** Some memberships of the makerspace have come to their end, or to their next period. */
    "memberships.due": Record<string, never>;
    /** The member was removed, and is on a plan still. */
    "memberships.end_due": Record<string, never>;
  }
}

export type MembershipEventType =
  | "membership.applied"
  | "membership.declined"
  | "membership.started"
  | "membership.renewed"
  | "membership.changed"
  | "membership.change_planned"
  | "membership.continued"
  | "membership.paused"
  | "membership.resumed"
  | "membership.cancelled"
  | "membership.expired";
