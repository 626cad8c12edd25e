import { z } from "@hono/zod-openapi";
import { Id, Instant } from "../../../platform/contract.ts";
import { enforcements, groupModes, skillLevels } from "../../../platform/skills.ts";

const asked = z.strictObject({ skill_id: Id, min_level: z.enum(skillLevels).nullable().optional() });

const group = z.strictObject({
  mode: z.enum(groupModes).openapi({ description: "`all` of the skills, or `any` one of them." }),
  skills: z
    .array(asked)
    .min(1)
    .max(20)
    .refine((skills) => new Set(skills.map((one) => one.skill_id)).size === skills.length, "names a skill twice"),
});

const enforcement = z.enum(enforcements).openapi({
  description: "`block` refuses whoever lacks a skill; `warn` lets them in, with `warnings` in the answer.",
});
const grace_days = z.int().min(0).max(365);

export const SkillRequirementsInput = z
  .strictObject({
    enforcement: enforcement.default("block"),
    grace_days: grace_days
      .default(0)
      .openapi({ description: "A certification counts so many days after its end; one that was revoked does not." }),
    groups: z
      .array(group)
      .max(10)
      .openapi({ description: "Each group has to be met. Without one the machine asks for nothing." }),
  })
  .openapi("SkillRequirementsInput", {
    example: {
      enforcement: "block",
      grace_days: 0,
      groups: [{ mode: "all", skills: [{ skill_id: "019a9d2e-7c11-7b3a-9a53-8a1f0a4f7d10", min_level: "advanced" }] }],
    },
  });

export const SkillRequirements = z
  .strictObject({
    equipment_id: Id,
    enforcement,
    grace_days,
    groups: z.array(
      z.strictObject({
        mode: z.enum(groupModes),
        skills: z.array(z.strictObject({ skill_id: Id, name: z.string(), min_level: z.enum(skillLevels).nullable() })),
      }),
    ),
    created_at: Instant.nullable(),
    updated_at: Instant.nullable(),
    version: z.int().openapi({ description: "0 before anybody said anything." }),
  })
  .openapi("SkillRequirements");
