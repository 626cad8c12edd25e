/** Who comes of age: on the day, by the makerspace's clock, their date of birth is needed no more. Running twice changes nothing. */

import { lte, sql } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { describeError, log } from "../../../platform/log.ts";
import { tryEach } from "../../../platform/ops/due.ts";
import { rounds } from "../../../platform/ops/rounds.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { today } from "./guardianship.ts";
import { bornAfter } from "./model.ts";
import { dropMinor } from "./records.ts";
import { minors } from "./tables.ts";

/** A message works on no more: each is a batch of its own. */
const PER_MESSAGE = 100;

/** Each night, in each makerspace: who is of age depends on its zone and its settings. */
export const minorRounds = (source: SettingsSource) =>
  rounds({
    name: "come_of_age",
    schedule: "night",
    type: "minors.due",
    waiting: "everywhere",
    async work({ store, request_id, now }) {
      const space = await loadSystemSpace(store, source, { actor_id: "minors", request_id, now });
      if (!space) return {};
      const adults = bornAfter(today(space), space.settings.sections.access.age_of_majority);
      const rows = await store.db
        .select()
        .from(minors)
        .where(store.in(minors, lte(minors.birth_date, adults)))
        // In no order: those that fail are not always in front.
        .orderBy(sql`random()`)
        .limit(PER_MESSAGE);
      const done = await tryEach(
        rows,
        (row) => dropMinor(space, row, "minor.came_of_age"),
        ({ makerspace_id, member_id }, error) =>
          log.error("coming_of_age_failed", { makerspace_id, member_id, error: describeError(error) }),
      );
      return { more: rows.length === PER_MESSAGE && done > 0 };
    },
  });
