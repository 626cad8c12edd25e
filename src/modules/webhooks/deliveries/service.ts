/** What was sent to a webhook, and what it answered; sending again, and trying out. */

import type { z } from "@hono/zod-openapi";
import { desc, eq, getTableColumns, lt } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { combinations, leads, mergeWalks } from "../../../platform/db/fan-out.ts";
import { type Page, readCursor, toPage } from "../../../platform/db/page.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { toIso } from "../../../platform/time.ts";
import { findWebhook } from "../endpoints/service.ts";
import { deliveryRow } from "../sending/publish.ts";
import { sendDue } from "../sending/queue.ts";
import { webhookDeliveries } from "../tables.ts";
import type { WebhookDelivery, WebhookDeliveryDetail, WebhookDeliveryQuery } from "./contract.ts";
import { type DeliveryRow, type DeliverySummary, viewDelivery, viewDeliveryDetail } from "./view.ts";

type View = z.output<typeof WebhookDelivery>;

const { body: _body, request: _request, response: _response, ...summaryColumns } = getTableColumns(webhookDeliveries);

/** Newest first. @throws not_found when there is no such webhook */
export async function listDeliveries(
  space: Space,
  webhook_id: string,
  query: z.output<typeof WebhookDeliveryQuery>,
): Promise<Page<View>> {
  const { limit, cursor, ...filter } = query;
  const list = ["webhook_deliveries", webhook_id, filter];
  const after = readCursor(cursor, list);
  await findWebhook(space, webhook_id);
  const walks = combinations({ status: filter.status }).map(({ status }) =>
    space.db
      .select(summaryColumns)
      .from(webhookDeliveries)
      .where(
        space.store.in(
          webhookDeliveries,
          leads(webhookDeliveries.webhook_id, webhook_id),
          status === undefined ? undefined : leads(webhookDeliveries.status, status),
          after ? lt(webhookDeliveries.id, after.id) : undefined,
        ),
      )
      .orderBy(desc(webhookDeliveries.id))
      .limit(limit + 1),
  );
  const newestFirst = (a: DeliverySummary, b: DeliverySummary): number => (a.id < b.id ? 1 : -1);
  const rows = await mergeWalks(space.db, walks, newestFirst, limit + 1);
  return toPage(rows, limit, list, (row) => ({ value: row.id, id: row.id }), viewDelivery);
}

async function find(space: Space, webhook_id: string, id: string): Promise<DeliveryRow> {
  const [row] = await space.db
    .select()
    .from(webhookDeliveries)
    .where(
      space.store.in(webhookDeliveries, eq(webhookDeliveries.id, id), eq(webhookDeliveries.webhook_id, webhook_id)),
    );
  if (!row) throw problem("not_found");
  return row;
}

/** One delivery with heads and bodies. @throws not_found */
export const readDelivery = async (
  space: Space,
  webhook_id: string,
  id: string,
): Promise<z.output<typeof WebhookDeliveryDetail>> => viewDeliveryDetail(await find(space, webhook_id, id));

/** Puts a delivery on its way; a webhook that is switched off gets none. @throws illegal_transition */
async function start(space: Space, row: DeliveryRow, action: string): Promise<View> {
  const { status } = await findWebhook(space, row.webhook_id);
  if (status !== "enabled") throw problem("illegal_transition", { current_status: status });
  const body = viewDelivery(row);
  await space.commit(
    {
      action,
      subject: { type: "webhook", id: row.webhook_id, version: 0 },
      after: { delivery_id: row.id, event_id: row.event_id },
      answer: { status: 202, body },
    },
    write(space.db.insert(webhookDeliveries).values(row)),
  );
  space.defer(sendDue([{ makerspace_id: space.id, delivery_id: row.id }]));
  return body;
}

/** Sends an event of no meaning, so that a receiver can be tried out. @throws not_found, illegal_transition */
export async function testWebhook(space: Space, webhook_id: string): Promise<View> {
  const event = {
    id: newId(),
    type: "webhook.test",
    v: 1,
    makerspace_id: space.id,
    subject: { type: "webhook", id: webhook_id, version: 0 },
    occurred_at: toIso(space.now),
    data: {},
  };
  const row = deliveryRow(space.store, webhook_id, event, JSON.stringify(event), space.now);
  return start(space, row, "webhook.tested");
}

/** Sends the same event once more, under the same webhook-id. @throws not_found, illegal_transition */
export async function redeliver(space: Space, webhook_id: string, id: string): Promise<View> {
  const before = await find(space, webhook_id, id);
  const event = { id: before.event_id, type: before.type };
  const row = deliveryRow(space.store, webhook_id, event, before.body, space.now);
  return start(space, { ...row, redelivery_of: before.id }, "webhook.redelivered");
}
