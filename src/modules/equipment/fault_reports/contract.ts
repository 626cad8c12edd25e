import { z } from "@hono/zod-openapi";
import { anyOf, Id, Instant, line, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";
import { faultStatuses, MAX_FILES, severities } from "./model.ts";

const severity = z.enum(severities);
const words = z.string().trim().min(1).max(4_000);

export const FaultReportInput = z
  .strictObject({
    equipment_id: Id,
    severity: severity.openapi({
      description:
        "`safety`: somebody could be hurt; the machine is taken out of use at once, unless a setting says otherwise.",
    }),
    text: words,
    file_ids: z
      .array(Id)
      .max(MAX_FILES)
      .default([])
      .openapi({ description: "Files of one's own, uploaded for `fault_report`." }),
  })
  .openapi("FaultReportInput");

export const FaultReport = z
  .strictObject({
    ...resourceFields,
    equipment_id: Id,
    member_id: Id.nullable().openapi({ description: "Who reported it; null once they were erased." }),
    severity,
    text: z.string(),
    status: z.enum(faultStatuses),
    took_down: z.boolean().openapi({ description: "It took the machine out of use." }),
    note: z.string().nullable().openapi({ description: "What staff say to it." }),
    handled_by: z.string().nullable(),
    handled_at: Instant.nullable(),
    file_ids: z.array(Id),
  })
  .openapi("FaultReport");
export const FaultReportPage = pageOf(FaultReport).openapi("FaultReportPage");

const filters = { ...pageQuery, status: anyOf(z.enum(faultStatuses)), severity: anyOf(severity) };
export const FaultReportQuery = z.strictObject({
  ...filters,
  equipment_id: Id.optional(),
  member_id: Id.optional().openapi({ description: "`me` works; others need staff permission." }),
});
export const MachineFaultQuery = z.strictObject(filters);

export const AcknowledgeInput = z.strictObject({ note: line(2_000).optional() }).openapi("AcknowledgeFaultInput");
export const ResolveInput = z
  .strictObject({
    note: line(2_000).openapi({ description: "What was done, for whoever reported it." }),
    available: z
      .boolean()
      .default(false)
      .openapi({ description: "Whether the machine can be used again; else it stays as it is." }),
  })
  .openapi("ResolveFaultInput");
export const DismissInput = z
  .strictObject({ note: line(2_000).openapi({ description: "Why, for whoever reported it." }) })
  .openapi("DismissFaultInput");
