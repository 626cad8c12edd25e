import { z } from "@hono/zod-openapi";

/** Columns of an import, which an export writes, too. */
export const importColumns = [
  "email",
  "first_name",
  "last_name",
  "role",
  "phone",
  "bio",
  "public_skills",
  "tags",
  "notes",
  "locale",
  "timezone",
  "joined_at",
  "external_id",
  "duties",
] as const;

/** An export says these besides. */
export const exportColumns = ["id", "status", ...importColumns, "last_seen_at", "left_at", "created_at"] as const;

/** More rows than this are several files. */
export const IMPORT_MAX = 5_000;

export const MemberImportInput = z
  .strictObject({
    csv: z.string().min(1).max(2_000_000).openapi({
      description:
        "First line: names of columns, `email`, `first_name` and any of `last_name`, `role` (user unless told), `phone`, `bio`, `public_skills`, `tags`, `duties` (several by semicolons), `notes`, `locale`, `timezone`, `joined_at` (ISO 8601), `external_id`. Up to 5,000 rows.",
      example: "email,first_name,last_name\nada@example.org,Ada,Byron\n",
    }),
    dry_run: z.boolean().default(false).openapi({ description: "Judge every row, add nobody." }),
  })
  .openapi("MemberImportInput");

export const MemberExportInput = z.strictObject({}).openapi("MemberExportInput");
