import { z } from "@hono/zod-openapi";
import { Id, line, pageOf, pageQuery, prose, resourceFields } from "../../../platform/contract.ts";

export const EmergencyContactInput = z
  .strictObject({
    name: line(200),
    relation: line(100).openapi({ example: "brother" }),
    phone: line(40).min(3),
    notes: prose(1_000).default(null).openapi({ description: "What a helper should know." }),
  })
  .openapi("EmergencyContactInput");

export const EmergencyContact = z
  .strictObject({
    ...resourceFields,
    member_id: Id,
    name: z.string(),
    relation: z.string(),
    phone: z.string(),
    notes: z.string().nullable(),
  })
  .openapi("EmergencyContact");
export const EmergencyContactPage = pageOf(EmergencyContact).openapi("EmergencyContactPage");
export const EmergencyContactQuery = z.strictObject(pageQuery);
