import { z } from "@hono/zod-openapi";
import { Id } from "../../../platform/contract.ts";
import { spaceRoute } from "../../../platform/route.ts";
import { Member } from "../people/contract.ts";
import type { MemberEffects, MemberMove } from "../port.ts";
import { mergeMembers } from "./service.ts";

const MergeInput = z.strictObject({ from_member_id: Id }).openapi("MergeInput");

export const mergeRoutes = (effects: MemberEffects, moves: readonly MemberMove[]) => [
  spaceRoute(
    {
      operation_id: "merge_members",
      tag: "members",
      method: "post",
      path: "/members/{member_id}/merge",
      summary: "Make two records of one person one: this member takes over what the other has",
      description:
        "Sign-in, duties, labels, memberships, agreements, certifications, messages, what was wished for them, and owned machines come over. API tokens of the other record are revoked. It stays, as `left` with `merged_into`: its past bookings and sessions are history, and history does not change hands. Open bookings must be finished or cancelled before.",
      permission: "members.manage",
      body: MergeInput,
      idempotency: "optional",
      response: Member,
      problems: [
        "unknown_reference",
        "illegal_transition",
        "both_linked",
        "both_have_memberships",
        "in_a_group",
        "has_open_reservations",
        "last_administrator",
        "grant_exceeds_own",
        "conflict",
      ],
    },
    (space, { params, body }) => mergeMembers(space, params.member_id, body.from_member_id, effects, moves),
  ),
];
