/** Every kind of notification: whom it tells, and how much it matters. Who is told is said again, as code, in consumers.ts. Pure. */

import { bookingTypes } from "./catalogue-bookings.ts";
import { faultTypes } from "./catalogue-faults.ts";
import { groupTypes } from "./catalogue-groups.ts";
import type { NotificationType } from "./kinds.ts";

/** What a member has to know of their own account. */
const onTheirAccount = { category: "account", tells: "the member", mailed: true, required: true } as const;

/** Every type there is. */
export const catalogue = {
  ...bookingTypes,
  ...faultTypes,
  "member.reactivated": {
    ...onTheirAccount,
    title: "Your membership is active again",
  },
  "membership.applied": {
    category: "membership",
    tells: "administrators and the desk",
    title: "Somebody applies for a plan",
    mailed: true,
  },
  "membership.declined": {
    category: "membership",
    tells: "the member",
    title: "Your application was declined",
    mailed: true,
  },
  "membership.started": {
    category: "membership",
    tells: "the member",
    title: "Your membership has begun",
    mailed: true,
  },
  "membership.renewed": {
    category: "membership",
    tells: "the member",
    title: "Your membership was renewed",
    mailed: true,
  },
  "membership.changed": {
    category: "membership",
    tells: "the member",
    title: "Your plan has changed",
    mailed: true,
  },
  "membership.change_planned": {
    category: "membership",
    tells: "the member",
    title: "Your plan will change",
    mailed: false,
  },
  "membership.continued": {
    category: "membership",
    tells: "the member",
    title: "Your membership goes on as it is",
    mailed: false,
  },
  "membership.paused": {
    category: "membership",
    tells: "the member",
    title: "Your membership is paused",
    mailed: true,
  },
  "membership.resumed": {
    category: "membership",
    tells: "the member",
    title: "Your membership goes on",
    mailed: false,
  },
  "membership.cancelled": {
    category: "membership",
    tells: "the member",
    title: "Your membership ends",
    mailed: true,
  },
  "membership.expired": {
    category: "membership",
    tells: "the member",
    title: "Your membership has expired",
    mailed: true,
  },
  "certification.certified": {
    category: "skill",
    tells: "the member",
    title: "You are certified",
    mailed: true,
  },
  "certification.awaiting_cosign": {
    category: "skill",
    tells: "who certifies the skill",
    title: "A certification waits for a second signature",
    mailed: false,
  },
  "certification.expiring": {
    category: "skill",
    tells: "the member",
    title: "A certification of yours ends soon",
    mailed: true,
  },
  "certification.expired": {
    category: "skill",
    tells: "the member",
    title: "A certification of yours has ended",
    mailed: true,
  },
  "certification.revoked": {
    category: "skill",
    tells: "the member",
    title: "A certification of yours was taken away",
    mailed: true,
    required: true,
  },
  "skill_request.created": {
    category: "skill",
    tells: "who certifies the skill",
    title: "Somebody asks to be certified",
    mailed: false,
  },
  "skill_request.rejected": {
    category: "skill",
    tells: "the member",
    title: "Your request to be certified was declined",
    mailed: true,
  },
  "announcement.published": {
    category: "announcement",
    tells: "those whom it concerns",
    title: "An announcement",
    mailed: false,
  },
  "webhook.disabled": {
    category: "system",
    tells: "administrators",
    title: "A webhook was switched off: its receiver takes nothing",
    mailed: true,
    required: true,
  },
  "member.approved": {
    ...onTheirAccount,
    title: "Your membership was approved",
  },
  "member.erasure_requested": {
    ...onTheirAccount,
    title: "You asked for everything held on you to be erased; for seven days you can take that back",
  },
  "member.erasure_put_off": {
    category: "account",
    tells: "the member, administrators",
    title: "An erasure could not begin: something stands in its way, and it is tried again each day",
    mailed: true,
    required: true,
  },
  "member.data_exported": {
    ...onTheirAccount,
    title: "Staff had everything that is held on you written into a file",
  },
  "member.joined": {
    category: "membership",
    tells: "administrators",
    title: "Somebody asks to become a member",
    mailed: false,
  },
  ...groupTypes,
  "guest.arrived": {
    category: "account",
    tells: "the host",
    title: "Your guest has arrived",
    mailed: false,
    urgent: true,
  },
  "guardian.named": {
    category: "account",
    tells: "the guardian",
    title: "You are the guardian of a member who needs your consent",
    mailed: true,
    required: true,
  },
  "guardian_consent.given": {
    category: "account",
    tells: "the minor",
    title: "Your guardian has consented",
    mailed: true,
  },
  "guardian_consent.withdrawn": {
    category: "account",
    tells: "the minor",
    title: "Your guardian's consent was withdrawn",
    mailed: true,
    required: true,
  },
  "document.verified": {
    category: "account",
    tells: "the member",
    title: "Your document was verified",
    mailed: false,
  },
  "document.rejected": {
    category: "account",
    tells: "the member",
    title: "Your document was rejected",
    mailed: true,
    required: true,
  },
  "document.expiring": {
    category: "account",
    tells: "the member",
    title: "Your document ends soon: hand in another",
    mailed: true,
    required: true,
  },
  "document.expired": {
    category: "account",
    tells: "the member",
    title: "Your document has ended",
    mailed: true,
    required: true,
  },
  "projection.orphans_found": {
    category: "system",
    tells: "administrators",
    title: "Bookings were found that no machine knows",
    mailed: true,
    required: true,
  },
  "files.lost": {
    category: "system",
    tells: "administrators",
    title: "Files are missing: the store does not have them any more",
    mailed: true,
    required: true,
  },
  "audit.broken": {
    category: "system",
    tells: "administrators",
    title: "The audit is not what was sealed: a link of its chain is broken",
    mailed: true,
    required: true,
  },
} as const satisfies Record<string, NotificationType>;

export type NotificationTypeName = keyof typeof catalogue;
export const typeNames = Object.keys(catalogue) as [NotificationTypeName, ...NotificationTypeName[]];
export const typeOf = (name: NotificationTypeName): NotificationType => catalogue[name];
export const isType = (name: string): name is NotificationTypeName => name in catalogue;
