import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { Acceptance, Agreement, AgreementText } from "./contract.ts";
import type { agreementAcceptances, agreements, agreementTexts } from "./tables.ts";

export type AgreementRow = typeof agreements.$inferSelect;
export type TextRow = typeof agreementTexts.$inferSelect;
export type AcceptanceRow = typeof agreementAcceptances.$inferSelect;

export const viewText = (row: TextRow): z.output<typeof AgreementText> => ({
  number: row.number,
  body: row.body,
  effective_at: toIso(row.effective_at),
  published_at: toIso(row.published_at),
});

/** `accepted`: whether the caller has accepted this text or a later one; null for those who are no members. */
export const viewAgreement = (
  row: AgreementRow,
  text: TextRow,
  accepted: boolean | null,
): z.output<typeof Agreement> => ({
  id: row.id,
  title: row.title,
  required: row.required,
  for_guests: row.for_guests,
  equipment_ids: row.equipment_ids as string[] | null,
  archived_at: toIsoOrNull(row.archived_at),
  text: viewText(text),
  accepted,
  metadata: row.metadata as Record<string, string>,
  external_id: row.external_id,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});

export const viewAcceptance = (row: AcceptanceRow): z.output<typeof Acceptance> => ({
  agreement_id: row.agreement_id,
  number: row.number,
  member_id: row.member_id,
  accepted_at: toIso(row.accepted_at),
  method: row.method,
  recorded_by: row.recorded_by,
});
