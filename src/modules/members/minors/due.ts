/** Who comes of age: on the day, by the makerspace's clock, their date of birth is needed no more. Running twice changes nothing. */

import { lte } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { rounds } from "../../../platform/ops/rounds.ts";
import { Problem } from "../../../platform/problem.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { today } from "./guardianship.ts";
import { bornAfter } from "./model.ts";
import { dropMinor } from "./records.ts";
import { minors } from "./tables.ts";

/** A message works on no more: each is a batch of its own. */
const PER_MESSAGE = 100;

/** Each night: makerspaces that have minors. */
export const minorRounds = (source: SettingsSource) =>
  rounds({
    name: "come_of_age",
    schedule: "night",
    type: "minors.due",
    waiting: (db, _, limit) => db.selectDistinct({ makerspace_id: minors.makerspace_id }).from(minors).limit(limit),
    async work({ store, request_id, now }) {
      const space = await loadSystemSpace(store, source, { actor_id: "minors", request_id, now });
      if (!space) return {};
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
      return { more: rows.length === PER_MESSAGE };
    },
  });
