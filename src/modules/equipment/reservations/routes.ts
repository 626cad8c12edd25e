import { maybeReplayed, platformRoute, spaceRoute } from "../../../platform/route.ts";
import { callerFacts } from "../applicants.ts";
import { machineFact } from "../machines/index.ts";
import {
  Availability,
  AvailabilityQuery,
  EmptyInput,
  MachineScheduleQuery,
  MyReservationQuery,
  NoteInput,
  Reservation,
  ReservationInput,
  ReservationPage,
  ReservationPatch,
  ReservationQuery,
} from "./contract.ts";
import { listMyReservations, listReservations, readReservation } from "./lists.ts";
import {
  act,
  amend,
  type ReservationAction,
  readAvailability,
  readFromMachine,
  readSchedule,
  reserve,
} from "./service.ts";

const tag = "equipment";
const onMachine = "/equipment/{equipment_id}/reservations";
const facts = { machine: machineFact };
const bookingFacts = { ...facts, ...callerFacts };
const refusals = [
  "slot_taken",
  "booking_refused",
  "skill_required",
  "equipment_unavailable",
  "equipment_retired",
  "equipment_busy",
  "feature_disabled",
] as const;

/** The six state changes differ in name, permission and words only. */
const action = (type: ReservationAction, permission: "reservations.change" | "reservations.decide", summary: string) =>
  spaceRoute(
    {
      operation_id: `${type}_reservation`,
      tag,
      method: "post",
      path: `${onMachine}/{reservation_id}/${type}`,
      summary,
      permission,
      facts: bookingFacts,
      body: type === "check_in" ? EmptyInput : NoteInput,
      body_optional: true,
      idempotency: "required",
      keys_in: "object",
      response: Reservation,
      problems: ["illegal_transition", "too_early", ...refusals],
    },
    async (space, { params, facts, body }) => {
      const note = "note" in body ? (body.note ?? null) : null;
      const { view, replayed } = await act(space, facts, params.reservation_id, type, note);
      return maybeReplayed(view, replayed);
    },
  );

export const reservationRoutes = [
  spaceRoute(
    {
      operation_id: "create_reservation",
      tag,
      method: "post",
      path: onMachine,
      summary: "Book a machine",
      description:
        "Decided by the machine's object in one step: a slot is never held twice. `pending` holds the slot, too.",
      permission: "reservations.create",
      facts: bookingFacts,
      body: ReservationInput,
      idempotency: "required",
      keys_in: "object",
      status: 201,
      response: Reservation,
      problems: [...refusals, "hold_gone", "external_id_taken", "unknown_reference"],
    },
    async (space, { facts, body }) => {
      const { view, replayed } = await reserve(space, facts, body);
      return maybeReplayed(view, replayed);
    },
  ),
  spaceRoute(
    {
      operation_id: "list_equipment_reservations",
      tag,
      method: "get",
      path: onMachine,
      summary: "The schedule of a machine, from its object (from a day ago unless told)",
      permission: "reservations.read",
      facts,
      query: MachineScheduleQuery,
      response: ReservationPage,
      problems: ["invalid_cursor"],
    },
    (space, { facts: { machine }, query }) => readSchedule(space, machine, query),
  ),
  spaceRoute(
    {
      operation_id: "get_equipment_availability",
      tag,
      method: "get",
      path: "/equipment/{equipment_id}/availability",
      summary: "Free intervals, and why the rest is not",
      permission: "reservations.read",
      facts,
      query: AvailabilityQuery,
      response: Availability,
    },
    (space, { facts: { machine }, query }) => readAvailability(space, machine, query),
  ),
  spaceRoute(
    {
      operation_id: "get_equipment_reservation",
      tag,
      method: "get",
      path: `${onMachine}/{reservation_id}`,
      summary: "One reservation, from the machine's object",
      permission: "reservations.read",
      facts,
      response: Reservation,
    },
    (space, { params, facts: { machine } }) => readFromMachine(space, machine, params.reservation_id),
  ),
  spaceRoute(
    {
      operation_id: "amend_reservation",
      tag,
      method: "patch",
      path: `${onMachine}/{reservation_id}`,
      summary: "Move, extend or shorten a reservation",
      permission: "reservations.change",
      facts: bookingFacts,
      body: ReservationPatch,
      if_match: "required",
      idempotency: "optional",
      keys_in: "object",
      response: Reservation,
      problems: ["illegal_transition", "external_id_taken", ...refusals],
    },
    async (space, { params, facts, body, if_match }) => {
      const { view, replayed } = await amend(space, facts, params.reservation_id, if_match, body);
      return maybeReplayed(view, replayed);
    },
  ),
  action("approve", "reservations.decide", "Approve a pending reservation"),
  action("reject", "reservations.decide", "Reject a pending reservation; its slot is free"),
  action("cancel", "reservations.change", "Cancel; the slot is free at once"),
  action("check_in", "reservations.change", "Check in: from 15 minutes before the start to the end"),
  action("no_show", "reservations.decide", "Mark as not shown up; the slot is free"),
  action(
    "excuse",
    "reservations.decide",
    "Excuse a no-show: approved again while its slot is ahead and free, otherwise completed",
  ),
  spaceRoute(
    {
      operation_id: "list_reservations",
      tag,
      method: "get",
      path: "/reservations",
      summary: "Reservations across machines",
      description: "A projection in D1, some tenths of a second behind. Members see those of others as busy times.",
      permission: "reservations.read",
      query: ReservationQuery,
      response: ReservationPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listReservations(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_reservation",
      tag,
      method: "get",
      path: "/reservations/{reservation_id}",
      summary: "One reservation",
      permission: "reservations.read",
      response: Reservation,
    },
    (space, { params }) => readReservation(space, params.reservation_id),
  ),
  platformRoute(
    {
      operation_id: "list_my_reservations",
      tag,
      method: "get",
      path: "/api/v1/me/reservations",
      summary: "Your reservations in every makerspace",
      allow: { signed_in: "They are one's own." },
      query: MyReservationQuery,
      response: ReservationPage,
      problems: ["invalid_cursor"],
    },
    (caller, { query }) => listMyReservations(caller, query),
  ),
];
