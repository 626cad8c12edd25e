import { spaceRoute } from "../../../platform/route.ts";
import type { PaymentsPort } from "../port.ts";
import { approveMembership, declineMembership } from "./applications.ts";
import { changePlanOf } from "./change.ts";
import { CancelInput, ChangePlanInput, DeclineInput, JoinInput, Membership, PauseInput } from "./contract.ts";
import { joinPlan } from "./join.ts";
import { membershipReads } from "./list-routes.ts";
import { pauseMembership, resumeMembership } from "./pauses.ts";
import { cancelMembership, continueMembership, renewMembership } from "./steps.ts";

const tag = "members";

const beginnings = (payments: PaymentsPort) => [
  spaceRoute(
    {
      operation_id: "join_plan",
      tag,
      method: "post",
      path: "/members/{member_id}/memberships",
      summary: "Put a member on a plan; members join public plans themselves, or apply where staff approve",
      description: "The amount is stated in a transaction of kind `join` and falls due. An application costs nothing.",
      permission: "memberships.manage",
      body: JoinInput,
      idempotency: "required",
      status: 201,
      location: "/memberships/{id}",
      response: Membership,
      problems: [
        "illegal_transition",
        "unknown_reference",
        "plan_unavailable",
        "plan_full",
        "group_required",
        "membership_exists",
        "promo_invalid",
        "conflict",
      ],
    },
    (space, { params, body }) => joinPlan(space, params.member_id, body, payments),
  ),
  spaceRoute(
    {
      operation_id: "approve_membership",
      tag,
      method: "post",
      path: "/memberships/{membership_id}/approve",
      summary: "Say yes to an application: its first period begins",
      description:
        "A membership that the member has ends with it, as by a change of plan: what it did not use is credited, and its contract goes on in the new one; `contract_running` where the new plan would cost less to leave.",
      permission: "memberships.manage",
      idempotency: "required",
      response: Membership,
      problems: [
        "illegal_transition",
        "plan_unavailable",
        "plan_full",
        "group_required",
        "membership_exists",
        "currency_mismatch",
        "contract_running",
        "conflict",
      ],
    },
    (space, { params }) => approveMembership(space, params.membership_id, payments),
  ),
  spaceRoute(
    {
      operation_id: "decline_membership",
      tag,
      method: "post",
      path: "/memberships/{membership_id}/decline",
      summary: "Say no to an application",
      permission: "memberships.manage",
      body: DeclineInput,
      idempotency: "optional",
      response: Membership,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params, body }) => declineMembership(space, params.membership_id, body.reason, payments),
  ),
];

const continuations = (payments: PaymentsPort) => [
  spaceRoute(
    {
      operation_id: "renew_membership",
      tag,
      method: "post",
      path: "/memberships/{membership_id}/renew",
      summary: "Another period; an expired membership begins anew",
      description:
        "To begin anew is to join: the plan must be on offer, and where staff approve members apply instead.",
      permission: "memberships.manage",
      idempotency: "required",
      response: Membership,
      problems: [
        "illegal_transition",
        "plan_full",
        "group_required",
        "plan_unavailable",
        "membership_exists",
        "currency_mismatch",
        "conflict",
      ],
    },
    (space, { params }) => renewMembership(space, params.membership_id, payments),
  ),
  spaceRoute(
    {
      operation_id: "change_plan",
      tag,
      method: "post",
      path: "/memberships/{membership_id}/change_plan",
      summary: "Upgrade or downgrade, now or when the period ends; answers the membership that holds now",
      description:
        "To a plan that costs more for the same time it is an upgrade. What the old plan did not use is credited; where that is more than the new price, members change when their period ends. A running contract goes on.",
      permission: "memberships.manage",
      body: ChangePlanInput,
      idempotency: "required",
      response: Membership,
      problems: [
        "illegal_transition",
        "unknown_reference",
        "plan_unavailable",
        "plan_full",
        "group_required",
        "currency_mismatch",
        "contract_running",
        "conflict",
      ],
    },
    (space, { params, body }) => changePlanOf(space, params.membership_id, body, payments),
  ),
  spaceRoute(
    {
      operation_id: "continue_membership",
      tag,
      method: "post",
      path: "/memberships/{membership_id}/continue",
      summary: "Take back what was planned for the period's end",
      permission: "memberships.manage",
      idempotency: "optional",
      response: Membership,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => continueMembership(space, params.membership_id, payments),
  ),
];

const ends = (payments: PaymentsPort) => [
  spaceRoute(
    {
      operation_id: "pause_membership",
      tag,
      method: "post",
      path: "/memberships/{membership_id}/pause",
      summary: "Stop the clock; its whole days are added when it goes on",
      description:
        "Members pause their own membership at most twice in a period that is paid for, and a pause of theirs shorter than seven days gives nothing back. The minutes of the plan stay those of the cycle that the pause began in: it lasts longer, and gives no more.",
      permission: "memberships.manage",
      body: PauseInput,
      body_optional: true,
      idempotency: "optional",
      response: Membership,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params, body }) => pauseMembership(space, params.membership_id, body, payments),
  ),
  spaceRoute(
    {
      operation_id: "resume_membership",
      tag,
      method: "post",
      path: "/memberships/{membership_id}/resume",
      summary: "Go on after a pause",
      permission: "memberships.manage",
      idempotency: "optional",
      response: Membership,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => resumeMembership(space, params.membership_id, payments),
  ),
  spaceRoute(
    {
      operation_id: "cancel_membership",
      tag,
      method: "post",
      path: "/memberships/{membership_id}/cancel",
      summary: "End it now or with its period, or take an application back",
      permission: "memberships.manage",
      body: CancelInput,
      body_optional: true,
      idempotency: "required",
      response: Membership,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params, body }) => cancelMembership(space, params.membership_id, body, payments),
  ),
];

/** Routes of memberships; `payments` collects what they cost. */
export const membershipRoutes = (payments: PaymentsPort) => [
  ...membershipReads,
  ...beginnings(payments),
  ...continuations(payments),
  ...ends(payments),
];
