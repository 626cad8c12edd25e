import { spaceRoute } from "../../../platform/route.ts";
import { EmergencyContact, EmergencyContactInput, EmergencyContactPage, EmergencyContactQuery } from "./contract.ts";
import { addContact, listContacts, readContact, removeContact, replaceContact } from "./service.ts";

const tag = "members";
const all = "/members/{member_id}/emergency_contacts";
const one = `${all}/{contact_id}` as const;

export const emergencyContactRoutes = [
  spaceRoute(
    {
      operation_id: "add_emergency_contact",
      tag,
      method: "post",
      path: all,
      summary: "Say whom to call; at most five",
      permission: "emergency_contacts.manage",
      body: EmergencyContactInput,
      status: 201,
      response: EmergencyContact,
      problems: ["too_many_emergency_contacts"],
    },
    (space, { params, body }) => addContact(space, params.member_id, body),
  ),
  spaceRoute(
    {
      operation_id: "list_emergency_contacts",
      tag,
      method: "get",
      path: all,
      summary: "Whom to call, for oneself and those on duty, whose look is audited",
      permission: "emergency_contacts.read",
      query: EmergencyContactQuery,
      no_store: true,
      response: EmergencyContactPage,
      problems: ["invalid_cursor"],
    },
    (space, { params, query }) => listContacts(space, params.member_id, query),
  ),
  spaceRoute(
    {
      operation_id: "get_emergency_contact",
      tag,
      method: "get",
      path: one,
      summary: "One of them, for oneself and those on duty, whose look is audited",
      permission: "emergency_contacts.read",
      no_store: true,
      response: EmergencyContact,
    },
    (space, { params }) => readContact(space, params.member_id, params.contact_id),
  ),
  spaceRoute(
    {
      operation_id: "replace_emergency_contact",
      tag,
      method: "put",
      path: one,
      summary: "Replace one of them",
      permission: "emergency_contacts.manage",
      body: EmergencyContactInput,
      if_match: "optional",
      response: EmergencyContact,
      problems: ["conflict"],
    },
    (space, { params, body, if_match }) => replaceContact(space, params.member_id, params.contact_id, if_match, body),
  ),
  spaceRoute(
    {
      operation_id: "remove_emergency_contact",
      tag,
      method: "delete",
      path: one,
      summary: "Remove one of them",
      permission: "emergency_contacts.manage",
      status: 204,
    },
    (space, { params }) => removeContact(space, params.member_id, params.contact_id),
  ),
];
