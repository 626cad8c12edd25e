import { z } from "@hono/zod-openapi";
import {
  anyOf,
  Id,
  Instant,
  InstantInput,
  line,
  pageOf,
  pageQuery,
  resourceFields,
} from "../../../platform/contract.ts";
import { documentStatuses, documentTypes } from "./model.ts";

const kind = z
  .string()
  .max(40)
  .openapi({ description: "A code of the setting `document_kinds`.", example: "id_proof" });

export const SubmitQuery = z.strictObject({
  kind,
  expires_at: InstantInput.optional().openapi({ description: "Until when it counts; staff may say otherwise." }),
  replaces: Id.optional().openapi({
    description:
      "The document that it follows. A verified one counts until the new one is verified; one that was to follow another hands that on.",
  }),
});

export const Document = z
  .strictObject({
    ...resourceFields,
    member_id: Id,
    kind: z.string(),
    status: z.enum(documentStatuses),
    content_type: z.enum(documentTypes),
    size: z.int().openapi({ description: "Bytes." }),
    sha256: z.string().openapi({ description: "Of the file, hex." }),
    reason: z.string().nullable().openapi({ description: "Why it was rejected." }),
    expires_at: Instant.nullable(),
    replaces_id: Id.nullable(),
    submitted_by: z.string(),
    decided_by: z.string().nullable(),
    decided_at: Instant.nullable(),
  })
  .openapi("Document");
export const DocumentPage = pageOf(Document).openapi("DocumentPage");

const status = anyOf(z.enum(documentStatuses));
export const MemberDocumentQuery = z.strictObject({ ...pageQuery, status });
export const DocumentQuery = z.strictObject({
  ...pageQuery,
  status: status.openapi({ description: "Those that wait for a decision, unless told." }),
  kind: anyOf(kind),
});

export const VerifyInput = z
  .strictObject({
    expires_at: InstantInput.nullable().optional().openapi({
      description: "Until when it counts; null for always, as submitted when left out.",
    }),
  })
  .openapi("VerifyInput");
export const RejectInput = z.strictObject({ reason: line(500) }).openapi("RejectInput");

export const DocumentLink = z
  .strictObject({ url: z.string(), expires_at: Instant })
  .openapi("DocumentLink", { description: "A path that opens the file for ten minutes, for whoever has it." });
