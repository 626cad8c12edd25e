import { platformRoute, spaceRoute } from "../../../platform/route.ts";
import { DeclineInput, Member } from "../people/contract.ts";
import { approveMember, declineMember } from "../people/standing.ts";
import { JoinInput } from "./contract.ts";
import { joinMakerspace } from "./service.ts";

export const joinRoutes = [
  platformRoute(
    {
      operation_id: "join_makerspace",
      tag: "members",
      method: "post",
      path: "/api/v1/makerspaces/{makerspace_id}/join",
      summary: "Ask to belong to a makerspace",
      description:
        "Who was added before with the same verified address comes in at once. Otherwise `access.public_registration` must be on; the member is pending until staff approve, or active at once with `access.auto_approve_members`.",
      allow: { signed_in: "Who asks does not belong there yet; the settings of the makerspace decide." },
      body: JoinInput,
      status: 201,
      location: "/members/{id}",
      response: Member,
      problems: [
        "not_found",
        "email_unverified",
        "feature_disabled",
        "already_member",
        "banned",
        "email_taken",
        "illegal_transition",
        "conflict",
      ],
    },
    (caller, { params, body }) => joinMakerspace(caller, params.makerspace_id, body),
  ),
  spaceRoute(
    {
      operation_id: "approve_member",
      tag: "members",
      method: "post",
      path: "/members/{member_id}/approve",
      summary: "Let somebody in who waits",
      permission: "members.manage",
      idempotency: "optional",
      response: Member,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => approveMember(space, params.member_id),
  ),
  spaceRoute(
    {
      operation_id: "decline_member",
      tag: "members",
      method: "post",
      path: "/members/{member_id}/decline",
      summary: "Say no to somebody who waits; they may ask again",
      permission: "members.manage",
      body: DeclineInput,
      idempotency: "optional",
      response: Member,
      problems: ["illegal_transition", "payer_of_group", "conflict"],
    },
    (space, { params, body }) => declineMember(space, params.member_id, body.reason),
  ),
];
