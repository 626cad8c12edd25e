import { z } from "@hono/zod-openapi";
import { Id, Instant, line, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";

const equipment_ids = z
  .array(Id)
  .min(1)
  .max(12)
  .refine((ids) => new Set(ids).size === ids.length, "names a machine twice");

export const TabletInput = z
  .strictObject({ equipment_ids, label: line(80).optional().openapi({ example: "Laser corner" }) })
  .openapi("TabletInput");

const tabletFields = {
  ...resourceFields,
  makerspace_id: Id,
  label: z.string(),
  equipment_ids: z.array(Id),
  status: z.enum(["pairing", "paired", "revoked"]),
  pairing_expires_at: Instant,
  paired_at: Instant.nullable(),
  revoked_at: Instant.nullable(),
};

export const Tablet = z.strictObject(tabletFields).openapi("Tablet");
export const TabletPage = pageOf(Tablet).openapi("TabletPage");
export const TabletQuery = z.strictObject(pageQuery);

export const PairingTablet = z
  .strictObject({
    ...tabletFields,
    pairing_code: z.string().openapi({ description: "Once, for 10 minutes.", example: "K7QM-4XRD" }),
  })
  .openapi("PairingTablet");

export const PairInput = z
  .strictObject({ code: z.string().min(8).max(40).openapi({ example: "K7QM-4XRD" }) })
  .openapi("PairInput");

export const PairedTablet = z
  .strictObject({
    token: z.string().openapi({ description: "The device's bearer token. It is shown once." }),
    tablet: Tablet,
  })
  .openapi("PairedTablet");
