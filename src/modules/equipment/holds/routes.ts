import { maybeReplayed, spaceRoute } from "../../../platform/route.ts";
import { callerFacts } from "../applicants.ts";
import { machineFact } from "../machines/index.ts";
import { EmptyInput } from "../reservations/contract.ts";
import { Hold, HoldInput } from "./contract.ts";
import { holdSlot, readHold, releaseHold, renewHold } from "./service.ts";

const tag = "equipment";
const onMachine = "/equipment/{equipment_id}/holds";
const facts = { machine: machineFact, ...callerFacts };

export const holdRoutes = [
  spaceRoute(
    {
      operation_id: "create_hold",
      tag,
      method: "post",
      path: onMachine,
      summary: "Keep a slot while its member chooses",
      description:
        "Judged like a booking, and seen live by others. A member keeps one slot per category of machines: a new hold lets the earlier one go. " +
        "Limits that count across machines are judged when it is booked.",
      permission: "reservations.create",
      facts,
      body: HoldInput,
      idempotency: "required",
      keys_in: "object",
      status: 201,
      location: "/equipment/{equipment_id}/holds/{hold_token}",
      response: Hold,
      problems: [
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
    async (space, { facts, body }) => {
      const { view, replayed } = await holdSlot(space, facts, body);
      return maybeReplayed(view, replayed);
    },
  ),
  spaceRoute(
    {
      operation_id: "get_hold",
      tag,
      method: "get",
      path: `${onMachine}/{hold_id}`,
      summary: "A hold, until it is used, let go, or has run out",
      permission: "reservations.read",
      facts: { machine: machineFact },
      response: Hold,
    },
    (space, { params, facts: { machine } }) => readHold(space, machine, params.hold_id),
  ),
  spaceRoute(
    {
      operation_id: "renew_hold",
      tag,
      method: "post",
      path: `${onMachine}/{hold_id}/renew`,
      summary: "Give a hold its whole time again, twice at most",
      permission: "reservations.create",
      facts,
      body: EmptyInput,
      body_optional: true,
      idempotency: "required",
      keys_in: "object",
      response: Hold,
      problems: ["hold_gone", "booking_refused", "skill_required", "equipment_retired", "feature_disabled"],
    },
    async (space, { params, facts }) => {
      const { view, replayed } = await renewHold(space, facts, params.hold_id);
      return maybeReplayed(view, replayed);
    },
  ),
  spaceRoute(
    {
      operation_id: "release_hold",
      tag,
      method: "delete",
      path: `${onMachine}/{hold_id}`,
      summary: "Let a slot go; one that is gone already stays gone",
      permission: "reservations.create",
      facts,
      status: 204,
    },
    (space, { params, facts }) => releaseHold(space, facts, params.hold_id),
  ),
];
