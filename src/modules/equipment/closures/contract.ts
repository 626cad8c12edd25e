import { z } from "@hono/zod-openapi";
import { ExternalId, Id, line, pageOf, pageQuery, resourceFields } from "../../../platform/contract.ts";
import { DayWindows } from "../../../platform/settings/windows.ts";

const date = z.iso.date().openapi({ example: "2027-12-24", description: "On the wall clock of the makerspace." });
/** Years that a wall clock has; the same as of instants. */
const day = date.refine((text) => text >= "2000-01-01" && text < "2100-01-01", "is out of range");

const writable = {
  starts_on: day,
  ends_on: day.openapi({ description: "The last day; the same one for a single day." }),
  open: DayWindows.openapi({
    description: "When it is open on each of these days all the same, whatever the week says; empty: closed all day.",
  }),
  title: line(200).openapi({ description: "Said to whoever meets it.", example: "Christmas" }),
  external_id: ExternalId.nullable().openapi({ description: "Your id for it, such as the UID of a calendar's entry." }),
};

const inOrder = ({ starts_on, ends_on }: { starts_on?: string | undefined; ends_on?: string | undefined }): boolean =>
  starts_on === undefined || ends_on === undefined || starts_on <= ends_on;
const order = { path: ["ends_on"], message: "must not be before starts_on" };

export const ClosureInput = z
  .strictObject({
    ...writable,
    equipment_id: Id.nullable().default(null).openapi({ description: "Null closes the whole makerspace." }),
    open: writable.open.default([]),
    external_id: writable.external_id.default(null),
  })
  .refine(inOrder, order)
  .openapi("ClosureInput");

export const ClosurePatch = z
  .strictObject(writable)
  .partial()
  .refine((patch) => Object.keys(patch).length > 0, "changes nothing")
  .refine(inOrder, order)
  .openapi("ClosurePatch");

export const Closure = z
  .strictObject({
    ...resourceFields,
    makerspace_id: Id,
    equipment_id: Id.nullable(),
    starts_on: z.iso.date(),
    ends_on: z.iso.date(),
    open: DayWindows,
    title: z.string(),
    external_id: z.string().nullable(),
    policy_applied: z
      .boolean()
      .optional()
      .openapi({ description: "After a change: whether the machines have it already." }),
  })
  .openapi("Closure");
export const ClosurePage = pageOf(Closure).openapi("ClosurePage");

export const ClosureQuery = z.strictObject({
  ...pageQuery,
  equipment_id: Id.optional().openapi({ description: "`none`: those of the makerspace itself." }),
  starts_from: date.optional().openapi({ description: "Inclusive." }),
  starts_to: date.optional().openapi({ description: "Exclusive." }),
  sort: z.enum(["starts_on", "-starts_on"]).default("starts_on"),
});
