/** API tokens of a member who becomes one with another. */

import { and, eq, isNull, sql } from "drizzle-orm";
import { write } from "../../platform/db/commit.ts";
import type { MemberMove } from "../members/index.ts";
import { apiTokens } from "./tables.ts";

/** Tokens act as whoever made them: two records together may more than either, and nobody has said that their programs may, too. */
export const revokeTokensOfMerged: MemberMove = {
  tables: { api_tokens: "revoked: the person makes new ones" },
  writes: (store, { from, now }) => [
    write(
      store.db
        .update(apiTokens)
        .set({ revoked_at: now, updated_at: now, version: sql`${apiTokens.version} + 1` })
        .where(store.in(apiTokens, and(eq(apiTokens.member_id, from), isNull(apiTokens.revoked_at)))),
    ),
  ],
};
