/** Tells the makerspace's board what a machine does and whether anybody watches it: the newest state only, and again until it was heard. */

import { describeError, log } from "../../src/platform/log.ts";
import { SECOND } from "../../src/platform/time.ts";
import type { Door } from "../live/door.ts";
import { Retry } from "../retry.ts";
import { REFRESH, type World } from "./journal.ts";
import type { Live } from "./live.ts";
import type { Ports } from "./ports.ts";
import { REPAIR_MS } from "./projection.ts";

/** Changes within this are told together. */
const COALESCE_MS = 250;
const FIRST_RETRY_MS = SECOND;
const LAST_RETRY_MS = 60 * SECOND;

export class Board {
  readonly #world: World;
  readonly #live: Live;
  readonly #door: Door;
  readonly #ports: () => Ports;
  #isTelling = false;
  #reporting: Promise<void> | null = null;
  #toldAt = 0;
  /** Each has its own failures: one that succeeds says nothing about the other. */
  readonly #reportAgain = new Retry(FIRST_RETRY_MS, LAST_RETRY_MS);
  readonly #tellAgain = new Retry(FIRST_RETRY_MS, LAST_RETRY_MS);

  constructor(world: World, live: Live, door: Door, ports: () => Ports) {
    this.#world = world;
    this.#live = live;
    this.#door = door;
    this.#ports = ports;
    if (world.store.state.isBoardWatched !== this.#isWatched()) this.#reportAgain.expect(Date.now());
    if (this.#isBehind()) this.#tellAgain.expect(Date.now());
  }

  /** When the alarm has to try again, by the wall clock; Infinity when the board knows. */
  get dueAt(): number {
    return Math.min(this.#reportAgain.dueAt, this.#tellAgain.dueAt);
  }

  /** Notes that the board has something to hear. */
  touch(): void {
    this.#tellAgain.expect(Date.now() + REPAIR_MS);
  }

  /**
   * Tells the board at once whether anybody watches, so that a suspension finds every socket. Resolves when it knows, or cannot be reached.
   * Never rejects.
   */
  report(): Promise<void> {
    this.#reporting ??= this.#report().finally(() => {
      this.#reporting = null;
    });
    return this.#reporting;
  }

  async #report(): Promise<void> {
    const { state, equipment_id } = this.#world.store;
    try {
      for (let isWatched = this.#isWatched(); state.isBoardWatched !== isWatched; isWatched = this.#isWatched()) {
        await this.#ports().floor.watched(equipment_id, isWatched);
        state.boardWatched(isWatched);
      }
      this.#reportAgain.succeeded();
    } catch (error) {
      this.#failed(this.#reportAgain, error);
    }
  }

  /** Tells the board what the machine does, if it is behind; once at a time, at most every quarter of a second. Never rejects. */
  async tell(): Promise<void> {
    if (this.#isTelling || !this.#isBehind()) return;
    this.#isTelling = true;
    try {
      while (this.#isBehind()) {
        const wait = this.#toldAt + COALESCE_MS - Date.now();
        if (wait > 0) await scheduler.wait(wait);
        this.#toldAt = Date.now();
        await this.#tellOnce();
      }
      this.#tellAgain.succeeded();
    } catch (error) {
      this.#failed(this.#tellAgain, error);
    } finally {
      this.#isTelling = false;
    }
  }

  /** The alarm's try. */
  async repair(): Promise<void> {
    const wall = Date.now();
    const [isReportDue, isTellDue] = [this.#reportAgain.dueAt <= wall, this.#tellAgain.dueAt <= wall];
    if (isReportDue) this.#reportAgain.begin();
    if (isTellDue) this.#tellAgain.begin();
    if (isReportDue) await this.report();
    if (isTellDue) await this.tell();
  }

  #failed(retry: Retry, error: unknown): void {
    retry.failed(Date.now());
    log.warn("board_unreachable", { equipment_id: this.#world.store.equipment_id, error: describeError(error) });
  }

  #isWatched(): boolean {
    return this.#door.count() > 0;
  }

  #isBehind(): boolean {
    const { makerspace, equipment } = this.#world.machine.parts;
    return this.#world.store.state.isBoardBehind && !!makerspace && !!equipment;
  }

  async #tellOnce(): Promise<void> {
    const { store } = this.#world;
    const { state, equipment_id } = store;
    const scene = this.#live.scene(state.now());
    const states = this.#live.boardStates(scene);
    if (!states) return;
    if (scene.changes_at !== store.timers.dueOf(REFRESH) && Number.isFinite(scene.changes_at)) {
      store.timers.set(REFRESH, "refresh", scene.changes_at);
    }
    await this.#ports().floor.publish({ equipment_id, seq: scene.seq, removed: scene.isRetired, states });
    state.boardTold(scene.seq);
  }
}
