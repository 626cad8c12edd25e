/** What runs without a request: event consumers and cron tasks of all modules. */

import {
  policyConsumers,
  pushPoliciesEachMinute,
  reconcileConsumers,
  reconcileJob,
  reconcileNightly,
  suspensionConsumers,
} from "./modules/equipment/index.ts";
import { memberConsumers } from "./modules/members/index.ts";
import { notificationConsumers } from "./modules/notifications/index.ts";
import { settingsSource } from "./modules/settings/index.ts";
import type { CronTask } from "./platform/cron.ts";
import { jobConsumers } from "./platform/ops/jobs.ts";
import { tidy } from "./platform/ops/tidy.ts";
import { type Consumers, type EventHandler, resendOutbox } from "./platform/queue.ts";

/** Several modules may handle one type of event, each once. */
function merge(...parts: Consumers[]): Consumers {
  const merged = new Map<string, EventHandler[]>();
  for (const part of parts) {
    for (const [type, handlers] of Object.entries(part)) merged.set(type, [...(merged.get(type) ?? []), ...handlers]);
  }
  return Object.fromEntries(merged);
}

export const consumers: Consumers = merge(
  memberConsumers,
  suspensionConsumers,
  notificationConsumers,
  reconcileConsumers,
  policyConsumers(settingsSource),
  jobConsumers({ reconcile: reconcileJob }),
);

export const cronTasks: readonly CronTask[] = [
  { name: "resend_outbox", schedule: "minute", run: resendOutbox },
  pushPoliciesEachMinute,
  reconcileNightly,
  tidy,
];
