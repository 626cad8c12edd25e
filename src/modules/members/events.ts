/** Events of the members module. */

import type { MembershipStatus } from "../../platform/access/statuses.ts";

declare module "../../platform/events.ts" {
  interface EventCatalogue {
    "member.added": { user_id: string | null };
    "member.linked": { user_id: string };
    /** Somebody registered themselves; with status pending, staff decide. */
    "member.joined": { status: MembershipStatus };
    "member.approved": Record<string, never>;
    "member.declined": Record<string, never>;
    /** The name that others see, or the wish to be named, has changed. */
    "member.renamed": Record<string, never>;
    "member.suspended": { cancel_bookings: boolean };
    "member.reactivated": Record<string, never>;
    "member.removed": { cancel_bookings: boolean };
    /** Somebody asked to be erased; it begins at `due_at`, epoch milliseconds. */
    "member.erasure_requested": { due_at: number };
    /** The day of an erasure came, and something stands in its way: the code of the problem. It is tried again at `due_at`. */
    "member.erasure_put_off": { code: string; due_at: number };
    "member.erased": Record<string, never>;
    /** Somebody else than the member had all that is held on them written into a file. */
    "member.data_exported": Record<string, never>;
    /** The system to itself: look after erasures; erase what came in while one happened. */
    "erasures.due": Record<string, never>;
    "erasure.late_due": Record<string, never>;
    "invite.created": { role: string };
    "invite.resent": Record<string, never>;
    "invite.readdressed": Record<string, never>;
    "invite.accepted": { member_id: string; plan_id: string | null };
    "invite.cancelled": Record<string, never>;
    "invite.expired": Record<string, never>;
    "invites.due": Record<string, never>;
    "agreement.text_published": { number: number; required: boolean; effective_at: number };
    "agreement.accepted": { number: number; member_id: string };
    /** Somebody else pays for this member from now on. */
    "billing_group.member_added": { member_id: string };
    /** This member is out of the group, and pays for themselves again. */
    "billing_group.member_removed": { member_id: string };
    /** These members were in the group when it ended; each pays for themselves again. */
    "billing_group.dissolved": { member_ids: string[] };
    /** This member pays for a group from now on. */
    "billing_group.payer_named": { member_id: string };
    /** Somebody else pays from now on for the group that this member paid for. */
    "billing_group.payer_replaced": { member_id: string };
    /** A guest of this member is there. */
    "guest.arrived": { member_id: string };
    /** For some visits of the makerspace the day is over, or the time to keep the guest's name. */
    "guests.due": Record<string, never>;
    "guardian.named": { guardian_id: string; guardian_member_id: string | null };
    "guardian_consent.given": { member_id: string };
    "guardian_consent.withdrawn": { member_id: string };
    "document.submitted": { member_id: string; kind: string };
    "document.verified": { member_id: string; kind: string };
    "document.rejected": { member_id: string; kind: string };
    "document.expiring": { member_id: string; kind: string; expires_at: number };
    "document.expired": { member_id: string; kind: string };
    "documents.due": Record<string, never>;
    "minors.due": Record<string, never>;
  }
}

export type MemberEventType =
  | "member.added"
  | "member.linked"
  | "member.renamed"
  | "member.joined"
  | "member.approved"
  | "member.declined"
  | "member.suspended"
  | "member.reactivated"
  | "member.removed"
  | "member.erasure_requested"
  | "member.erasure_put_off"
  | "member.erased"
  | "member.data_exported"
  | "invite.created"
  | "invite.resent"
  | "invite.readdressed"
  | "invite.accepted"
  | "invite.cancelled"
  | "invite.expired"
  | "agreement.text_published"
  | "agreement.accepted";

/** What somebody is told of the care that a member stands in. */
export type CareEventType =
  | "guardian.named"
  | "guardian_consent.given"
  | "guardian_consent.withdrawn"
  | "document.submitted"
  | "document.verified"
  | "document.rejected"
  | "document.expiring"
  | "document.expired";
