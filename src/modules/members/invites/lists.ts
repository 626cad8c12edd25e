/** Lists of invites: one bounded index walk per status. */

import type { z } from "@hono/zod-openapi";
import { desc, lt } from "drizzle-orm";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import type { Space } from "../../../platform/space.ts";
import type { Invite, InviteQuery } from "./contract.ts";
import { inviteStatuses } from "./model.ts";
import { invites } from "./tables.ts";
import { type InviteRow, viewInvite } from "./view.ts";

/** Newest first. */
export async function listInvites(
  space: Space,
  query: z.output<typeof InviteQuery>,
): Promise<Page<z.output<typeof Invite>>> {
  const { limit, cursor, ...filter } = query;
  const list = ["invites", filter];
  const after = readCursor(cursor, list);
  const { email } = filter;
  // Without a status, an address' index is walked once for each, so that rows stay in order.
  const status = filter.status ?? (email === undefined ? undefined : inviteStatuses);
  const walks = combinations({ status }).map((one) =>
    space.db
      .select()
      .from(invites)
      .where(
        space.store.in(
          invites,
          email === undefined ? undefined : leads(invites.email, email),
          one.status === undefined ? undefined : leads(invites.status, one.status),
          after ? lt(invites.id, after.id) : undefined,
        ),
      )
      // Ids sort by time of birth.
      .orderBy(desc(invites.id))
      .limit(limit + 1),
  );
  const newestFirst = (a: InviteRow, b: InviteRow): number => (a.id < b.id ? 1 : -1);
  const rows = await mergeWalks(space.db, walks, newestFirst, limit + 1);
  return toPage(rows, limit, list, (row) => ({ value: row.id, id: row.id }), viewInvite);
}
