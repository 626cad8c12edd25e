/** Labels of machines, to print. */

import type { z } from "@hono/zod-openapi";
import { asc, inArray, sql } from "drizzle-orm";
import { config } from "../../../platform/env.ts";
import { problem } from "../../../platform/problem.ts";
import { FileReply } from "../../../platform/route.ts";
import type { Space } from "../../../platform/space.ts";
import { equipment } from "../tables.ts";
import type { LabelQuery } from "./contract.ts";
import { labelSheet, labelUrl } from "./sheet.ts";

/** More than a makerspace prints at once. */
const MAX_LABELS = 500;

/**
 * A page with a label for each machine.
 * @throws not_found when one of them is not here
 */
export async function printLabels(space: Space, { ids }: z.output<typeof LabelQuery>): Promise<FileReply> {
  const wanted = ids && [...new Set(ids)];
  const named = wanted && inArray(equipment.id, sql`(SELECT value FROM json_each(${JSON.stringify(wanted)}))`);
  const rows = await space.db
    .select({ id: equipment.id, code: equipment.code, name: equipment.name, location: equipment.location })
    .from(equipment)
    .where(space.store.in(equipment, named ?? sql`(${equipment.retired_at} IS NULL) = 1`))
    .orderBy(asc(equipment.code))
    .limit(MAX_LABELS);
  if (wanted && rows.length < wanted.length) throw problem("not_found");
  const ordered = wanted ? wanted.flatMap((id) => rows.filter((row) => row.id === id)) : rows;
  const html = labelSheet(space.settings.name, ordered, (id) => labelUrl(config.APP_URL, space.id, id));
  const size = new TextEncoder().encode(html).length;
  return new FileReply(html, { filename: "labels.html", content_type: "text/html; charset=utf-8", size });
}
