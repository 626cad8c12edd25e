/** The life of an invite as data. Pure. */

import type { MemberRole } from "../../../platform/access/permissions.ts";
import { DAY } from "../../../platform/time.ts";

export const inviteStatuses = ["pending", "accepted", "cancelled", "expired"] as const;
export type InviteStatus = (typeof inviteStatuses)[number];

/** What happens to an invite: from which statuses, and where it leads. Everything else is illegal_transition. */
export const inviteTransitions = {
  /** Mailed again with a new token; the one before is dead. */
  resend: { from: ["pending"], to: "pending" },
  /** Goes to another address, with a new token. */
  readdress: { from: ["pending"], to: "pending" },
  accept: { from: ["pending"], to: "accepted" },
  cancel: { from: ["pending"], to: "cancelled" },
  expire: { from: ["pending"], to: "expired" },
} as const satisfies Record<string, { from: readonly InviteStatus[]; to: InviteStatus }>;
export type InviteStep = keyof typeof inviteTransitions;

/** True when an invite of this status may take this step. */
export const mayStep = (step: InviteStep, status: InviteStatus): boolean =>
  (inviteTransitions[step].from as readonly InviteStatus[]).includes(status);

const ranks = { makerspace_admin: 2, admin: 1, user: 0, service_provider: 0 } as const satisfies Record<
  MemberRole,
  number
>;

/** True of a role above another: nobody loses it by accepting an invite. */
export const outranks = (one: MemberRole, other: MemberRole): boolean => ranks[one] > ranks[other];

/** How long a token works. */
export const INVITE_LIVES = 7 * DAY;

/** Who has not answered is reminded once, this long before the end. */
export const REMIND_BEFORE = 2 * DAY;

/** By what right somebody sends invites: their membership, a service account, or the platform's own, which no membership limits. */
export const makers = ["member", "service", "platform"] as const;

/** Rows of one import. */
export const IMPORT_MAX = 500;

/** Columns of an import; the others may be left out. */
export const importColumns = ["email", "role", "first_name", "last_name", "plan_id", "duties", "message"] as const;
