import { z } from "@hono/zod-openapi";
import {
  anyOf,
  ExternalId,
  Id,
  line,
  Metadata,
  pageOf,
  pageQuery,
  prose,
  resourceFields,
} from "../../../platform/contract.ts";
import { skillStatuses } from "../model.ts";

const category = line(60).openapi({ example: "laser" });
const ids = (about: string) => z.array(Id).max(50).openapi({ description: about });

export const SkillInput = z
  .strictObject({
    name: line(120).openapi({ example: "Laser cutter" }),
    category,
    description: prose(4_000).default(null),
    prerequisite_ids: ids("Skills that one needs before one can be certified for this one.").default([]),
    trainer_ids: ids("Who certifies it, of those whose duty it is; empty for all of them.").default([]),
    high_risk: z
      .boolean()
      .default(false)
      .openapi({ description: "A certification counts once a second person has signed it." }),
    validity_months: z
      .int()
      .min(1)
      .max(240)
      .nullable()
      .default(null)
      .openapi({ description: "Certifications end after this, unless they say another end; null for never." }),
    disuse_days: z.int().min(1).max(3_650).nullable().default(null).openapi({
      description: "Certifications end after so many days without use of a machine that asks for the skill.",
    }),
    warning_days: z
      .int()
      .min(0)
      .max(365)
      .default(30)
      .openapi({ description: "Holders are warned so many days before the end; 0 for not at all." }),
    metadata: Metadata.default({}),
    external_id: ExternalId.nullable().default(null),
  })
  .openapi("SkillInput");

const { name, description, prerequisite_ids, trainer_ids, high_risk, validity_months, disuse_days, warning_days } =
  SkillInput.shape;

export const SkillPatch = z
  .strictObject({
    name,
    category,
    description: description.unwrap(),
    prerequisite_ids: prerequisite_ids.unwrap(),
    trainer_ids: trainer_ids.unwrap(),
    high_risk: high_risk.unwrap(),
    validity_months: validity_months.unwrap(),
    disuse_days: disuse_days.unwrap(),
    warning_days: warning_days.unwrap(),
    metadata: Metadata,
    external_id: ExternalId.nullable(),
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, "changes nothing")
  .openapi("SkillPatch");

export const Skill = z
  .strictObject({
    ...resourceFields,
    name: z.string(),
    category: z.string(),
    description: z.string().nullable(),
    status: z.enum(skillStatuses),
    prerequisite_ids: z.array(Id),
    trainer_ids: z.array(Id),
    high_risk: z.boolean(),
    validity_months: z.int().nullable(),
    disuse_days: z.int().nullable(),
    warning_days: z.int(),
    metadata: Metadata,
    external_id: z.string().nullable(),
  })
  .openapi("Skill");
export const SkillPage = pageOf(Skill).openapi("SkillPage");

export const skillSorts = ["name", "-name", "created_at", "-created_at"] as const;

export const SkillQuery = z.strictObject({
  ...pageQuery,
  category: anyOf(category),
  status: anyOf(z.enum(skillStatuses)).openapi({ description: "`active` unless told." }),
  q: line(120).optional().openapi({ description: "Names that begin with it; with sort by name." }),
  external_id: ExternalId.optional().openapi({ description: "At most one has it; with no other filter." }),
  sort: z.enum(skillSorts).default("name"),
});
