/** What the projection says to D1: the newest state of rows, and events past the cursor with audit and outbox, in one batch. */

import type { Pending } from "./outbox.ts";
import type { Statement } from "./ports.ts";
import { outageColumns, reservationColumns, sessionColumns } from "./store/rows.ts";
import { seriesColumns } from "./store/series.ts";

/** D1 has seen numbers that this object has not given out: it was set back. The one refusal that is about the object, not about a row. */
const AHEAD = "projection_cursor_ahead";
export const isAhead = (error: unknown): boolean => String(error).includes(AHEAD);

/** Epoch milliseconds by D1's clock when it writes: a reader who goes on from the newest it has seen misses nothing that was under way. */
const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

/** Equal versions have equal content, so that writing one again heals a row that somebody touched. */
function upsert(table: string, columns: readonly string[]): string {
  const names = ["makerspace_id", "equipment_id", ...columns, "orphan", "projected_at"];
  const values = columns.map((column) => `value ->> '${column}'`);
  const changes = [...columns.slice(1), "orphan", "projected_at"].map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${table} (${names.join(", ")})
    SELECT ?1, ?2, ${values.join(", ")}, 0, ${NOW} FROM json_each(?3) WHERE true
    ON CONFLICT (makerspace_id, id) DO UPDATE SET ${changes.join(", ")} WHERE excluded.version >= ${table}.version`;
}

const PUT_RESERVATIONS = upsert("reservations", reservationColumns);
const PUT_SESSIONS = upsert("sessions", sessionColumns);
const PUT_SERIES = upsert("series", seriesColumns);
const PUT_OUTAGES = upsert("outages", outageColumns);
/** A row that came home speaks for itself: the claim that kept its place goes in the same batch. */
const SETTLE_CLAIMS = `DELETE FROM booking_claims WHERE (makerspace_id, member_id, equipment_id, key) IN (
  SELECT c.makerspace_id, c.member_id, c.equipment_id, c.key FROM json_each(?3)
  JOIN booking_claims c ON c.makerspace_id = ?1 AND c.member_id = value ->> 'member_id' AND c.equipment_id = ?2
    AND c.booking_id = value ->> 'id' AND c.settled_by <= value ->> 'version')`;
const CURSOR = "(SELECT seq FROM projection_cursors WHERE makerspace_id = ?1 AND equipment_id = ?2)";
const PAST_CURSOR = `value ->> '$.seq' > coalesce(${CURSOR}, 0)`;
// Numbers follow each other without a gap, so those who are there already must not be counted.
const putAudit = (
  which: string,
): string => `INSERT INTO audit_log (makerspace_id, seq, commit_id, occurred_at, recorded_at, actor_kind, actor_id, action,
    subject_type, subject_id, request_id)
  SELECT ?1, coalesce((SELECT max(seq) FROM audit_log WHERE makerspace_id = ?1), 0) + row_number() OVER (ORDER BY key),
    value ->> '$.envelope.id', value ->> '$.envelope.occurred_at', ?4, value ->> '$.actor_kind',
    value ->> '$.envelope.actor_id', value ->> '$.envelope.type', value ->> '$.envelope.subject.type',
    value ->> '$.envelope.subject.id', value ->> '$.envelope.request_id'
  FROM json_each(?3) WHERE ${which} AND NOT EXISTS (
    SELECT 1 FROM audit_log WHERE makerspace_id = ?1 AND commit_id = value ->> '$.envelope.id')`;
const putDetails = (which: string): string => `INSERT INTO audit_details (makerspace_id, seq, salt, before, after)
  SELECT ?1, entry.seq, lower(hex(randomblob(16))), value ->> '$.before', value ->> '$.envelope.data'
  FROM json_each(?3) CROSS JOIN audit_log entry
    ON entry.makerspace_id = ?1 AND entry.commit_id = value ->> '$.envelope.id'
  WHERE ${which}
  ON CONFLICT (makerspace_id, seq) DO NOTHING`;
const putOutbox = (
  which: string,
): string => `INSERT INTO outbox (makerspace_id, event_id, envelope, created_at, sent_at)
  SELECT ?1, value ->> '$.envelope.id', value ->> '$.envelope', ?4, ?4
  FROM json_each(?3) WHERE ${which}
  ON CONFLICT (makerspace_id, event_id) DO NOTHING`;
const [PUT_AUDIT, PUT_DETAILS, PUT_OUTBOX] = [putAudit(PAST_CURSOR), putDetails(PAST_CURSOR), putOutbox(PAST_CURSOR)];
/** For events that the cursor has passed over. */
const [OFFER_AUDIT, OFFER_DETAILS, OFFER_OUTBOX] = [putAudit("true"), putDetails("true"), putOutbox("true")];
const PUT_CURSOR = `INSERT INTO projection_cursors (makerspace_id, equipment_id, seq, updated_at, use_count, use_ms)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6)
  ON CONFLICT (makerspace_id, equipment_id) DO UPDATE SET updated_at = excluded.updated_at,
    seq = json_extract('{"seq":' || excluded.seq || '}', iif(projection_cursors.seq > ?7, '${AHEAD}', '$.seq')),
    use_count = excluded.use_count, use_ms = excluded.use_ms
  WHERE excluded.seq > projection_cursors.seq OR projection_cursors.seq > ?7`;

/** What a batch says about the machine as a whole; `newest_seq` is the newest number it has given out. */
interface Totals {
  use_count: number;
  use_ms: number;
  newest_seq: number;
}

/** The batch that brings `pending` to D1: at most nine statements, each row and event inside one JSON parameter. */
export function statements(
  makerspace_id: string,
  equipment_id: string,
  { reservations, sessions, series, outages, events }: Pending,
  { use_count, use_ms, newest_seq }: Totals,
  wall: number,
): Statement[] {
  const tenant = [makerspace_id, equipment_id];
  const batch: Statement[] = [];
  const put = (sql: string, rows: readonly object[]): void => {
    if (rows.length === 0) return;
    const json = JSON.stringify(rows);
    batch.push({ sql, params: [...tenant, json] }, { sql: SETTLE_CLAIMS, params: [...tenant, json] });
  };
  put(PUT_RESERVATIONS, reservations);
  put(PUT_SESSIONS, sessions);
  if (series.length > 0) batch.push({ sql: PUT_SERIES, params: [...tenant, JSON.stringify(series)] });
  if (outages.length > 0) batch.push({ sql: PUT_OUTAGES, params: [...tenant, JSON.stringify(outages)] });
  const last = events.at(-1);
  if (last) {
    const bodies = `[${events.map(({ body }) => body).join(",")}]`;
    batch.push({ sql: PUT_AUDIT, params: [...tenant, bodies, wall] });
    batch.push({ sql: PUT_DETAILS, params: [...tenant, bodies] });
    batch.push({ sql: PUT_OUTBOX, params: [...tenant, bodies, wall] });
    batch.push({ sql: PUT_CURSOR, params: [...tenant, last.seq, wall, use_count, use_ms, newest_seq] });
  }
  return batch;
}

/** Brings one event that the cursor has passed over, by its JSON. */
export function offered(makerspace_id: string, equipment_id: string, body: string, wall: number): Statement[] {
  const offer = [makerspace_id, equipment_id, `[${body}]`];
  return [
    { sql: OFFER_AUDIT, params: [...offer, wall] },
    { sql: OFFER_DETAILS, params: offer },
    { sql: OFFER_OUTBOX, params: [...offer, wall] },
  ];
}
