/** What became of mail, for staff. */

import type { z } from "@hono/zod-openapi";
import { desc, eq, inArray, lt } from "drizzle-orm";
import { write } from "../db/commit.ts";
import { combinations, leads, mergeWalks } from "../db/fan-out.ts";
import { type Page, readCursor, toPage } from "../db/page.ts";
import { mailDeliveries } from "../db/tables.ts";
import { problem } from "../problem.ts";
import type { Space } from "../space.ts";
import { toIso, toIsoOrNull } from "../time.ts";
import type { MailDelivery, MailDeliveryQuery } from "./contract.ts";
import type { DeliveryRow } from "./deliveries.ts";

type View = z.output<typeof MailDelivery>;

const view = (row: DeliveryRow): View => {
  const [type = "", id = ""] = row.recipient.split(":");
  return {
    id: row.id,
    template: row.template,
    recipient: { type, id },
    subject: { type: row.subject_type, id: row.subject_id },
    status: row.status,
    attempts: row.attempts,
    next_attempt_at: row.status === "queued" ? toIso(row.next_attempt_at) : null,
    reason: row.reason,
    sent_at: toIsoOrNull(row.sent_at),
    created_at: toIso(row.created_at),
    updated_at: toIso(row.updated_at),
    version: row.version,
  };
};

/** Newest first. */
export async function listDeliveries(space: Space, query: z.output<typeof MailDeliveryQuery>): Promise<Page<View>> {
  const { limit, cursor, ...filter } = query;
  const list = ["mail_deliveries", filter];
  const after = readCursor(cursor, list);
  const walks = combinations({ status: filter.status }).map(({ status }) =>
    space.db
      .select()
      .from(mailDeliveries)
      .where(
        space.store.in(
          mailDeliveries,
          status === undefined ? undefined : leads(mailDeliveries.status, status),
          after ? lt(mailDeliveries.id, after.id) : undefined,
        ),
      )
      // Ids sort by time of birth.
      .orderBy(desc(mailDeliveries.id))
      .limit(limit + 1),
  );
  const newestFirst = (a: DeliveryRow, b: DeliveryRow): number => (a.id < b.id ? 1 : -1);
  const rows = await mergeWalks(space.db, walks, newestFirst, limit + 1);
  return toPage(rows, limit, list, (row) => ({ value: row.id, id: row.id }), view);
}

async function find(space: Space, id: string): Promise<DeliveryRow> {
  const [row] = await space.db
    .select()
    .from(mailDeliveries)
    .where(space.store.in(mailDeliveries, eq(mailDeliveries.id, id)));
  if (!row) throw problem("not_found");
  return row;
}

/** One delivery. @throws not_found */
export const readDelivery = async (space: Space, id: string): Promise<View> => view(await find(space, id));

/** Tries a delivery that has failed from the beginning, or one that waits at once. @throws illegal_transition */
export async function retryDelivery(space: Space, id: string): Promise<View> {
  const before = await find(space, id);
  const again = {
    status: "queued",
    attempts: 0,
    next_attempt_at: space.now,
    updated_at: space.now,
    version: before.version + 1,
  } as const;
  const body = view({ ...before, ...again });
  const { template } = before;
  await space.commit(
    {
      action: "mail_delivery.retried",
      subject: { type: "mail_delivery", id, version: again.version },
      before: { status: before.status },
      after: { status: again.status },
      events: [{ type: "mail.queued", data: { template } }],
      answer: { status: 200, body },
    },
    write(
      space.db
        .update(mailDeliveries)
        .set(again)
        .where(
          space.store.in(
            mailDeliveries,
            eq(mailDeliveries.id, id),
            eq(mailDeliveries.version, before.version),
            inArray(mailDeliveries.status, ["failed", "queued"]),
          ),
        ),
      { expect: "illegal_transition" },
    ),
  );
  return body;
}
