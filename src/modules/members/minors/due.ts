/** Who comes of age: on the day, by the makerspace's clock, their date of birth is needed no more. Running twice changes nothing. */

import { lte, sql } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import type { CronTask } from "../../../platform/cron.ts";
import { everyShard } from "../../../platform/db/driver.ts";
import type { EventEnvelope } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import { Problem } from "../../../platform/problem.ts";
import { type Consumers, sendEvents } from "../../../platform/queue.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { today } from "./guardianship.ts";
import { bornAfter } from "./model.ts";
import { dropMinor } from "./records.ts";
import { minors } from "./tables.ts";

/** A message works on no more: each is a batch of its own. The next night goes on. */
const PER_MESSAGE = 100;

const dueMessage = (makerspace_id: string, now: number): EventEnvelope => ({
  id: newId(),
  type: "minors.due",
  v: 1,
  makerspace_id,
  subject: { type: "makerspace", id: makerspace_id, version: 0 },
  actor_id: "cron",
  request_id: newId(),
  occurred_at: now,
  data: {},
});

/** Each night: one message per makerspace that has minors. */
export const comeOfAgeNightly: CronTask = {
  name: "come_of_age",
  schedule: "night",
  async run(now) {
    let sent = 0;
    for (const db of everyShard()) {
      const rows = await db.all<{ makerspace_id: string }>(sql`SELECT DISTINCT makerspace_id FROM minors`);
      await sendEvents(rows.map((row) => dueMessage(row.makerspace_id, now)));
      sent += rows.length;
    }
    return sent;
  },
};

/** The consumer of the night's message. */
export const minorConsumers = (source: SettingsSource): Consumers<"minors.due"> => ({
  "minors.due": [
    {
      name: "come_of_age",
      async handle({ request_id }, { store, now }) {
        const space = await loadSystemSpace(store, source, { actor_id: "minors", request_id, now });
        if (!space) return [];
        const adults = bornAfter(today(space), space.settings.sections.access.age_of_majority);
        const rows = await store.db
          .select()
          .from(minors)
          .where(store.in(minors, lte(minors.birth_date, adults)))
          .limit(PER_MESSAGE);
        for (const row of rows) {
          await dropMinor(space, row, "minor.came_of_age").catch((error: unknown) => {
            // Somebody else was faster.
            if (!(error instanceof Problem) || error.code !== "conflict") throw error;
          });
        }
        return [];
      },
    },
  ],
});
