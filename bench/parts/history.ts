/** Fills a makerspace in D1 with a past: reservations, sessions, audit rows and notifications, written by SQL alone. */
import type { App } from "../servers/app.ts";

/** Values that most rows have, and values that only five rows have, whatever the table's size. */
export interface Spread {
  members: readonly string[];
  machines: readonly string[];
  rare_member: string;
  rare_machine: string;
  rare_status: "no_show";
}

/** Bookings per script: a second or so of work. */
const CHUNK = 10_000;
const RARE = 5;

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;
const oneOf = (values: readonly string[]): string =>
  `CASE n % ${values.length} ${values.map((value, index) => `WHEN ${index} THEN ${text(value)}`).join(" ")} END`;
const idOf = (kind: string): string => `'${kind}-' || substr('000000000' || n, -9)`;

/** The statements that add the bookings numbered `from` to `to` (exclusive). */
function chunk(makerspace_id: string, spread: Spread, from: number, to: number, now: number): string {
  const { members, machines, rare_member, rare_machine, rare_status } = spread;
  const space = text(makerspace_id);
  const numbers = `WITH RECURSIVE counter(n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM counter WHERE n + 1 < ${to})`;
  // The first few are the rare ones; an hour each, going back from yesterday, all over the machines.
  const isRare = `n < ${RARE}`;
  const member = `CASE WHEN ${isRare} THEN ${text(rare_member)} ELSE ${oneOf(members)} END`;
  const machine = `CASE WHEN ${isRare} THEN ${text(rare_machine)} ELSE ${oneOf(machines)} END`;
  const status = `CASE WHEN ${isRare} THEN '${rare_status}' WHEN n % 10 = 0 THEN 'cancelled' ELSE 'completed' END`;
  const start = `${now - 172_800_000} - n * 600000`;
  return `
    ${numbers} INSERT INTO reservations (makerspace_id, id, equipment_id, member_id, status, starts_at, ends_at,
      created_by, version, created_at, updated_at, projected_at)
    SELECT ${space}, ${idOf("reservation")}, ${machine}, ${member}, ${status}, ${start}, ${start} + 3600000,
      ${member}, 3, ${start} - 86400000, ${start} + 3600000, ${start} + 3600000 FROM counter;
    ${numbers} INSERT INTO sessions (makerspace_id, id, equipment_id, member_id, reservation_id, status, started_at,
      planned_end_at, ended_at, version, created_at, updated_at, projected_at)
    SELECT ${space}, ${idOf("session")}, ${machine}, ${member}, ${idOf("reservation")}, 'completed', ${start},
      ${start} + 3600000, ${start} + 3000000, 2, ${start}, ${start} + 3000000, ${start} + 3000000 FROM counter;
    ${numbers} INSERT INTO audit_log (makerspace_id, seq, commit_id, occurred_at, recorded_at, actor_kind, actor_id,
      action, subject_type, subject_id, request_id)
    SELECT ${space}, (SELECT coalesce(max(seq), 0) FROM audit_log WHERE makerspace_id = ${space}) + n - ${from} + 1,
      ${idOf("commit")}, ${start}, ${start}, 'member', ${member}, 'reservation.created', 'reservation',
      ${idOf("reservation")}, ${idOf("request")} FROM counter;
    ${numbers} INSERT INTO notifications (makerspace_id, id, member_id, event_id, type, subject_type, subject_id, data,
      created_at, updated_at)
    SELECT ${space}, ${idOf("notification")}, ${member}, ${idOf("event")}, 'reservation.created', 'reservation',
      ${idOf("reservation")}, '{}', ${start}, ${start} FROM counter;
    ${numbers} INSERT INTO processed_events (makerspace_id, event_id, handler, processed_at)
    SELECT ${space}, ${idOf("event")}, 'notify', ${start} FROM counter;`;
}

/** Adds the bookings numbered `from` to `to` (exclusive); the first five have the rare values. */
export async function addHistory(
  app: App,
  makerspace_id: string,
  spread: Spread,
  from: number,
  to: number,
): Promise<void> {
  const now = Date.now();
  for (let at = from; at < to; at += CHUNK) {
    await app.space.script(chunk(makerspace_id, spread, at, Math.min(at + CHUNK, to), now));
  }
}
