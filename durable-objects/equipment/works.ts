/**
 * What runs behind a machine that exists: its memory, its sockets, its way to the board and to D1, and the alarm that looks after them.
 * A decision is one synchronous transaction; then the world is told, and the alarm tells it again.
 */

import { closeCodes } from "../../src/modules/equipment/live.ts";
import type {
  BundleOutcome,
  CommandCall,
  CommandKey,
  CommandResult,
  Explained,
  HolderFacts,
  OutageTimes,
  PolicyParts,
  PolicyVersions,
  Question,
  ReconcileReport,
  ReservationRecord,
  TicketGrant,
} from "../../src/modules/equipment/port.ts";
import { within } from "../../src/platform/within.ts";
import type { Alarm } from "../alarm.ts";
import { Door, type SocketLimits } from "../live/door.ts";
import type { Viewer } from "../live/tickets.ts";
import { Board } from "./board.ts";
import { outcomeOf } from "./bundles.ts";
import { isBehind } from "./commands.ts";
import { Errands } from "./errands.ts";
import { execute } from "./execute.ts";
import { explain } from "./explain.ts";
import { CLOCK, type World } from "./journal.ts";
import { Keys } from "./keys.ts";
import { Live } from "./live.ts";
import { Machine } from "./machine.ts";
import type { Mutant } from "./mutants.ts";
import { Outbox } from "./outbox.ts";
import type { Ports } from "./ports.ts";
import { Projection } from "./projection.ts";
import { reconcile } from "./reconcile.ts";
import { Runner } from "./runner.ts";
import { Store } from "./store.ts";
import { affectedBy } from "./take-out.ts";
import { Together } from "./together.ts";
import type { Turn } from "./turn.ts";

/** An answer waits this long for D1, so that who books sees it in the lists; it never depends on it. */
const FLUSH_WAIT_MS = 250;

/** An alarm waits this long for D1 and the board; they go on all the same. */
const REPAIR_WAIT_MS = 2_000;

/** A new socket waits this long for the board. */
const REPORT_WAIT_MS = 1_000;

/** What the works stand in. */
export interface Setting {
  makerspace_id: string;
  equipment_id: string;
  alarm: Alarm;
  /** The world outside, asked for each time: tests put faults in front of it. */
  ports: () => Ports;
  limits: SocketLimits;
  mutant: Mutant | null;
}

export class Works {
  readonly world: World;
  readonly #setting: Setting;
  readonly #door: Door;
  readonly #live: Live;
  readonly #board: Board;
  readonly #projection: Projection;
  readonly #runner: Runner;
  readonly #errands: Errands;
  readonly #together = new Together();

  /** The object's tables are there. */
  constructor(ctx: DurableObjectState, setting: Setting) {
    const { makerspace_id, equipment_id, ports, limits } = setting;
    this.#setting = setting;
    const store = new Store(ctx.storage, equipment_id);
    const machine = new Machine(makerspace_id, equipment_id, store.parts());
    const outbox = new Outbox(store);
    this.world = { store, machine, outbox, keys: new Keys(ctx.storage.sql, store.timers, equipment_id) };
    this.#door = new Door(ctx, limits);
    this.#live = new Live(this.world, this.#door);
    this.#board = new Board(this.world, this.#live, this.#door, ports);
    const onOutrun = (): void => this.#refresh();
    this.#projection = new Projection(outbox, ports, { makerspace_id, equipment_id, onOutrun });
    this.#runner = new Runner(ctx.storage, this.world, (turn) => this.#tell(turn));
    this.#errands = new Errands(store, this.#runner, ports);
  }

  /** The store once the clock has done what it had due: every read goes through here. */
  settled(): Store {
    this.#runner.settle();
    return this.world.store;
  }

  configure(parts: Partial<PolicyParts>): PolicyVersions {
    const { store, machine: known } = this.world;
    const newer = (["makerspace", "equipment", "hours"] as const).filter(
      (part) => (parts[part]?.version ?? 0) > known.versions[part],
    );
    if (newer.length > 0 && store.state.retired_at === null) {
      const merged = { ...known.parts, ...Object.fromEntries(newer.map((part) => [part, parts[part]])) };
      const machine = new Machine(known.makerspace_id, known.equipment_id, merged);
      this.#runner.run(CLOCK, "", (turn) => {
        for (const part of newer) store.putPart(part, machine.versions[part], JSON.stringify(merged[part]));
        this.world.machine = machine;
        turn.announce("machine.configured");
      });
    }
    return this.world.machine.versions;
  }

  /** Changes nothing; null when newer settings have to come first. */
  explain({ starts_at, ends_at, actor, facts }: Question): Explained | null {
    this.#runner.settle();
    const { machine } = this.world;
    if (isBehind(machine, facts)) return null;
    return explain(this.#runner.turn(actor, ""), { starts_at, ends_at }, facts);
  }

  /** Changes nothing. */
  affectedBy(times: OutageTimes): ReservationRecord[] {
    this.#runner.settle();
    return affectedBy(this.#runner.turn(CLOCK, ""), times);
  }

  async execute(call: CommandCall): Promise<CommandResult> {
    if (this.#together.isRush(Date.now())) await this.#together.tick();
    const result = await execute(this.#runner, this.world, call, this.#setting.mutant);
    if (!result.ok || result.replayed) return result;
    const { command } = call;
    if (command.type === "retire") this.#door.closeAll(closeCodes.retired, "retired");
    if (command.type === "sweep_member") {
      this.closeSockets([{ kind: "member", id: command.member_id }], "membership changed");
    }
    await within(FLUSH_WAIT_MS, this.#projection.flush());
    return result;
  }

  outcome(bundle_id: string): BundleOutcome {
    return this.#runner.run(CLOCK, "", (turn) => outcomeOf(turn, bundle_id));
  }

  releasePart(bundle_id: string): void {
    this.#errands.drop(bundle_id);
  }

  async confirmPart(bundle_id: string, reservation_id: string): Promise<ReservationRecord | null> {
    const reservation = this.#errands.confirm(bundle_id, reservation_id);
    await within(FLUSH_WAIT_MS, this.#projection.flush());
    return reservation;
  }

  replayed(key: CommandKey): CommandResult | null {
    return this.world.keys.replay(key, this.world.store.state.now());
  }

  grantTicket({ digest, expires_at, audience, principal }: TicketGrant): boolean {
    const { machine, store } = this.world;
    if (machine.versions.equipment === 0 || store.state.retired_at !== null) return false;
    this.#door.grant(digest, expires_at, { audience, principal, equipment_ids: null });
    this.arm();
    return true;
  }

  closeSockets(principals: readonly Viewer[], reason: string): number {
    const closed = this.#door.close(principals, reason);
    this.report();
    return closed;
  }

  async reproject(): Promise<ReconcileReport> {
    const { store, outbox, machine } = this.world;
    const { makerspace_id } = machine;
    const ports = this.#setting.ports();
    const report = await reconcile({ store, outbox, projection: this.#projection, ports, makerspace_id });
    this.arm(true);
    return report;
  }

  introduce(holder: HolderFacts): void {
    const { store } = this.world;
    if (store.people.holder(holder.member_id) === null) return;
    this.#runner.run(CLOCK, "", (turn) => {
      store.people.remember(holder);
      turn.announce("machine.refreshed");
    });
  }

  forget(member_id: string): void {
    const { store, keys, outbox } = this.world;
    this.#runner.run(CLOCK, "", (turn) => {
      const emptied = store.forget(member_id);
      for (const kind of ["reservation", "session", "series"] as const) {
        for (const row of emptied[kind]) outbox.resend(kind, row);
      }
      keys.forget(member_id);
      turn.announce("machine.refreshed");
    });
  }

  async purge(member_id: string): Promise<void> {
    // What waits for D1 arrives before: nothing comes back after the deletion.
    await this.#projection.drain();
    this.world.store.storage.transactionSync(() => this.world.store.purge(member_id));
    await this.#projection.purge(member_id);
  }

  /** Tests only. */
  shiftClock(ms: number): void {
    this.world.store.state.shiftClock(ms);
    this.#runner.settle();
    this.arm(true);
  }

  /** Lets a socket in, or says why not. */
  async open(request: Request): Promise<Response> {
    const { state } = this.settled();
    const { response, watcher } = this.#door.open(request, Date.now());
    if (!watcher) return response;
    if (state.retired_at !== null) {
      watcher.socket.close(closeCodes.retired, "retired");
      return response;
    }
    const resume = new URL(request.url).searchParams.get("resume");
    this.#live.greet(watcher, resume === null ? null : Number(resume), state.now());
    this.arm();
    // The board knows who is watched before the client knows it is let in: a suspension must find this socket.
    await within(REPORT_WAIT_MS, this.#board.report());
    this.arm();
    return response;
  }

  hear(socket: WebSocket, text: string | ArrayBuffer): void {
    const watcher = this.#door.watcher(socket, Date.now());
    if (watcher) this.#live.hear(watcher, text, this.world.store.state.now());
  }

  /** A watcher has gone. */
  report(): void {
    void this.#board.report().then(() => this.arm());
  }

  /** What the alarm is for. */
  async wake(): Promise<void> {
    this.#runner.settle();
    this.#door.sweep(Date.now());
    const repaired = Promise.all([this.#projection.repair(), this.#board.repair(), this.#errands.run()]).then(() =>
      this.arm(),
    );
    // The clock does not stand still behind a D1 that hangs: no other alarm comes while this one runs.
    await within(REPAIR_WAIT_MS, repaired);
    this.arm(true);
  }

  /** Sets the alarm for whatever is due first. The machine's own timers run by its clock, all else by the host's. */
  arm(isExact = false): void {
    const { state, timers } = this.world.store;
    const due = [timers.dueAt - state.clockOffset, this.#door.dueAt, this.#projection.dueAt, this.#board.dueAt];
    this.#setting.alarm.arm(Math.min(...due), isExact);
  }

  /** Shows the present, under a new number. */
  #refresh(): void {
    this.#runner.run(CLOCK, "", (turn) => turn.announce("machine.refreshed"));
  }

  #tell(turn: Turn): void {
    this.#projection.touch();
    if (turn.isVisible) this.#board.touch();
    this.arm();
    this.#live.broadcast(turn.events, turn.now);
    // The alarm that a command sets is left to go off: to take it back would be one more write for the answer to wait for.
    if (turn.isVisible) void this.#board.tell().then(() => this.arm());
    void this.#projection.flush().then(() => this.arm());
  }
}
