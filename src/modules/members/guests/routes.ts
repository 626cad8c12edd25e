import { spaceRoute } from "../../../platform/route.ts";
import {
  Guest,
  GuestInput,
  GuestPage,
  GuestPasses,
  GuestPatch,
  GuestQuery,
  GuestWaivers,
  WaiverInput,
} from "./contract.ts";
import { readPasses } from "./passes.ts";
import { listVisits, readVisit } from "./reads.ts";
import { cancelVisit, checkIn, checkOut, inviteGuest, renameGuest } from "./service.ts";
import { readWaivers, signWaiver } from "./waivers.ts";

const tag = "members";
const one = "/guests/{guest_id}";

const reads = [
  spaceRoute(
    {
      operation_id: "list_guests",
      tag,
      method: "get",
      path: "/guests",
      summary: "Guests by the day of their visit; members see their own",
      description: "Who is in the house now: `status=arrived`.",
      permission: "guests.read",
      query: GuestQuery,
      response: GuestPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listVisits(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_guest",
      tag,
      method: "get",
      path: one,
      summary: "One guest's visit",
      permission: "guests.read",
      response: Guest,
    },
    (space, { params }) => readVisit(space, params.guest_id),
  ),
  spaceRoute(
    {
      operation_id: "list_guest_waivers",
      tag,
      method: "get",
      path: `${one}/waivers`,
      summary: "What a guest has signed, and what is to be signed before they come in",
      permission: "guests.read",
      response: GuestWaivers,
    },
    (space, { params }) => readWaivers(space, params.guest_id),
  ),
  spaceRoute(
    {
      operation_id: "get_guest_passes",
      tag,
      method: "get",
      path: "/members/{member_id}/guest_passes",
      summary: "How many guests a member, or `me`, may invite in the cycle that runs",
      permission: "guests.read",
      response: GuestPasses,
    },
    (space, { params }) => readPasses(space, params.member_id),
  ),
];

const hosting = [
  spaceRoute(
    {
      operation_id: "invite_guest",
      tag,
      method: "post",
      path: "/guests",
      summary: "Invite a guest for a day",
      description:
        "It uses up one of the `guest_passes_per_cycle` of the host's plan, in the cycle that holds the day; a no-show counts. Staff go beyond the plan with `beyond_plan`.",
      permission: "guests.manage",
      body: GuestInput,
      idempotency: "required",
      status: 201,
      response: Guest,
      problems: ["guest_refused", "unknown_reference", "conflict"],
    },
    (space, { body }) => inviteGuest(space, body),
  ),
  spaceRoute(
    {
      operation_id: "update_guest",
      tag,
      method: "patch",
      path: one,
      summary: "Correct the name of a guest who is expected",
      permission: "guests.manage",
      body: GuestPatch,
      if_match: "optional",
      response: Guest,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params, body, if_match }) => renameGuest(space, params.guest_id, if_match, body.name),
  ),
  spaceRoute(
    {
      operation_id: "cancel_guest",
      tag,
      method: "post",
      path: `${one}/cancel`,
      summary: "Cancel a visit: before its day the pass comes back, on the day only when staff cancel",
      permission: "guests.manage",
      idempotency: "optional",
      response: Guest,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => cancelVisit(space, params.guest_id),
  ),
];

const atTheDoor = [
  spaceRoute(
    {
      operation_id: "sign_guest_waiver",
      tag,
      method: "post",
      path: `${one}/waivers`,
      summary: "Staff: record what the guest signed, on the screen or on paper",
      permission: "guests.admit",
      body: WaiverInput,
      response: GuestWaivers,
      problems: ["agreement_superseded", "illegal_transition"],
    },
    (space, { params, body }) => signWaiver(space, params.guest_id, body),
  ),
  spaceRoute(
    {
      operation_id: "check_in_guest",
      tag,
      method: "post",
      path: `${one}/check_in`,
      summary: "Let a guest in: on their day, with everything signed, and an active host",
      permission: "guests.admit",
      idempotency: "optional",
      response: Guest,
      problems: ["guest_refused", "illegal_transition", "conflict"],
    },
    (space, { params }) => checkIn(space, params.guest_id),
  ),
  spaceRoute(
    {
      operation_id: "check_out_guest",
      tag,
      method: "post",
      path: `${one}/check_out`,
      summary: "See a guest out",
      description: "Who was not seen out has gone when the day ends.",
      permission: "guests.admit",
      idempotency: "optional",
      response: Guest,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => checkOut(space, params.guest_id),
  ),
];

/** Guests of members. */
export const guestRoutes = [...reads, ...hosting, ...atTheDoor];
