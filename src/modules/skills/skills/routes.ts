import { spaceRoute } from "../../../platform/route.ts";
import { Skill, SkillInput, SkillPage, SkillPatch, SkillQuery } from "./contract.ts";
import { listSkills } from "./lists.ts";
import { archiveSkill, changeSkill, createSkill, readSkill } from "./service.ts";

const tag = "skills";
const one = "/skills/{skill_id}";

export const skillDefinitionRoutes = [
  spaceRoute(
    {
      operation_id: "create_skill",
      tag,
      method: "post",
      path: "/skills",
      summary: "Define a skill: what comes before it, who certifies it, how long it lasts",
      permission: "skills.manage",
      body: SkillInput,
      idempotency: "optional",
      status: 201,
      response: Skill,
      problems: ["name_taken", "external_id_taken", "unknown_reference"],
    },
    (space, { body }) => createSkill(space, body),
  ),
  spaceRoute(
    {
      operation_id: "list_skills",
      tag,
      method: "get",
      path: "/skills",
      summary: "Skills by name or age, those in use unless told",
      permission: "skills.read",
      query: SkillQuery,
      response: SkillPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listSkills(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_skill",
      tag,
      method: "get",
      path: one,
      summary: "One skill",
      permission: "skills.read",
      response: Skill,
    },
    (space, { params }) => readSkill(space, params.skill_id),
  ),
  spaceRoute(
    {
      operation_id: "update_skill",
      tag,
      method: "patch",
      path: one,
      summary: "Change a skill; prerequisites that lead back to it are refused, with the way shown",
      permission: "skills.manage",
      body: SkillPatch,
      if_match: "optional",
      response: Skill,
      problems: [
        "name_taken",
        "external_id_taken",
        "unknown_reference",
        "prerequisite_cycle",
        "illegal_transition",
        "stale_version",
        "conflict",
      ],
    },
    (space, { params, body, if_match }) => changeSkill(space, params.skill_id, if_match, body),
  ),
  spaceRoute(
    {
      operation_id: "archive_skill",
      tag,
      method: "delete",
      path: one,
      summary:
        "Put a skill away that no machine asks for and no other skill comes after; certifications stay on record",
      permission: "skills.manage",
      status: 204,
      problems: ["skill_in_use"],
    },
    (space, { params }) => archiveSkill(space, params.skill_id),
  ),
];
