/**
 * Every setting there is, as data: its shape, what holds until somebody says otherwise, and what it does. A setting that changes nothing does
 * not exist; a switch of a module that is not built yet names that module and cannot be switched on.
 */

import { z } from "@hono/zod-openapi";
import { line, prose } from "../contract.ts";
import { WeeklyWindowsOrNull } from "./windows.ts";

/** A setting. */
export interface Setting<T = unknown> {
  schema: z.ZodType<T>;
  initial: T;
  /** What it does, for docs and forms. */
  about: string;
  /** Anybody may read it, without signing in. */
  public?: true;
  /** Personal contact: the history says that it changed, not from what to what. */
  personal?: true;
  /** The module that will read it: until then it keeps its initial value. */
  reserved_for?: string;
}

const setting = <T, const M extends Partial<Setting<T>> = object>(
  schema: z.ZodType<T>,
  initial: T,
  about: string,
  more?: M,
) => ({ schema, initial, about, ...(more as M) });

const toggle = (initial: boolean, about: string, more?: Partial<Setting<boolean>>): Setting<boolean> =>
  setting<boolean, Partial<Setting<boolean>>>(z.boolean(), initial, about, more);

const reserved = (module: string, about: string): Setting<boolean> => toggle(false, about, { reserved_for: module });

const everybody = { public: true } as const;
const contact = { public: true, personal: true } as const;

const webAddress = z
  .url({ protocol: /^https?$/ })
  .max(500)
  .nullable();
const colour = z
  .string()
  .regex(/^#[0-9A-Fa-f]{6}$/, "must be a colour like #1f6feb")
  .transform((text) => text.toLowerCase());

const megabytes = (most: number) => z.int().min(0).max(most);

const DocumentKinds = z
  .array(z.strictObject({ code: z.string().regex(/^[a-z][a-z0-9_]{0,39}$/), title: line(100) }))
  .max(30)
  .refine((kinds) => new Set(kinds.map(({ code }) => code)).size === kinds.length, "names a code twice");

/** Section → key → setting. */
export const sections = {
  general: {
    description: setting(prose(4_000), null, "What the place is, in its own words.", everybody),
    address: setting(prose(500), null, "Where it is, as one writes it on a letter.", contact),
    contact_email: setting(z.email().max(254).nullable(), null, "Where visitors write to.", contact),
    contact_phone: setting(line(40).nullable(), null, "Where visitors call.", contact),
    website_url: setting(webAddress, null, "Its own pages.", everybody),
    latitude: setting(z.number().min(-90).max(90).nullable(), null, "Degrees north, WGS 84.", everybody),
    longitude: setting(z.number().min(-180).max(180).nullable(), null, "Degrees east, WGS 84.", everybody),
    opening_hours: setting(
      WeeklyWindowsOrNull,
      null,
      "When machines can be booked and used, on the makerspace's wall clock; null is always.",
      everybody,
    ),
  },
  access: {
    enable_reservations: toggle(
      true,
      "Machines can be booked and used by walk-ins. Off: 403 `feature_disabled`.",
      everybody,
    ),
    membership_required: toggle(false, "Only members with a running membership may book.", everybody),
    public_registration: toggle(false, "People may register themselves.", everybody),
    auto_approve_members: toggle(false, "Who registers is a member at once; otherwise staff decide."),
    cancel_bookings_on_suspension: toggle(true, "A suspension cancels the member's future bookings; off keeps them."),
    member_quotas: setting(
      z.strictObject({
        open_bookings: z.int().min(1).max(1_000).nullable(),
        minutes_per_day: z.int().min(1).max(1_440).nullable(),
        minutes_per_week: z.int().min(1).max(10_080).nullable(),
        minutes_per_month: z.int().min(1).max(44_640).nullable(),
      }),
      { open_bookings: null, minutes_per_day: null, minutes_per_week: null, minutes_per_month: null },
      "What each member may have booked on all machines together, on the makerspace's calendar, weeks from Monday; null is no limit. Plans have limits of their own.",
    ),
    no_show_cool_down: setting(
      z
        .strictObject({
          after: z.int().min(1).max(10),
          within_days: z.int().min(1).max(90),
          days: z.int().min(1).max(90),
        })
        .nullable(),
      null,
      "After so many no-shows within so many days a member books nothing for `days` days after the last of them.",
    ),
    guest_names_kept_days: setting(
      z.int().min(1).max(3_650),
      30,
      "Days after a guest's visit until their name is erased; the visit itself stays. Counts for visits that end from then on.",
    ),
    age_of_majority: setting(
      z.int().min(14).max(21),
      18,
      "Who is younger is a minor: they book with a guardian's consent. Years.",
    ),
    document_kinds: setting(
      DocumentKinds,
      [
        { code: "id_proof", title: "Proof of identity" },
        { code: "certificate", title: "Certificate" },
        { code: "insurance", title: "Insurance" },
      ],
      "What members can hand in for staff to verify.",
    ),
    running_session_on_suspension: setting(
      z.enum(["let_finish", "end"]),
      "let_finish",
      "What becomes of the running session of somebody who is suspended or removed: it goes on, or it ends and its time is free. Staff are told, and the machine itself is not cut.",
    ),
    safety_reports_stop_machines: toggle(
      true,
      "A fault report of severity `safety` takes the machine out of use at once; staff bring it back.",
    ),
    skill_gated_access: toggle(true, "Machines ask for the skills that they need."),
    bookings_on_skill_loss: setting(
      z.enum(["cancel", "keep"]),
      "cancel",
      "What becomes of bookings ahead of somebody who loses a skill that their machine asks for; kept ones are stopped at the start.",
    ),
  },
  inventory: {
    minimum_stock_alerts: reserved("inventory", "Staff are told when an item runs low."),
    filament_deduction: reserved("inventory", "Prints take their material from stock."),
    allow_personal_consumables: reserved("inventory", "Members may keep material of their own."),
    store_inventory_sync: reserved("inventory", "Stock follows the store."),
  },
  billing: {
    enable_membership_billing: reserved("billing", "Memberships are invoiced."),
    credit_system: reserved("billing", "Members pay from a wallet of credits."),
    show_job_cost_estimates: reserved("billing", "Estimates are shown before a job is ordered."),
  },
  service: {
    service_mode: reserved("service jobs", "The place takes jobs for others."),
    accept_jobs_from_store: reserved("service jobs", "Jobs come in from the store."),
    auto_job_assignment: reserved("service jobs", "Jobs are given to a provider by themselves."),
  },
  appearance: {
    mode: setting(z.enum(["light", "dark"]), "light", "Whether pages are light or dark.", everybody),
    primary: setting(colour, "#f2b134", "Buttons and other things to press; text must be readable on it.", everybody),
    accent: setting(colour, "#0b7285", "Highlights.", everybody),
    background: setting(colour, "#ffffff", "Behind everything; text must be readable on it.", everybody),
    text: setting(colour, "#1c1c1e", "Text, on the background and on primary.", everybody),
  },
  integrations: {
    razorpay: reserved("billing", "Payments through Razorpay, with the keys kept here."),
    stripe: reserved("billing", "Payments through Stripe, with the keys kept here."),
    github: reserved("projects", "Projects are linked to GitHub, with the token kept here."),
  },
  notifications: {
    email: toggle(true, "Mail is sent to members. Off: in the inbox alone."),
    webhooks: toggle(true, "Events are delivered to webhooks."),
  },
  files: {
    makerspace_quota_mb: setting(megabytes(10_000_000), 10_240, "How much room the files of all take; MiB."),
    member_quota_mb: setting(megabytes(10_000_000), 1_024, "How much room the files of one uploader take; MiB."),
    max_file_mb: setting(megabytes(500), 200, "How large one file may be; MiB. What it is for may allow less."),
  },
  security: {
    api_tokens: toggle(true, "API tokens are made and accepted."),
  },
} as const;

export type SectionName = keyof typeof sections;
export const sectionNames = Object.keys(sections) as [SectionName, ...SectionName[]];

/** Keys of other services: kept encrypted, never given back. key → what it is, and the module that reads it. */
export const secrets = {
  razorpay_key_id: { about: "Key id of the Razorpay account.", reserved_for: "billing" },
  razorpay_key_secret: { about: "Key secret of the Razorpay account.", reserved_for: "billing" },
  razorpay_webhook_secret: { about: "What Razorpay signs its webhooks with.", reserved_for: "billing" },
  stripe_secret_key: { about: "Secret key of the Stripe account.", reserved_for: "billing" },
  stripe_webhook_secret: { about: "What Stripe signs its webhooks with.", reserved_for: "billing" },
  github_token: { about: "Token of a GitHub app or account.", reserved_for: "projects" },
} as const satisfies Record<string, { about: string; reserved_for: string }>;

/** The values of all settings of one makerspace; secrets are not among them. */
export type Settings = {
  readonly [S in SectionName]: {
    readonly [K in keyof (typeof sections)[S]]: (typeof sections)[S][K] extends { schema: z.ZodType<infer T> }
      ? T
      : never;
  };
};

/** The settings of a section by key, for code that walks over all of them. */
export const settingsOf = (section: SectionName): Readonly<Record<string, Setting>> => sections[section];

/** What holds where nobody said otherwise. */
export const defaultSettings: Settings = Object.fromEntries(
  sectionNames.map((section) => [
    section,
    Object.freeze(Object.fromEntries(Object.entries(settingsOf(section)).map(([key, { initial }]) => [key, initial]))),
  ]),
) as unknown as Settings;
