import { z } from "@hono/zod-openapi";
import { membershipStatuses } from "../../../platform/access/membership.ts";
import { duties, memberRoles } from "../../../platform/access/permissions.ts";
import {
  anyOf,
  countedPageQuery,
  ExternalId,
  Id,
  Instant,
  InstantInput,
  line,
  Metadata,
  pageOf,
  prose,
  resourceFields,
} from "../../../platform/contract.ts";
import { isTimeZone } from "../../../platform/time.ts";
import { dutyMachines, dutyReach } from "../duties/contract.ts";

/** A member's own words, without two that are alike. */
const words = (count: number) =>
  z
    .array(line(40))
    .max(count)
    .transform((list) => [...new Set(list)]);
const isLocale = (tag: string): boolean => {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false;
  }
};
const phone = z
  .string()
  .trim()
  .regex(/^[+\d][\d ()./-]{2,39}$/, "is not a telephone number")
  .nullable()
  .openapi({ example: "+49 30 1234567" });
const profileImage = z
  .url({ protocol: /^https$/ })
  .max(2_000)
  .nullable();
const locale = z.string().max(35).refine(isLocale, "is not a BCP 47 language tag").nullable().openapi({
  description: "Language of the person, as BCP 47 has it; null for the makerspace's.",
  example: "de-DE",
});
const timezone = z.string().max(60).refine(isTimeZone, "is not an IANA time zone").nullable().openapi({
  description: "Zone of the person's wall clock; null for the makerspace's.",
  example: "Europe/Berlin",
});

/** What members say of themselves. */
const ownFields = {
  phone,
  bio: prose(2_000),
  profile_image_url: profileImage,
  public_skills: words(30).openapi({ description: "What the person can do, shown to other members." }),
  locale,
  timezone,
};

/** What staff note. */
const staffFields = {
  tags: words(30).openapi({ description: "Labels of the staff." }),
  notes: prose(5_000).openapi({ description: "For staff alone." }),
};

const DutyInput = z.strictObject({ duty: z.enum(duties), ...dutyReach }).openapi("DutyInput");

export const MemberInput = z
  .strictObject({
    user_id: z.string().min(1).max(240).optional().openapi({
      description:
        "As in GET /api/v1/me. Without it the first sign-in with this verified e-mail address becomes the member.",
    }),
    email: z
      .email()
      .max(254)
      .transform((email) => email.toLowerCase()),
    first_name: line(120),
    last_name: z.string().trim().max(120),
    role: z.enum(memberRoles),
    duties: z
      .array(DutyInput)
      .max(duties.length)
      .refine((list) => new Set(list.map((item) => item.duty)).size === list.length, "names a duty twice")
      .default([]),
    hide_name: z.boolean().default(false).openapi({ description: "Do not name this member on tablets." }),
    phone: ownFields.phone.default(null),
    bio: ownFields.bio.default(null),
    profile_image_url: ownFields.profile_image_url.default(null),
    public_skills: ownFields.public_skills.default([]),
    locale: ownFields.locale.default(null),
    timezone: ownFields.timezone.default(null),
    tags: staffFields.tags.default([]),
    notes: staffFields.notes.default(null),
    joined_at: InstantInput.optional().openapi({ description: "For members from elsewhere; now, unless told." }),
    metadata: Metadata.default({}),
    external_id: ExternalId.nullable().default(null),
  })
  .openapi("MemberInput");

const { email, first_name, last_name, hide_name, metadata, external_id } = MemberInput.shape;
const changesSomething = (patch: object): boolean => Object.keys(patch).length > 0;

/** What one changes of oneself. */
export const OwnPatch = z
  .strictObject({ ...ownFields, hide_name: hide_name.unwrap() })
  .partial()
  .refine(changesSomething, "changes nothing")
  .openapi("OwnPatch");
/** Names of the fields that members change of themselves. */
export const ownFieldNames: readonly string[] = [...Object.keys(ownFields), "hide_name"];

export const MemberPatch = z
  .strictObject({
    ...ownFields,
    ...staffFields,
    email,
    first_name,
    last_name,
    hide_name: hide_name.unwrap(),
    metadata: metadata.unwrap(),
    external_id: external_id.unwrap(),
  })
  .partial()
  .refine(changesSomething, "changes nothing")
  .openapi("MemberPatch", {
    description:
      "Oneself: the fields of OwnPatch. With members.manage: all of it; the e-mail address only until somebody signed in with it.",
  });

export const Member = z
  .strictObject({
    ...resourceFields,
    user_id: z.string().nullable(),
    email: z.string(),
    first_name: z.string(),
    last_name: z.string(),
    display_name: z.string(),
    role: z.enum(memberRoles),
    status: z.enum(membershipStatuses),
    status_reason: z.string().nullable(),
    duties: z.array(z.strictObject({ duty: z.enum(duties), equipment_ids: dutyMachines, ends_at: Instant.nullable() })),
    hide_name: z.boolean(),
    phone: z.string().nullable(),
    bio: z.string().nullable(),
    profile_image_url: z.string().nullable(),
    public_skills: z.array(z.string()),
    locale: z.string().nullable(),
    timezone: z.string().nullable(),
    joined_at: Instant.nullable().openapi({ description: "Null until the membership was first active." }),
    last_seen_at: Instant.nullable().openapi({ description: "To the hour; null for never." }),
    suspended_at: Instant.nullable(),
    left_at: Instant.nullable(),
    merged_into: Id.optional().openapi({ description: "The member who took over what this record had." }),
    erased_at: Instant.optional().openapi({ description: "Since then the record is nobody's: a number in histories." }),
    metadata: Metadata,
    external_id: z.string().nullable(),
    is_minor: z.boolean().optional().openapi({
      description:
        "Today, on the makerspace's wall clock, as far as it was recorded. Left out where somebody just came.",
    }),
    tags: z.array(z.string()).optional().openapi({ description: "For staff alone." }),
    notes: z.string().nullable().optional().openapi({ description: "For staff alone." }),
    suspended_by: z.string().nullable().optional().openapi({ description: "Who suspended them. For staff alone." }),
  })
  .openapi("Member");

export const DirectoryEntry = z
  .strictObject({ id: Id, display_name: z.string(), public_skills: z.array(z.string()) })
  .openapi("DirectoryEntry", { description: "What members see of each other." });

export const MemberOrEntry = z.union([Member, DirectoryEntry]).openapi("MemberOrEntry");
export const MemberPage = pageOf(MemberOrEntry).openapi("MemberPage");

export const memberSorts = ["name", "-name", "joined_at", "-joined_at", "last_seen_at", "-last_seen_at"] as const;

export const MemberQuery = z.strictObject({
  ...countedPageQuery,
  q: line(80).optional().openapi({
    description:
      "Words that names begin with, in any turn, without regard to case and accents; for staff of e-mail addresses as well. By age.",
  }),
  role: anyOf(z.enum(memberRoles)),
  status: anyOf(z.enum(membershipStatuses)),
  tag: line(40).optional().openapi({ description: "Goes with status." }),
  plan_id: Id.optional().openapi({ description: "Members on this plan now, by the end of their period." }),
  joined_from: InstantInput.optional(),
  joined_to: InstantInput.optional().openapi({ description: "Exclusive." }),
  updated_since: InstantInput.optional().openapi({ description: "Oldest change first; with no other filter." }),
  external_id: z.string().max(200).optional(),
  sort: z.enum(memberSorts).optional().openapi({
    description:
      "Without it by age. `name` goes with role and status, `joined_at` and `last_seen_at` with status; a search and the filters by tag, plan, external_id and updated_since have their own order.",
  }),
});

export const DeclineInput = z.strictObject({ reason: line(500) }).openapi("DeclineInput");
export const SuspendInput = z.strictObject({ reason: line(500) }).openapi("SuspendInput");
