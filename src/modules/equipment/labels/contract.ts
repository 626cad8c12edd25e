import { z } from "@hono/zod-openapi";
import { anyOf, Id } from "../../../platform/contract.ts";

export const LabelQuery = z.strictObject({
  ids: anyOf(Id, 100).openapi({
    description: "Which machines, in this order; all that are in use, by their code, unless told.",
  }),
});
