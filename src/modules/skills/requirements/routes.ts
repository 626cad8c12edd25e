import { spaceRoute } from "../../../platform/route.ts";
import { SkillRequirements, SkillRequirementsInput } from "./contract.ts";
import { readRequirements, setRequirements } from "./service.ts";

const tag = "skills";
const path = "/equipment/{equipment_id}/skill_requirements";

export const requirementRoutes = [
  spaceRoute(
    {
      operation_id: "get_skill_requirements",
      tag,
      method: "get",
      path,
      summary: "What a machine asks of those who use it",
      permission: "skills.read",
      response: SkillRequirements,
    },
    (space, { params }) => readRequirements(space, params.equipment_id),
  ),
  spaceRoute(
    {
      operation_id: "set_skill_requirements",
      tag,
      method: "put",
      path,
      summary: "Say what a machine asks of those who use it: groups of skills, each of all or of any",
      description:
        "Asked at booking, at approval and when use begins. Bookings there are stay; whoever lacks a skill then is stopped at the start.",
      permission: "skills.manage",
      body: SkillRequirementsInput,
      if_match: "optional",
      response: SkillRequirements,
      problems: ["unknown_reference", "stale_version", "conflict"],
    },
    (space, { params, body, if_match }) => setRequirements(space, params.equipment_id, if_match, body),
  ),
];
