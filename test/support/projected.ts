/** What a machine's projection has left in D1, and faults to put before it. */

import { env } from "cloudflare:workers";
import type { Ports } from "../../durable-objects/equipment/ports.ts";
import type { EventEnvelope } from "../../src/platform/events.ts";
import type { TestMachine } from "./object.ts";

export const lost = (): Error => new Error("D1_ERROR: Network connection lost.");

interface Audit {
  seq: number;
  commit_id: string;
  action: string;
  actor_id: string;
  subject_id: string;
  before: string | null;
  after: string;
}

export const audit = async ({ makerspace_id }: TestMachine): Promise<Audit[]> => {
  const read = env.DB_000.prepare(
    "SELECT * FROM audit_log LEFT JOIN audit_details USING (makerspace_id, seq) WHERE makerspace_id = ? ORDER BY seq",
  ).bind(makerspace_id);
  return (await read.all<Audit>()).results;
};
export const outbox = async ({ makerspace_id }: TestMachine): Promise<EventEnvelope[]> => {
  const read = env.DB_000.prepare("SELECT envelope FROM outbox WHERE makerspace_id = ?").bind(makerspace_id);
  return (await read.all<{ envelope: string }>()).results.map((row) => JSON.parse(row.envelope) as EventEnvelope);
};

/** Keeps the queue out of it, so that no consumer empties the outbox meanwhile. */
export const noQueue: Partial<Ports> = { send: async () => undefined };

/** True when D1 has everything the object knows, and its storage says so (which the alarm sees to). */
export async function isDrained(machine: TestMachine): Promise<boolean> {
  await machine.alarm();
  return machine.inside((_, state) => {
    const [row] = state.storage.sql
      .exec(
        `SELECT (SELECT count(*) FROM resend)
           + (SELECT count(*) FROM events, state WHERE projected = 1 AND events.seq > projected_seq) AS left_over`,
      )
      .toArray();
    return row?.left_over === 0;
  });
}

/** What a row in D1 shares with the object's record, whatever columns were read. */
export const pick = ({ status, version }: { status: string; version: number }) => ({ status, version });
