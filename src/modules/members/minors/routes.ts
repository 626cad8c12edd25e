import { spaceRoute } from "../../../platform/route.ts";
import { giveConsent, listConsents, readConsent, withdrawConsent } from "./consents.ts";
import {
  ConsentInput,
  FamilyQuery,
  Guardian,
  GuardianConsent,
  GuardianConsentPage,
  GuardianInput,
  GuardianPage,
  Minor,
  MinorInput,
  WardPage,
} from "./contract.ts";
import { endGuardian, listGuardians, listWards, nameGuardian, readGuardian } from "./guardians.ts";
import { readMinor, recordMinor, removeMinor } from "./records.ts";

const tag = "members";
const minor = "/members/{member_id}/minor";
const guardians = "/members/{member_id}/guardians";
const consents = "/members/{member_id}/guardian_consents";

const reading = { tag, method: "get", permission: "minors.read" } as const;
const listing = { ...reading, query: FamilyQuery, problems: ["invalid_cursor"] } as const;

const recordRoutes = [
  spaceRoute(
    {
      operation_id: "record_minor",
      tag,
      method: "put",
      path: minor,
      summary: "Record a member as a minor; one may say it of oneself once",
      description: "The date of birth is kept until the member comes of age. Of adults none is kept.",
      permission: "minors.manage",
      body: MinorInput,
      response: Minor,
      problems: ["conflict"],
    },
    (space, { params, body }) => recordMinor(space, params.member_id, body),
  ),
  spaceRoute(
    {
      ...reading,
      operation_id: "get_minor",
      path: minor,
      summary: "Whether a member is a minor, and whether a guardian has consented",
      response: Minor,
    },
    (space, { params }) => readMinor(space, params.member_id),
  ),
  spaceRoute(
    {
      operation_id: "remove_minor",
      tag,
      method: "delete",
      path: minor,
      summary: "Take back a record that was a mistake; guardians go with it, consents stay on record",
      permission: "minors.manage",
      status: 204,
      problems: ["conflict"],
    },
    (space, { params }) => removeMinor(space, params.member_id),
  ),
];

const guardianRoutes = [
  spaceRoute(
    {
      operation_id: "name_guardian",
      tag,
      method: "post",
      path: guardians,
      summary: "Staff: name a minor's guardian, another member or somebody by name",
      permission: "minors.manage",
      body: GuardianInput,
      status: 201,
      response: Guardian,
      problems: ["already_guardian", "unknown_reference"],
    },
    (space, { params, body }) => nameGuardian(space, params.member_id, body),
  ),
  spaceRoute(
    {
      ...listing,
      operation_id: "list_guardians",
      path: guardians,
      summary: "Guardians of a minor, for staff, the minor and the guardians",
      response: GuardianPage,
    },
    (space, { params, query }) => listGuardians(space, params.member_id, query),
  ),
  spaceRoute(
    {
      ...reading,
      operation_id: "get_guardian",
      path: `${guardians}/{guardian_id}`,
      summary: "One guardian",
      response: Guardian,
    },
    (space, { params }) => readGuardian(space, params.member_id, params.guardian_id),
  ),
  spaceRoute(
    {
      operation_id: "end_guardian",
      tag,
      method: "delete",
      path: `${guardians}/{guardian_id}`,
      summary: "Staff: end a guardianship; its consents count no more, and its contact goes",
      permission: "minors.manage",
      status: 204,
      problems: ["conflict"],
    },
    (space, { params }) => endGuardian(space, params.member_id, params.guardian_id),
  ),
  spaceRoute(
    {
      ...listing,
      operation_id: "list_wards",
      path: "/wards",
      summary: "Whose guardian one is",
      response: WardPage,
    },
    (space, { query }) => listWards(space, query),
  ),
];

const consentRoutes = [
  spaceRoute(
    {
      operation_id: "give_guardian_consent",
      tag,
      method: "post",
      path: consents,
      summary: "Consent as a guardian; staff record what a guardian signed on paper",
      description: "Without a consent in force a minor is refused everywhere with `guardian_consent_missing`.",
      permission: "minors.consent",
      body: ConsentInput,
      status: 201,
      response: GuardianConsent,
      problems: ["guardian_unfit", "unknown_reference"],
    },
    (space, { params, body }) => giveConsent(space, params.member_id, body),
  ),
  spaceRoute(
    {
      ...listing,
      operation_id: "list_guardian_consents",
      path: consents,
      summary: "Consents for a minor, oldest first, withdrawn ones included",
      response: GuardianConsentPage,
    },
    (space, { params, query }) => listConsents(space, params.member_id, query),
  ),
  spaceRoute(
    {
      ...reading,
      operation_id: "get_guardian_consent",
      path: `${consents}/{consent_id}`,
      summary: "One consent",
      response: GuardianConsent,
    },
    (space, { params }) => readConsent(space, params.member_id, params.consent_id),
  ),
  spaceRoute(
    {
      operation_id: "withdraw_guardian_consent",
      tag,
      method: "post",
      path: `${consents}/{consent_id}/withdraw`,
      summary: "Withdraw a consent: bookings stand, but without another consent no machine is used",
      permission: "minors.consent",
      response: GuardianConsent,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => withdrawConsent(space, params.member_id, params.consent_id),
  ),
];

export const minorRoutes = [...recordRoutes, ...guardianRoutes, ...consentRoutes];
