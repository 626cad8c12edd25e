/** The peer with its PostgreSQL, filled with the same makerspace. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Pool } from "pg";
import { root } from "../../scripts/lib/env.ts";
import { freePort } from "../../scripts/lib/server.ts";
import { newId } from "../../src/platform/ids.ts";
import type { Bookable } from "../load/booking.ts";
import { HORIZON_DAYS, SLOT_MINUTES } from "../load/slots.ts";
import { answersHttp, LeashedChild, type Subject } from "./child.ts";
import type { Issuer } from "./issuer.ts";
import { startPostgres } from "./postgres.ts";
import { MEMBERS } from "./world.ts";

export interface Peer extends Subject, Bookable {
  /** PostgreSQL's processes alone. */
  databasePids(): number[];
}

async function fill(url: string, issuer: Issuer, machines: number): Promise<Bookable> {
  const pool = new Pool({ connectionString: url, max: 1 });
  await pool.query(readFileSync(join(root, "bench/peer/schema.sql"), "utf8"));
  const makerspace_id = newId();
  const tokens: string[] = [];
  for (let index = 0; index < MEMBERS; index++) {
    const user_id = `bench-${index}`;
    const values = [makerspace_id, newId(), user_id];
    const text = "INSERT INTO members VALUES ($1, $2, $3, 'user', 'active')";
    await pool.query({ name: "member", text, values });
    tokens.push(await issuer.token(user_id));
  }
  const equipment_ids: string[] = [];
  for (let index = 0; index < machines; index++) {
    const id = newId();
    const text = `INSERT INTO equipment VALUES ($1, $2, 'available', $3, 480, $3, ${HORIZON_DAYS})`;
    await pool.query({ name: "machine", text, values: [makerspace_id, id, SLOT_MINUTES] });
    equipment_ids.push(id);
  }
  await pool.end();
  return { makerspace_id, tokens, equipment_ids };
}

/** Starts PostgreSQL and the peer's Node process; null where PostgreSQL is not installed. */
export async function startPeer(issuer: Issuer, folder: string, machines: number): Promise<Peer | null> {
  const postgres = await startPostgres(folder);
  if (!postgres) return null;
  try {
    const bookable = await fill(postgres.url, issuer, machines);
    const port = await freePort();
    const node = new LeashedChild(process.execPath, [join(root, "bench/peer/server.ts")], {
      PORT: String(port),
      DATABASE_URL: postgres.url,
      ISSUER: JSON.stringify(issuer.config),
    });
    await node.until("the peer", () => answersHttp(port));
    return {
      ...bookable,
      port,
      databasePids: () => postgres.pids(),
      pids: () => [...node.pids(), ...postgres.pids()],
      stop: async () => {
        await node.stop();
        await postgres.stop();
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}
