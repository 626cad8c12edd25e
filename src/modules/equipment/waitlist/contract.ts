import { z } from "@hono/zod-openapi";
import {
  anyOf,
  Id,
  Instant,
  InstantInput,
  pageOf,
  pageQuery,
  prose,
  resourceFields,
} from "../../../platform/contract.ts";
import { equipmentCategories, waitlistStatuses } from "../model.ts";

const category = z.enum(equipmentCategories);
const window = {
  window_starts_at: InstantInput,
  window_ends_at: InstantInput,
  minutes: z.int().min(1).max(43_200).openapi({ description: "How long the booking is to be, within the window." }),
  member_id: Id.optional().openapi({ description: "Staff: on behalf of this member." }),
};
interface Window {
  window_starts_at: number;
  window_ends_at: number;
  minutes: number;
}
const fits = ({ window_starts_at, window_ends_at, minutes }: Window): boolean =>
  window_ends_at - window_starts_at >= minutes * 60_000;
const tooShort = { path: ["window_ends_at"], message: "leaves no room for the minutes" };
const isShort = ({ window_starts_at, window_ends_at }: Window): boolean =>
  window_ends_at - window_starts_at <= 31 * 86_400_000;
const tooLong = { path: ["window_ends_at"], message: "is more than 31 days after the start" };

export const MachineWaitInput = z
  .strictObject(window)
  .refine(fits, tooShort)
  .refine(isShort, tooLong)
  .openapi("MachineWaitInput");

export const CategoryWaitInput = z
  .strictObject({ category: category.openapi({ description: "Any machine of this category." }), ...window })
  .refine(fits, tooShort)
  .refine(isShort, tooLong)
  .openapi("CategoryWaitInput");

export const WaitlistEntry = z
  .strictObject({
    ...resourceFields,
    makerspace_id: Id,
    member_id: Id,
    equipment_id: Id.nullable(),
    category: category.nullable(),
    window_starts_at: Instant,
    window_ends_at: Instant,
    minutes: z.int(),
    status: z.enum(waitlistStatuses),
    offer: z
      .union([
        z.strictObject({ equipment_id: Id, starts_at: Instant, ends_at: Instant, expires_at: Instant }),
        z.null(),
      ])
      .openapi({ description: "What is offered, until it expires: accept it on this machine." }),
    reservation_id: Id.nullable().openapi({ description: "The booking that came of it." }),
  })
  .openapi("WaitlistEntry");
export const WaitlistPage = pageOf(WaitlistEntry).openapi("WaitlistPage");

export const AcceptInput = z
  .strictObject({ purpose: prose(500).optional(), project_id: Id.nullable().optional() })
  .openapi("AcceptInput");

export const WaitlistQuery = z.strictObject({
  ...pageQuery,
  member_id: Id.optional().openapi({ description: "`me` works; others need staff permission." }),
  equipment_id: anyOf(Id),
  status: anyOf(z.enum(waitlistStatuses)),
  sort: z.enum(["created_at", "-created_at"]).default("created_at"),
});
