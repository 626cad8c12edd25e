/** The tokens of somebody who is erased: none opens anything any more. */

import { inArray } from "drizzle-orm";
import { forgetApiTokens } from "../../platform/access/api-tokens.ts";
import type { PersonalWork } from "../../platform/personal-data.ts";
import { apiTokens } from "./tables.ts";

export const forgetTokens: PersonalWork = {
  name: "api_tokens",
  async run(store, { member_ids }) {
    const rows = await store.db
      .select({ id: apiTokens.id })
      .from(apiTokens)
      .where(store.in(apiTokens, inArray(apiTokens.member_id, [...member_ids])));
    await forgetApiTokens(rows.map(({ id }) => id));
    return null;
  },
};
