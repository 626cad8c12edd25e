/** Lists of skills: one bounded index walk per combination of filters. */

import type { z } from "@hono/zod-openapi";
import { asc, desc, type SQL, sql } from "drizzle-orm";
import {
  afterText,
  byNumberAndId,
  byTextAndId,
  combinations,
  leads,
  mergeWalks,
  within,
} from "../../../platform/db/fan-out.ts";
import { type Cursor, type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { nameKey } from "../../../platform/names.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { skills } from "../tables.ts";
import type { Skill, SkillQuery } from "./contract.ts";
import { type SelectedSkill, skillColumns, toSkillRow } from "./reads.ts";
import { viewSkill } from "./view.ts";

type Query = z.output<typeof SkillQuery>;

/** Names that begin with a text: from it up to whatever follows all of them. */
const beginning = (q: string): SQL => {
  const from = nameKey(q);
  return sql`${skills.name_key} >= ${from} AND ${skills.name_key} < ${`${from}\u{10ffff}`}`;
};

/** Skills, filtered and sorted. @throws invalid_parameter for filters that do not go together */
export async function listSkills(space: Space, query: Query): Promise<Page<z.output<typeof Skill>>> {
  const { limit, cursor, ...filter } = query;
  const list = ["skills", filter];
  const after = readCursor(cursor, list);
  const {
    q,
    external_id,
    category,
    sort,
    status = external_id === undefined ? ["active" as const] : undefined,
  } = filter;
  const direction = sort.startsWith("-") ? "desc" : "asc";
  const byName = sort.endsWith("name");
  if (external_id !== undefined && (q ?? category ?? filter.status) !== undefined) {
    throw problem("invalid_parameter", { detail: "external_id goes with no other filter." });
  }
  if (q !== undefined && !byName) throw problem("invalid_parameter", { detail: "q goes with sort by name." });
  const order = direction === "asc" ? asc : desc;
  const column = byName ? skills.name_key : skills.created_at;
  const position = byName
    ? afterText(skills.name_key, skills.id, after, direction)
    : within(skills.created_at, skills.id, { after, direction });
  const walks = combinations({ category, status }).map((one) =>
    space.db
      .select(skillColumns)
      .from(skills)
      .where(
        space.store.in(
          skills,
          external_id === undefined ? undefined : leads(skills.external_id, external_id),
          one.category === undefined ? undefined : leads(skills.category, one.category),
          one.status === undefined ? undefined : leads(skills.status, one.status),
          q === undefined ? undefined : beginning(q),
          position,
        ),
      )
      .orderBy(order(column), order(skills.id))
      .limit(limit + 1),
  );
  const compare = byName
    ? byTextAndId<SelectedSkill>((row) => row.name_key, direction)
    : byNumberAndId<SelectedSkill>((row) => row.created_at, direction);
  const rows = await space.time("db", mergeWalks(space.db, walks, compare, limit + 1));
  const key = (row: SelectedSkill): Cursor => ({ value: byName ? row.name_key : row.created_at, id: row.id });
  return toPage(rows, limit, list, key, (row) => viewSkill(toSkillRow(row)));
}
