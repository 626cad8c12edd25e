import { spaceRoute } from "../../../platform/route.ts";
import type { SkillEffects } from "../port.ts";
import { requiredSkill } from "../skills/reads.ts";
import {
  Certification,
  CertificationInput,
  CertificationPage,
  CertificationQuery,
  RevokeInput,
  SkillCertificationQuery,
} from "./contract.ts";
import { listCertifications } from "./reads.ts";
import { certify, cosign, readCertification, revoke } from "./service.ts";

const tag = "skills";
const all = "/skills/{skill_id}/certifications";
const one = `${all}/{certification_id}` as const;

const readerRoutes = [
  spaceRoute(
    {
      operation_id: "list_skill_certifications",
      tag,
      method: "get",
      path: all,
      summary: "Who is, was or is to be certified for a skill, newest first; members see their own",
      permission: "certifications.read",
      query: SkillCertificationQuery,
      response: CertificationPage,
      problems: ["invalid_cursor"],
    },
    async (space, { params, query }) => {
      const { id: skill_id } = await requiredSkill(space, params.skill_id);
      return listCertifications(space, { ...query, skill_id });
    },
  ),
  spaceRoute(
    {
      operation_id: "list_certifications",
      tag,
      method: "get",
      path: "/certifications",
      summary: "Certifications for all skills, newest first; members see their own",
      permission: "certifications.read",
      query: CertificationQuery,
      response: CertificationPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listCertifications(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_certification",
      tag,
      method: "get",
      path: one,
      summary: "One certification; members see their own",
      permission: "certifications.read",
      response: Certification,
    },
    (space, { params }) => readCertification(space, params.skill_id, params.certification_id),
  ),
];

/** The routes; `effects` is what a loss means for bookings. */
export const certificationRoutes = (effects: SkillEffects) => [
  ...readerRoutes,
  spaceRoute(
    {
      operation_id: "certify_member",
      tag,
      method: "post",
      path: all,
      summary:
        "Certify a member, or certify them again; of a high-risk skill it counts once a second person has signed",
      permission: "skills.certify",
      body: CertificationInput,
      idempotency: "optional",
      status: 201,
      response: Certification,
      problems: ["unknown_reference", "self_certification", "prerequisite_missing", "illegal_transition", "conflict"],
    },
    (space, { params, body }) => certify(space, params.skill_id, body),
  ),
  spaceRoute(
    {
      operation_id: "cosign_certification",
      tag,
      method: "post",
      path: `${one}/cosign`,
      summary: "Sign as the second person: from now on it counts",
      permission: "skills.certify",
      idempotency: "optional",
      response: Certification,
      problems: ["self_certification", "second_person_needed", "illegal_transition", "conflict"],
    },
    (space, { params }) => cosign(space, params.skill_id, params.certification_id),
  ),
  spaceRoute(
    {
      operation_id: "revoke_certification",
      tag,
      method: "post",
      path: `${one}/revoke`,
      summary: "Take a certification away; bookings that rest on it are cancelled unless the makerspace keeps them",
      permission: "skills.revoke",
      body: RevokeInput,
      idempotency: "optional",
      response: Certification,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params, body }) => revoke(space, params.skill_id, params.certification_id, body.reason, effects),
  ),
];
