/** Who is removed takes their tokens with them: none works again should they come back. */

import { eq, isNull, sql } from "drizzle-orm";
import { forgetApiTokens } from "../../platform/access/api-tokens.ts";
import type { Consumers } from "../../platform/queue.ts";
import { apiTokens } from "./tables.ts";

export const accessConsumers: Consumers<"member.removed"> = {
  "member.removed": [
    {
      name: "revoke_tokens_of_removed_member",
      async handle({ subject }, { store, now }) {
        const theirs = store.in(apiTokens, eq(apiTokens.member_id, subject.id), isNull(apiTokens.revoked_at));
        // Those that a merge has revoked are still in the index, too.
        const rows = await store.db
          .select({ id: apiTokens.id })
          .from(apiTokens)
          .where(store.in(apiTokens, eq(apiTokens.member_id, subject.id)));
        await forgetApiTokens(rows.map((row) => row.id));
        const revoked = { revoked_at: now, updated_at: now, version: sql`${apiTokens.version} + 1` };
        return [store.db.update(apiTokens).set(revoked).where(theirs)];
      },
    },
  ],
};
