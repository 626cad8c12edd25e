/** Runs work on a machine as one transaction at one instant, after whatever the clock had due. */

import { settle } from "./clock.ts";
import { CLOCK, type TurnActor, type World } from "./journal.ts";
import { offerFreed } from "./offers.ts";
import { Turn } from "./turn.ts";

export class Runner {
  readonly #storage: DurableObjectStorage;
  readonly #world: World;
  readonly #tell: (turn: Turn) => void;

  /** `tell` hears of every transaction that changed something, in the tick of its commit. */
  constructor(storage: DurableObjectStorage, world: World, tell: (turn: Turn) => void) {
    this.#storage = storage;
    this.#world = world;
    this.#tell = tell;
  }

  turn(actor: TurnActor, request_id: string): Turn {
    return new Turn(this.#world, this.#world.store.state.now(), actor, request_id);
  }

  /** There is no await in `work`: nothing comes between its look and its write. */
  run<T>(actor: TurnActor, request_id: string, work: (turn: Turn) => T): T {
    const { store, keys, machine } = this.#world;
    const turn = this.turn(actor, request_id);
    let result: T;
    try {
      result = this.#storage.transactionSync(() => {
        if (store.timers.dueAt <= turn.now) {
          const clock = new Turn(this.#world, turn.now, CLOCK, "");
          settle(clock);
          offerFreed(clock);
          turn.follow(clock);
        }
        const answer = work(turn);
        offerFreed(turn);
        turn.save();
        return answer;
      });
    } catch (error) {
      // Storage rolled back; memory follows.
      this.#world.machine = machine;
      store.reload();
      keys.reload();
      throw error;
    }
    if (turn.hasChanged) this.#tell(turn);
    return result;
  }

  /** Lets the clock do what it has due; reads call it, so that a late alarm changes no answer. */
  settle(): void {
    const { state, timers } = this.#world.store;
    if (timers.dueAt <= state.now()) this.run(CLOCK, "", () => undefined);
  }
}
