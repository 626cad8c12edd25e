import { z } from "@hono/zod-openapi";
import { Id, InstantInput, Metadata } from "../../../platform/contract.ts";
import { Reservation } from "../reservations/contract.ts";

/** More than a class with its room and its trainer needs; each is one more machine that has to answer. */
const ITEMS_AT_MOST = 10;

const BundleItem = z
  .strictObject({ equipment_id: Id, starts_at: InstantInput, ends_at: InstantInput })
  .refine((item) => item.ends_at > item.starts_at, { path: ["ends_at"], message: "must be after starts_at" });

export const BundleInput = z
  .strictObject({
    items: z
      .array(BundleItem)
      .min(1)
      .max(ITEMS_AT_MOST)
      .refine((items) => new Set(items.map(({ equipment_id }) => equipment_id)).size === items.length, {
        message: "names a machine twice",
      }),
    member_id: Id.optional().openapi({ description: "Staff: on behalf of this member." }),
    purpose: z.string().trim().max(500).nullable().default(null),
    project_id: Id.nullable().default(null),
    metadata: Metadata.default({}),
  })
  .openapi("BundleInput");

export const Bundle = z
  .strictObject({
    id: Id,
    makerspace_id: Id,
    reservations: z
      .array(Reservation)
      .openapi({ description: "In the order that was asked for; read again, by start." }),
  })
  .openapi("Bundle");

export const CancelledBundle = z
  .strictObject({
    id: Id,
    makerspace_id: Id,
    reservations: z.array(Reservation),
    refused: z
      .array(z.strictObject({ reservation_id: Id, code: z.string(), detail: z.string() }))
      .openapi({ description: "What could not be cancelled any more, and why." }),
  })
  .openapi("CancelledBundle");
