import { maybeReplayed, spaceRoute } from "../../../platform/route.ts";
import { NoteInput } from "../reservations/contract.ts";
import { Bundle, BundleInput, CancelledBundle } from "./contract.ts";
import { bookTogether, cancelTogether, readBundle } from "./service.ts";

const tag = "equipment";

export const bundleRoutes = [
  spaceRoute(
    {
      operation_id: "create_bundle",
      tag,
      method: "post",
      path: "/bookings",
      summary: "Book several machines at once, all or nothing",
      description:
        "A machine with its room, say, each with a time of its own. The machines keep their slots for each other and one of them decides for all, so that half a booking never stays, whatever breaks on the way. `errors` of a refusal names the item that it is about.",
      permission: "reservations.create",
      body: BundleInput,
      idempotency: "required",
      keys_in: "object",
      status: 201,
      response: Bundle,
      problems: [
        "unknown_reference",
        "slot_taken",
        "booking_refused",
        "skill_required",
        "equipment_unavailable",
        "equipment_retired",
        "equipment_busy",
        "feature_disabled",
        "membership_suspended",
        "conflict",
      ],
    },
    async (space, { body }) => {
      const { view, replayed } = await bookTogether(space, body);
      return maybeReplayed(view, replayed);
    },
  ),
  spaceRoute(
    {
      operation_id: "get_bundle",
      tag,
      method: "get",
      path: "/bookings/{bundle_id}",
      summary: "What was booked together",
      permission: "reservations.read",
      response: Bundle,
    },
    (space, { params }) => readBundle(space, params.bundle_id),
  ),
  spaceRoute(
    {
      operation_id: "cancel_bundle",
      tag,
      method: "post",
      path: "/bookings/{bundle_id}/cancel",
      summary: "Cancel everything that was booked together and has not begun",
      description: "Each machine for itself: what cannot be cancelled any more is named in `refused`.",
      permission: "reservations.change",
      body: NoteInput,
      body_optional: true,
      idempotency: "required",
      keys_in: "object",
      response: CancelledBundle,
    },
    (space, { params, body }) => cancelTogether(space, params.bundle_id, body.note ?? null),
  ),
];
