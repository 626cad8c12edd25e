/** Composition root: what the platform calls, and the classes of the objects. */

import { createApp } from "./app.ts";
import { consumers, cronTasks } from "./background.ts";
import { deliverBatch } from "./modules/webhooks/index.ts";
import { runCron } from "./platform/cron.ts";
import { newId } from "./platform/ids.ts";
import { consumeBatch, storeDeadLetters } from "./platform/queue.ts";

export { AttemptsObject } from "../durable-objects/attempts/object.ts";
export { EquipmentObject } from "../durable-objects/equipment/object.ts";
export { FloorObject } from "../durable-objects/floor/object.ts";

const app = createApp();

export default {
  fetch: (request, env, context) => app.fetch(request, env, context),
  async queue(batch) {
    if (batch.queue.endsWith("-dead")) await storeDeadLetters(batch, Date.now());
    else if (batch.queue.endsWith("-webhooks")) await deliverBatch(batch);
    else await consumeBatch(consumers, batch, Date.now());
  },
  async scheduled(controller) {
    await runCron(cronTasks, controller.cron, Date.now(), newId());
  },
} satisfies ExportedHandler<Env>;
