import { z } from "@hono/zod-openapi";

export const DataExportInput = z.strictObject({}).openapi("DataExportInput");
