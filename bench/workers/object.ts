/**
 * The equipment object alone, for bare workerd, beside the limit: an empty call and the insert of one row.
 * D1, the queue and the board are not there; a stand-in accepts everything, at once or after `D1_DELAY_MS`.
 */

import { DurableObject } from "cloudflare:workers";
import type { ObjectEnv } from "../../durable-objects/env.ts";
import { EquipmentObject } from "../../durable-objects/equipment/object.ts";
import type { Ports } from "../../durable-objects/equipment/ports.ts";
import type { CommandCall } from "../../src/modules/equipment/port.ts";
import { DAY } from "../../src/platform/time.ts";
import type { StorageCounts } from "../load/counts.ts";
import { parts, reserveCall } from "./calls.ts";
import { countStorage } from "./count-storage.ts";
import { Stopwatch } from "./stopwatch.ts";

interface BenchEnv extends ObjectEnv {
  MACHINES: DurableObjectNamespace<BenchMachine>;
  SLOW_MACHINES: DurableObjectNamespace<SlowMachine>;
  LIMITS: DurableObjectNamespace<Limit>;
}

const APART_MS = 6;
/** A round trip to a database in the same region. */
const D1_DELAY_MS = 5;

const accepting = (delay_ms: number): Ports => {
  const accept = async (): Promise<void> => {
    if (delay_ms > 0) await scheduler.wait(delay_ms);
  };
  return {
    project: accept,
    read: async () => [],
    send: accept,
    machine: () => {
      throw new Error("there is no other machine");
    },
    floor: { publish: accept, watched: accept },
  };
};

/** The rows of a table; none before the table is there. */
function rowsOf(sql: SqlStorage, table: string): number {
  const isThere = sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", table).toArray().length > 0;
  return isThere ? Number(sql.exec(`SELECT count(*) AS rows FROM ${table}`).one().rows) : 0;
}

/** Machines whose storage is counted from their next birth on; counting costs time, so it is off while time is taken. */
const counted = new Set<string>();

/** A machine whose projection is accepted at once. */
export class BenchMachine extends EquipmentObject {
  readonly #counts: StorageCounts | null;
  readonly #today = Date.now();
  /** Bookings so far: the number of the next slot. */
  #booked: number;

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    const counts = counted.has(ctx.id.name ?? "") ? countStorage(ctx) : null;
    super(ctx, env);
    this.#counts = counts;
    this.#booked = rowsOf(ctx.storage.sql, "reservations");
    this.ports = accepting(0);
  }

  /** Books the next slot. */
  async book(): Promise<boolean> {
    return (await this.execute(this.#nextCall())).ok;
  }

  /** Books `count` slots in one go, as commands that arrive together; answers how many there are now. */
  async fill(count: number): Promise<number> {
    const answers = await Promise.all(Array.from({ length: count }, () => this.book()));
    if (!answers.every(Boolean)) throw new Error("a booking was refused");
    return this.#booked;
  }

  /**
   * Books `count` slots one after the other and answers how long each kept the object busy, in milliseconds: from the
   * command to the point where the object would take the next one, deciding and writing included.
   */
  async timeDecisions(count: number): Promise<number[]> {
    const watch = new Stopwatch();
    const times: number[] = [];
    for (let done = 0; done < count; done++) {
      // Commands in a rush may be gathered first; one on its own is decided at once, and that is what is timed.
      await scheduler.wait(APART_MS);
      const call = this.#nextCall();
      watch.start();
      const answer = this.execute(call);
      times.push(watch.stop());
      if (!(await answer).ok) throw new Error("a booking was refused");
    }
    return times;
  }

  /** Is born anew with a counter in front of its storage. */
  startCounting(): void {
    counted.add(this.ctx.id.name ?? "");
    this.ctx.abort("counting");
  }

  /** What one booking and each read asks of the storage, on average. */
  async countStorage(): Promise<Record<string, StorageCounts>> {
    const now = Date.now();
    const week = { from: now + 30 * DAY, to: now + 37 * DAY };
    const page = { starts_from: week.from, starts_to: week.to, statuses: null, after: null, limit: 51 };
    return {
      "book a slot": await this.#cost(200, () => this.book()),
      "refuse a taken slot": await this.#cost(20, () => this.execute(reserveCall(0, this.#today, now))),
      "a page of the schedule (51)": await this.#cost(5, () => this.reservations(page)),
      "the rare cancelled ones of two years": await this.#cost(5, () =>
        this.reservations({ ...page, starts_from: now, starts_to: now + 730 * DAY, statuses: ["cancelled"] }),
      ),
      "availability of a day": await this.#cost(5, () => this.availability(week.from, week.from + DAY)),
    };
  }

  async #cost(times: number, work: () => Promise<unknown>): Promise<StorageCounts> {
    const counts = this.#counts;
    if (!counts) throw new Error("nobody counts");
    const before = { ...counts };
    for (let done = 0; done < times; done++) await work();
    return {
      statements: (counts.statements - before.statements) / times,
      rows_read: (counts.rows_read - before.rows_read) / times,
      rows_written: (counts.rows_written - before.rows_written) / times,
    };
  }

  #nextCall(): CommandCall {
    return reserveCall(this.#booked++, this.#today, Date.now());
  }
}

/** A machine whose projection takes as long as a real one. */
export class SlowMachine extends BenchMachine {
  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    this.ports = accepting(D1_DELAY_MS);
  }
}

/** What no object can do faster. */
export class Limit extends DurableObject<ObjectEnv> {
  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT");
  }

  /** A call that does nothing. */
  async empty(): Promise<boolean> {
    return true;
  }

  /** One row, one commit. */
  async insert(): Promise<boolean> {
    this.ctx.storage.sql.exec("INSERT INTO rows (body) VALUES (?)", "Panels for the sign".padEnd(200, "."));
    return true;
  }
}

const machineOf = (env: BenchEnv, projection: string, name: string) =>
  projection === "slow" ? env.SLOW_MACHINES.getByName(name) : env.MACHINES.getByName(name);

/** `/<verb>/<projection>/<name>?count=`; the name is that of an object: `<makerspace_id>:<equipment_id>`. */
async function answer(request: Request, env: BenchEnv): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url);
  const [, verb, projection = "", name = ""] = pathname.split("/");
  const count = Number(searchParams.get("count"));
  switch (verb) {
    case "empty":
      return env.LIMITS.getByName(name).empty();
    case "insert":
      return env.LIMITS.getByName(name).insert();
    case "configure":
      return machineOf(env, projection, name).configure(parts);
    case "book":
      return machineOf(env, projection, name).book();
    case "fill":
      return machineOf(env, projection, name).fill(count);
    case "time":
      return machineOf(env, projection, name).timeDecisions(count);
    case "count":
      // The call that begins the counting ends its object, and with it itself.
      await machineOf(env, projection, name)
        .startCounting()
        .catch(() => undefined);
      return machineOf(env, projection, name).countStorage();
    case "grant":
      return machineOf(env, projection, name).grantTicket({
        digest: searchParams.get("digest") ?? "",
        expires_at: Date.now() + 30_000,
        audience: "member",
        principal: { kind: "member", id: "watcher" },
      });
    default:
      return null;
  }
}

export default {
  async fetch(request: Request, env: BenchEnv): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/live/")) {
      const [, , projection = "", name = "", digest = ""] = pathname.split("/");
      return machineOf(env, projection, name).fetch(
        new Request(request, { headers: { upgrade: "websocket", "x-ticket-digest": digest } }),
      );
    }
    const result = await answer(request, env);
    return Response.json(result, { status: result === false ? 409 : 200 });
  },
};
