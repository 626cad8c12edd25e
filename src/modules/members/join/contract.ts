import { z } from "@hono/zod-openapi";
import { line } from "../../../platform/contract.ts";

export const JoinInput = z
  .strictObject({
    first_name: line(120).optional(),
    last_name: z.string().trim().max(120).optional(),
  })
  .openapi("JoinInput", { description: "Names that are left out are taken from the sign-in." });
