/** One machine. It decides in one synchronous transaction, then tells the sockets, the board, D1 and the queue; the alarm tells them again. */

import { DurableObject } from "cloudflare:workers";
import { closeCodes } from "../../src/modules/equipment/live.ts";
import type {
  Availability,
  CommandCall,
  CommandResult,
  EquipmentPort,
  PolicyParts,
  ReconcileReport,
  ReservationRecord,
  ScheduleQuery,
  SessionRecord,
  TicketGrant,
} from "../../src/modules/equipment/port.ts";
import { describeError, log } from "../../src/platform/log.ts";
import { Alarm } from "../alarm.ts";
import { type ObjectEnv, objectName } from "../env.ts";
import { Door } from "../live/door.ts";
import { sayGoodbye } from "../live/messages.ts";
import type { Viewer } from "../live/tickets.ts";
import { migrate } from "../sql.ts";
import { within } from "../within.ts";
import { Board } from "./board.ts";
import { execute } from "./execute.ts";
import { Keys } from "./keys.ts";
import { Live } from "./live.ts";
import { Machine } from "./machine.ts";
import { dropTriggers, type Mutant, mutantOf } from "./mutants.ts";
import { Outbox } from "./outbox.ts";
import { type Ports, portsOf } from "./ports.ts";
import { Projection } from "./projection.ts";
import { availability } from "./reads.ts";
import { reconcile } from "./reconcile.ts";
import { Runner } from "./runner.ts";
import { migrations } from "./schema.ts";
import { Store } from "./store.ts";
import { CLOCK, type Turn, type World } from "./turn.ts";

/** An answer waits this long for D1, so that who books sees it in the lists; it never depends on it. */
const FLUSH_WAIT_MS = 250;

/** A new socket waits this long for the board. */
const REPORT_WAIT_MS = 1_000;
/** After an alarm that failed for a reason nobody foresaw. */
const ALARM_RETRY_MS = 30_000;

export class EquipmentObject extends DurableObject<ObjectEnv> implements EquipmentPort {
  /** The world outside. An own property, so out of reach of RPC; tests put faults in front of it. */
  ports: Ports;
  readonly #world: World;
  readonly #door: Door;
  readonly #live: Live;
  readonly #board: Board;
  readonly #projection: Projection;
  readonly #alarm: Alarm;
  readonly #runner: Runner;
  readonly #mutant: Mutant | null;

  constructor(ctx: DurableObjectState, env: ObjectEnv) {
    super(ctx, env);
    const { makerspace_id, id: equipment_id } = objectName(ctx.id.name);
    migrate(ctx.storage, migrations);
    this.#mutant = mutantOf(env);
    if (this.#mutant) dropTriggers(ctx.storage.sql);
    const store = new Store(ctx.storage, equipment_id);
    const machine = new Machine(makerspace_id, equipment_id, store.parts());
    const outbox = new Outbox(store);
    const ports = (): Ports => this.ports;
    this.ports = portsOf(env, makerspace_id);
    this.#world = { store, machine, outbox, keys: new Keys(ctx.storage.sql, store.timers) };
    this.#door = new Door(ctx);
    this.#live = new Live(this.#world, this.#door);
    this.#board = new Board(this.#world, this.#live, this.#door, ports);
    this.#projection = new Projection(outbox, ports, { makerspace_id, equipment_id });
    this.#alarm = new Alarm(ctx.storage);
    this.#runner = new Runner(ctx.storage, this.#world, (turn) => this.#tell(turn));
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      this.#arm();
    });
  }

  async configure(parts: Partial<PolicyParts>): Promise<{ makerspace: number; equipment: number }> {
    const { versions, makerspace_id, equipment_id, parts: known } = this.#world.machine;
    const newer = (["makerspace", "equipment"] as const).filter((part) => (parts[part]?.version ?? 0) > versions[part]);
    if (newer.length > 0 && this.#world.store.state.retired_at === null) {
      const merged = { ...known, ...Object.fromEntries(newer.map((part) => [part, parts[part]])) };
      const machine = new Machine(makerspace_id, equipment_id, merged);
      this.#runner.run(CLOCK, "", (turn) => {
        for (const part of newer) this.#world.store.putPart(part, machine.versions[part], JSON.stringify(merged[part]));
        this.#world.machine = machine;
        turn.announce("machine.configured");
      });
    }
    return this.#world.machine.versions;
  }

  async execute(call: CommandCall): Promise<CommandResult> {
    const result = await execute(this.#runner, this.#world, call, this.#mutant);
    if (!result.ok || result.replayed) return result;
    const { command } = call;
    if (command.type === "retire") this.#door.closeAll(closeCodes.retired, "retired");
    if (command.type === "sweep_member") {
      await this.closeSockets({ kind: "member", id: command.member_id }, "membership changed");
    }
    await within(FLUSH_WAIT_MS, this.#projection.flush());
    return result;
  }

  async reservation(reservation_id: string): Promise<ReservationRecord | null> {
    this.#runner.settle();
    return this.#world.store.reservation(reservation_id);
  }

  async reservations(query: ScheduleQuery): Promise<ReservationRecord[]> {
    this.#runner.settle();
    return this.#world.store.reservations(query);
  }

  async session(session_id: string): Promise<SessionRecord | null> {
    this.#runner.settle();
    return this.#world.store.session(session_id);
  }

  async availability(from: number, to: number): Promise<Availability> {
    this.#runner.settle();
    return availability(this.#world, from, to, this.#world.store.state.now());
  }

  async grantTicket({ digest, expires_at, audience, principal }: TicketGrant): Promise<boolean> {
    const { machine, store } = this.#world;
    if (machine.versions.equipment === 0 || store.state.retired_at !== null) return false;
    this.#door.grant(digest, expires_at, { audience, principal, equipment_ids: null });
    this.#arm();
    return true;
  }

  async closeSockets(principal: Viewer, reason: string): Promise<number> {
    const closed = this.#door.close(principal, reason);
    this.#report();
    return closed;
  }

  async reproject(): Promise<ReconcileReport> {
    const { store, outbox, machine } = this.#world;
    const { makerspace_id } = machine;
    const report = await reconcile({ store, outbox, projection: this.#projection, ports: this.ports, makerspace_id });
    this.#arm(true);
    return report;
  }

  async forget(member_id: string): Promise<void> {
    this.#world.store.forget(member_id);
    this.#runner.run(CLOCK, "", (turn) => turn.announce("machine.refreshed"));
  }

  async ping(): Promise<boolean> {
    return this.#world.store.state.seq >= 0 && this.ctx.storage.sql.exec("SELECT 1 AS one").one().one === 1;
  }

  /** Moves the machine's clock against the host's. @throws outside tests. */
  async setClockOffset(ms: number): Promise<void> {
    if (this.env.ENVIRONMENT !== "test") throw new Error("the clock is shifted in tests only");
    this.#world.store.state.shiftClock(ms);
    this.#runner.settle();
    this.#arm(true);
  }

  override async fetch(request: Request): Promise<Response> {
    const { state } = this.#world.store;
    this.#runner.settle();
    const now = state.now();
    const { response, watcher } = this.#door.open(request, now);
    if (!watcher) return response;
    if (state.retired_at !== null) {
      watcher.socket.close(closeCodes.retired, "retired");
      return response;
    }
    const resume = new URL(request.url).searchParams.get("resume");
    this.#live.greet(watcher, resume === null ? null : Number(resume), now);
    this.#arm();
    // The board knows who is watched before the client knows it is let in: a suspension must find this socket.
    await within(REPORT_WAIT_MS, this.#board.report());
    this.#arm(true);
    return response;
  }

  override async webSocketMessage(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    const now = this.#world.store.state.now();
    const watcher = this.#door.watcher(socket, now);
    if (watcher) this.#live.hear(watcher, text, now);
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    sayGoodbye(socket);
    this.#report();
  }

  override async webSocketError(): Promise<void> {
    this.#report();
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    try {
      this.#runner.settle();
      this.#door.sweep(this.#world.store.state.now());
      await Promise.all([this.#projection.repair(), this.#board.repair()]);
      this.#arm(true);
    } catch (error) {
      // Throwing would use up the platform's few retries.
      log.error("alarm_failed", { equipment_id: this.#world.store.equipment_id, error: describeError(error) });
      this.#alarm.arm(Date.now() + ALARM_RETRY_MS, true);
    }
  }

  #tell(turn: Turn): void {
    this.#projection.touch();
    if (turn.isVisible) this.#board.touch();
    this.#arm();
    this.#live.broadcast(turn.events, turn.now);
    if (turn.isVisible) this.#tellBoard();
    void this.#projection.flush().then(() => this.#arm(true));
  }

  #tellBoard(): void {
    void this.#board.tell().then(() => this.#arm(true));
  }

  #report(): void {
    void this.#board.report().then(() => this.#arm(true));
  }

  #arm(isExact = false): void {
    const { state, timers } = this.#world.store;
    const own = Math.min(timers.dueAt, this.#door.dueAt) - state.clockOffset;
    this.#alarm.arm(Math.min(own, this.#projection.dueAt, this.#board.dueAt), isExact);
  }
}
