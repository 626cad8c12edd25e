import type { z } from "@hono/zod-openapi";
import type { auditChain, auditDetails, auditErasures, auditLog } from "../db/tables.ts";
import type { Space } from "../space.ts";
import { toIso } from "../time.ts";
import type { AuditEntry, AuditEntryInFull } from "./contract.ts";

type Entry = typeof auditLog.$inferSelect;

/** Row → JSON. Who may see only their own does not learn who did it. */
export function viewEntry(space: Space, row: Entry): z.output<typeof AuditEntry> {
  const isNamed = space.scope("audit.read") === "any" || row.actor_id === space.actor.id;
  return {
    id: String(row.seq),
    seq: row.seq,
    occurred_at: toIso(row.occurred_at),
    recorded_at: toIso(row.recorded_at),
    action: row.action,
    subject: { type: row.subject_type, id: row.subject_id },
    actor: { kind: row.actor_kind, id: isNamed ? row.actor_id : null },
    request_id: row.request_id,
  };
}

interface Beside {
  details: typeof auditDetails.$inferSelect | undefined;
  erasure: typeof auditErasures.$inferSelect | undefined;
  link: typeof auditChain.$inferSelect | undefined;
}

/** What lies beside an entry. */
export const viewDetails = ({
  details,
  erasure,
  link,
}: Beside): Pick<z.output<typeof AuditEntryInFull>, "details" | "erased" | "seal"> => ({
  details: details ? { before: details.before, after: details.after } : null,
  erased: erasure ? { erased_at: toIso(erasure.erased_at), ground: erasure.ground, by_seq: erasure.by_seq } : null,
  seal: link
    ? { digest: link.digest, prev_hash: link.prev_hash, hash: link.hash, sealed_at: toIso(link.sealed_at) }
    : null,
});
