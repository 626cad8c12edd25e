import { maybeReplayed, spaceRoute } from "../../../platform/route.ts";
import { callerFacts } from "../applicants.ts";
import { machineFact } from "../machines/index.ts";
import { Reservation } from "../reservations/contract.ts";
import {
  AcceptInput,
  CategoryWaitInput,
  MachineWaitInput,
  WaitlistEntry,
  WaitlistPage,
  WaitlistQuery,
} from "./contract.ts";
import { listEntries } from "./lists.ts";
import { accept, leave, readEntry, waitForCategory, waitForMachine } from "./service.ts";

const tag = "equipment";
const onMachine = "/equipment/{equipment_id}/waitlist";

export const waitlistRoutes = [
  spaceRoute(
    {
      operation_id: "join_machine_waitlist",
      tag,
      method: "post",
      path: onMachine,
      summary: "Wait for time on a machine that is taken",
      description:
        "What is freed within the window is offered to whoever may have it, by the priority of their plans, then in the order they came. An offer " +
        "ends before it is useless, and not in its member's quiet hours; then it goes to the next.",
      permission: "reservations.create",
      facts: { machine: machineFact },
      body: MachineWaitInput,
      idempotency: "required",
      status: 201,
      location: "/waitlist/{id}",
      response: WaitlistEntry,
      problems: ["already_waiting", "equipment_retired", "unknown_reference"],
    },
    (space, { facts, body }) => waitForMachine(space, facts.machine, body),
  ),
  spaceRoute(
    {
      operation_id: "join_waitlist",
      tag,
      method: "post",
      path: "/waitlist",
      summary: "Wait for time on any machine of a category",
      permission: "reservations.create",
      body: CategoryWaitInput,
      idempotency: "required",
      status: 201,
      response: WaitlistEntry,
      problems: ["already_waiting", "unknown_reference"],
    },
    (space, { body }) => waitForCategory(space, body),
  ),
  spaceRoute(
    {
      operation_id: "list_waitlist",
      tag,
      method: "get",
      path: "/waitlist",
      summary: "Who waits: one's own entries, for staff everybody's",
      permission: "reservations.read",
      query: WaitlistQuery,
      response: WaitlistPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listEntries(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_waitlist_entry",
      tag,
      method: "get",
      path: "/waitlist/{entry_id}",
      summary: "One entry, and what is offered to it",
      permission: "reservations.read",
      response: WaitlistEntry,
    },
    (space, { params }) => readEntry(space, params.entry_id),
  ),
  spaceRoute(
    {
      operation_id: "leave_waitlist",
      tag,
      method: "delete",
      path: "/waitlist/{entry_id}",
      summary: "Wait no more; what is offered goes to the next",
      permission: "reservations.create",
      status: 204,
      problems: ["conflict"],
    },
    (space, { params }) => leave(space, params.entry_id),
  ),
  spaceRoute(
    {
      operation_id: "accept_offer",
      tag,
      method: "post",
      path: `${onMachine}/{entry_id}/accept`,
      summary: "Book what is offered to an entry",
      permission: "reservations.create",
      facts: { machine: machineFact, ...callerFacts },
      body: AcceptInput,
      body_optional: true,
      idempotency: "required",
      keys_in: "object",
      status: 201,
      location: "/equipment/{equipment_id}/reservations/{id}",
      response: Reservation,
      problems: [
        "offer_gone",
        "slot_taken",
        "booking_refused",
        "skill_required",
        "equipment_unavailable",
        "equipment_retired",
        "equipment_busy",
        "feature_disabled",
        "unknown_reference",
      ],
    },
    async (space, { params, facts, body }) => {
      const { view, replayed } = await accept(space, facts, params.entry_id, body);
      return maybeReplayed(view, replayed);
    },
  ),
];
