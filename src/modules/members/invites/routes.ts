import type { MailPorts } from "../../../platform/mail/deliveries.ts";
import { Job } from "../../../platform/ops/contract.ts";
import { platformRoute, publicRoute, type Route, spaceRoute } from "../../../platform/route.ts";
import { refuseUnknownMachines } from "../duties/machines.ts";
import { Member } from "../people/contract.ts";
import type { MachineCheck } from "../port.ts";
import { type AcceptSources, acceptInvite, previewInvite } from "./accept.ts";
import {
  Invite,
  InviteImportInput,
  InviteInput,
  InvitePage,
  InvitePatch,
  InvitePreview,
  InviteQuery,
  TokenInput,
} from "./contract.ts";
import { importInvites } from "./import.ts";
import { listInvites } from "./lists.ts";
import { cancelInvite, createInvite, readdressInvite, readInvite, resendInvite } from "./service.ts";

const tag = "members";

const readRoutes = [
  spaceRoute(
    {
      operation_id: "list_invites",
      tag,
      method: "get",
      path: "/invites",
      summary: "Invites, newest first",
      description: "One that was cancelled, or expired, is here for 90 days; then it is deleted, with the address.",
      permission: "invites.read",
      query: InviteQuery,
      response: InvitePage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listInvites(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_invite",
      tag,
      method: "get",
      path: "/invites/{invite_id}",
      summary: "One invite",
      permission: "invites.read",
      response: Invite,
    },
    (space, { params }) => readInvite(space, params.invite_id),
  ),
];

const staffRoutes = (ports: MailPorts, machines: MachineCheck) => [
  spaceRoute(
    {
      operation_id: "create_invite",
      tag,
      method: "post",
      path: "/invites",
      summary: "Invite somebody by mail; the token in it works once, for seven days",
      permission: "invites.manage",
      body: InviteInput,
      idempotency: "optional",
      status: 201,
      response: Invite,
      problems: ["grant_exceeds_own", "banned", "already_member", "already_invited", "unknown_reference"],
    },
    async (space, { body }) => {
      await refuseUnknownMachines(space, body.duties, machines);
      return createInvite(space, body, ports);
    },
  ),
  spaceRoute(
    {
      operation_id: "import_invites",
      tag,
      method: "post",
      path: "/invites/import",
      summary: "Invite many out of a CSV: a job whose file tells for each row what became of it",
      permission: "invites.manage",
      body: InviteImportInput,
      body_limit: 640 * 1024,
      idempotency: "optional",
      status: 202,
      location: "/jobs/{id}",
      response: Job,
    },
    (space, { body }) => importInvites(space, body),
  ),
  spaceRoute(
    {
      operation_id: "readdress_invite",
      tag,
      method: "patch",
      path: "/invites/{invite_id}",
      summary: "Send an open invite to another address, with a new token for seven days",
      permission: "invites.manage",
      body: InvitePatch,
      if_match: "optional",
      response: Invite,
      problems: ["grant_exceeds_own", "banned", "illegal_transition", "already_member", "already_invited", "conflict"],
    },
    (space, { params, body, if_match }) => readdressInvite(space, params.invite_id, if_match, body.email, ports),
  ),
  spaceRoute(
    {
      operation_id: "resend_invite",
      tag,
      method: "post",
      path: "/invites/{invite_id}/resend",
      summary: "Mail an open invite again: a new token for seven days, and the one before is dead",
      permission: "invites.manage",
      idempotency: "optional",
      response: Invite,
      problems: ["grant_exceeds_own", "banned", "illegal_transition", "conflict"],
    },
    (space, { params }) => resendInvite(space, params.invite_id, ports),
  ),
  spaceRoute(
    {
      operation_id: "cancel_invite",
      tag,
      method: "post",
      path: "/invites/{invite_id}/cancel",
      summary: "Take an open invite back; its link is dead at once",
      permission: "invites.manage",
      idempotency: "optional",
      response: Invite,
      problems: ["grant_exceeds_own", "illegal_transition", "conflict"],
    },
    (space, { params }) => cancelInvite(space, params.invite_id),
  ),
];

const guestRoutes = (sources: InviteSources) => [
  publicRoute(
    {
      operation_id: "preview_invite",
      tag,
      method: "post",
      path: "/api/v1/invites/preview",
      summary: "What an invite is for, without accepting it",
      public_because: "The token is the credential, and whoever holds it may have no account yet.",
      body: TokenInput,
      response: InvitePreview,
      problems: ["token_used"],
    },
    (visitor, { body }) => previewInvite(visitor, body.token, sources.settings),
  ),
  platformRoute(
    {
      operation_id: "accept_invite",
      tag,
      method: "post",
      path: "/api/v1/invites/accept",
      summary: "Accept an invite, once: the membership it makes; the invite's plan is joined with it",
      allow: { signed_in: "The token is the credential, for the person with the verified address it was sent to." },
      body: TokenInput,
      response: Member,
      problems: [
        "token_used",
        "invite_withdrawn",
        "email_mismatch",
        "banned",
        "already_member",
        "membership_suspended",
        "illegal_transition",
        "conflict",
      ],
    },
    (caller, { body }) => acceptInvite(caller, body.token, sources),
  ),
];

/** What invites ask of other modules. */
interface InviteSources extends AcceptSources {
  machines: MachineCheck;
}

/** Invites, for staff and for those who got one. */
export const inviteRoutes = (ports: MailPorts, sources: InviteSources): readonly Route[] => [
  ...readRoutes,
  ...staffRoutes(ports, sources.machines),
  ...guestRoutes(sources),
];
