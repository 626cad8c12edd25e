/** The world outside a machine: D1, the queue and the board. Tests put faults in front of it. */

import type { EquipmentPort, FloorPort } from "../../src/modules/equipment/port.ts";
import type { EventEnvelope } from "../../src/platform/events.ts";
import { objectOf } from "../../src/platform/objects.ts";
import type { ObjectEnv } from "../env.ts";

export interface Statement {
  sql: string;
  params: (string | number | null)[];
}

export interface Ports {
  /** Runs the statements as one transaction of the makerspace's database. */
  project(statements: readonly Statement[]): Promise<void>;
  read<T>(statement: Statement): Promise<T[]>;
  /** Hands events to the queue, best effort: the outbox in D1 sends again what got lost. */
  send(envelopes: readonly EventEnvelope[]): Promise<void>;
  /** Another machine of the makerspace. */
  machine(equipment_id: string): Pick<EquipmentPort, "bundleOutcome" | "confirmPart">;
  readonly floor: Pick<FloorPort, "publish" | "watched">;
}

/** The real world. */
export function portsOf(env: ObjectEnv, makerspace_id: string): Ports {
  // The projection is one of two places that name a shard; src/platform/db/driver.ts is the other.
  const database = (): D1Database => env.DB_000;
  const prepare = ({ sql, params }: Statement): D1PreparedStatement =>
    database()
      .prepare(sql)
      .bind(...params);
  const floor = (): FloorPort => objectOf(env.FLOOR, makerspace_id, "floor");
  return {
    async project(statements) {
      await database().batch(statements.map(prepare));
    },
    async read<T>(statement: Statement) {
      return (await prepare(statement).all<T>()).results;
    },
    async send(envelopes) {
      await env.EVENTS.sendBatch(envelopes.map((body) => ({ body })));
    },
    machine: (equipment_id) => objectOf<EquipmentPort>(env.EQUIPMENT, makerspace_id, equipment_id),
    floor: {
      publish: (update) => floor().publish(update),
      watched: (equipment_id, watched) => floor().watched(equipment_id, watched),
    },
  };
}
