import { z } from "@hono/zod-openapi";
import {
  ExternalId,
  Id,
  Instant,
  InstantInput,
  line,
  Metadata,
  pageOf,
  pageQuery,
  resourceFields,
} from "../../../platform/contract.ts";
import { acceptanceMethods } from "./model.ts";

const body = line(20_000).openapi({ description: "Plain text or Markdown." });
const number = z.int().min(1).openapi({ description: "Counts the texts of an agreement from 1." });
const effective_at = InstantInput.optional().openapi({
  description: "From then on earlier acceptances are not enough; now unless told.",
});
const equipment_ids = z
  .array(Id)
  .min(1)
  .max(200)
  .nullable()
  .openapi({ description: "Machines whose booking waits for it; null for all." });

export const AgreementInput = z
  .strictObject({
    title: line(200).openapi({ example: "Safety rules of the wood shop" }),
    body,
    effective_at,
    required: z.boolean().default(true).openapi({ description: "Booking waits for its acceptance." }),
    for_guests: z.boolean().default(false).openapi({
      description: "Guests sign it before they come in, for each visit. With `required: false` it is for guests alone.",
    }),
    equipment_ids: equipment_ids.default(null),
    metadata: Metadata.default({}),
    external_id: ExternalId.nullable().default(null),
  })
  .openapi("AgreementInput");

const { title, required, for_guests, metadata, external_id } = AgreementInput.shape;

export const AgreementPatch = z
  .strictObject({
    title,
    required: required.unwrap(),
    for_guests: for_guests.unwrap(),
    equipment_ids,
    metadata: metadata.unwrap(),
    external_id: external_id.unwrap(),
  })
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, "changes nothing")
  .openapi("AgreementPatch");

export const AgreementTextInput = z.strictObject({ body, effective_at }).openapi("AgreementTextInput");

export const AgreementText = z
  .strictObject({ number, body: z.string(), effective_at: Instant, published_at: Instant })
  .openapi("AgreementText");
export const AgreementTextPage = pageOf(AgreementText).openapi("AgreementTextPage");

export const Agreement = z
  .strictObject({
    ...resourceFields,
    title: z.string(),
    required: z.boolean(),
    for_guests: z.boolean(),
    equipment_ids,
    archived_at: Instant.nullable(),
    /** The newest that counts now; before the first does, that one. */
    text: AgreementText,
    accepted: z
      .boolean()
      .nullable()
      .openapi({ description: "Whether the caller has accepted `text` or a later one; null without a membership." }),
    metadata: Metadata,
    external_id: z.string().nullable(),
  })
  .openapi("Agreement");
export const AgreementPage = pageOf(Agreement).openapi("AgreementPage");

export const AgreementQuery = z.strictObject({
  ...pageQuery,
  archived: z.enum(["exclude", "include"]).default("exclude"),
  external_id: ExternalId.optional(),
});

export const AcceptInput = z.strictObject({ number }).openapi("AcceptInput", {
  description: "The text that was shown: an older one than counts now is refused.",
});
export const AcceptanceInput = z.strictObject({ number, member_id: Id }).openapi("AcceptanceInput", {
  description: "Signed on paper, which staff keep.",
});

export const Acceptance = z
  .strictObject({
    agreement_id: Id,
    number,
    member_id: Id,
    accepted_at: Instant,
    method: z.enum(acceptanceMethods),
    recorded_by: z.string(),
  })
  .openapi("Acceptance");

/** One line of who has, and who has not. */
export const Signatory = z
  .strictObject({
    member_id: Id,
    display_name: z.string(),
    number: number.nullable(),
    accepted_at: Instant.nullable(),
    method: z.enum(acceptanceMethods).nullable(),
    recorded_by: z.string().nullable(),
  })
  .openapi("Signatory");
export const SignatoryPage = pageOf(Signatory).openapi("SignatoryPage");
export const SignatoryQuery = z.strictObject({
  ...pageQuery,
  status: z.enum(["accepted", "missing"]).openapi({ description: "Of the text that counts now." }),
});
