import { z } from "@hono/zod-openapi";
import {
  Id,
  Instant,
  InstantInput,
  line,
  orNull,
  pageOf,
  pageQuery,
  resourceFields,
} from "../../../platform/contract.ts";
import { consentMethods } from "./model.ts";

const BirthDate = z.iso.date().openapi({ example: "2012-03-09" });

export const MinorInput = z.strictObject({ birth_date: BirthDate }).openapi("MinorInput");

export const Minor = z
  .strictObject({
    member_id: Id,
    birth_date: BirthDate,
    is_minor: z.boolean().openapi({ description: "Today, on the makerspace's wall clock." }),
    of_age_on: z.iso.date().openapi({ description: "The record goes on this day." }),
    has_consent: z.boolean().openapi({ description: "Whether a guardian's consent is in force." }),
    created_at: Instant,
    updated_at: Instant,
    version: z.int(),
  })
  .openapi("Minor");

const phone = line(40).min(3);

export const GuardianInput = z
  .strictObject({
    guardian_member_id: Id.optional().openapi({ description: "A member, who then consents by themselves." }),
    name: line(200).optional().openapi({ description: "Somebody who is no member." }),
    relation: line(100).openapi({ example: "mother" }),
    email: z.email().max(254).optional(),
    phone: phone.optional(),
  })
  .refine(
    ({ guardian_member_id, name, email, phone }) =>
      guardian_member_id === undefined
        ? name !== undefined
        : name === undefined && email === undefined && phone === undefined,
    "names either a member, or somebody by name",
  )
  .openapi("GuardianInput");

export const Guardian = z
  .strictObject({
    ...resourceFields,
    member_id: Id,
    guardian_member_id: Id.nullable(),
    name: z.string().nullable().openapi({ description: "Null for a member." }),
    relation: z.string(),
    email: z.string().nullable().openapi({ description: "Null for those who record no consents, too." }),
    phone: z.string().nullable(),
    ended_at: Instant.nullable(),
  })
  .openapi("Guardian");
export const GuardianPage = pageOf(Guardian).openapi("GuardianPage");
export const FamilyQuery = z.strictObject(pageQuery);

const Text = z.strictObject({ agreement_id: Id, number: z.int().min(1) });

export const ConsentInput = z
  .strictObject({
    guardian_id: Id.optional().openapi({ description: "Who signed the paper; guardians themselves leave it out." }),
    text: Text.optional().openapi({ description: "The text of an agreement that was shown." }),
    valid_until: InstantInput.nullable().default(null).openapi({ description: "Null until the member is of age." }),
  })
  .openapi("ConsentInput");

export const GuardianConsent = z
  .strictObject({
    ...resourceFields,
    member_id: Id,
    guardian_id: Id,
    method: z.enum(consentMethods),
    text: orNull(Text),
    given_at: Instant,
    recorded_by: z.string(),
    valid_until: Instant.nullable(),
    withdrawn_at: Instant.nullable(),
    withdrawn_by: z.string().nullable(),
  })
  .openapi("GuardianConsent");
export const GuardianConsentPage = pageOf(GuardianConsent).openapi("GuardianConsentPage");

export const Ward = z.strictObject({ member_id: Id, display_name: z.string(), guardian_id: Id }).openapi("Ward");
export const WardPage = pageOf(Ward).openapi("WardPage");
