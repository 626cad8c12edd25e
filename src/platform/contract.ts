/** Zod pieces that every contract shares. */

import { z } from "@hono/zod-openapi";

export const Id = z
  .string()
  .max(80)
  .openapi({ description: "UUIDv7", example: "019a9d2e-7c11-7b3a-9a53-8a1f0a4f7d10" });

/** ISO 8601 UTC in answers. */
export const Instant = z.iso.datetime().openapi({ example: "2026-11-22T13:00:00.000Z" });

/** ISO 8601 with any offset in requests, read as epoch milliseconds; years 2000 to 2100. */
export const InstantInput = z.iso
  .datetime({ offset: true })
  .openapi({ example: "2026-11-22T13:00:00Z" })
  .transform((text) => Date.parse(text))
  .refine((ms) => ms >= 946_684_800_000 && ms < 4_102_444_800_000, "is out of range");

/** One line of text: trimmed, not empty. */
export const line = (max: number) => z.string().trim().min(1).max(max);

/** Text of several lines that may be absent. */
export const prose = (max: number) => z.string().trim().max(max).nullable();

export const Metadata = z
  .record(z.string().min(1).max(40), z.string().max(500))
  .refine((pairs) => Object.keys(pairs).length <= 50, "has more than 50 pairs")
  .openapi({ description: "Up to 50 string pairs of your own.", example: { asset_tag: "L-17" } });

export const ExternalId = z
  .string()
  .trim()
  .min(1)
  .max(200)
  .openapi({ description: "Your id for it, unique per makerspace and type." });

/** Integers in the currency's smallest unit. */
export const Money = z
  .strictObject({ amount_minor: z.int().min(0).max(1_000_000_000_000), currency: z.string().regex(/^[A-Z]{3}$/) })
  .openapi("Money", { example: { amount_minor: 12550, currency: "INR" } });

/** A named schema or null. `.nullable()` would make the name itself nullable in the document, or contradict it, whichever is met first. */
export const orNull = <T extends z.ZodType>(schema: T) => z.union([schema, z.null()]);

/** What every resource carries. */
export const resourceFields = { id: Id, created_at: Instant, updated_at: Instant, version: z.int() };

/** Query of every list. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z
    .string()
    .max(500)
    .optional()
    .openapi({ description: "`next_cursor` of the page before, with the same filters and sort." }),
};

/** Query of a list that says how many rows there are when it is asked. */
export const countedPageQuery = {
  ...pageQuery,
  count: z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true")
    .openapi({ description: "Say how many rows there are on all pages, up to 1,000." }),
};

const Count = z
  .strictObject({ value: z.int().min(0).max(1_000), capped: z.boolean() })
  .openapi("Count", { description: "`capped` when there are more." });

/** A filter that may be repeated for "any of". */
export const anyOf = <T extends z.ZodType>(value: T, max = 20) =>
  z.preprocess(
    (given) => (given === undefined || Array.isArray(given) ? given : [given]),
    z.array(value).min(1).max(max).optional(),
  );

/** The envelope of a list. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.strictObject({
    data: z.array(item),
    next_cursor: z.string().nullable(),
    count: Count.optional().openapi({ description: "With `count=true`, where a list takes it." }),
  });
