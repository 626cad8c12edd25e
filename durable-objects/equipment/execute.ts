/** One command, from its key to its answer. */

import type { CommandCall, CommandResult } from "../../src/modules/equipment/port.ts";
import { answer } from "./commands.ts";
import type { World } from "./journal.ts";
import { type Mutant, rehearse, strikes } from "./mutants.ts";
import type { Runner } from "./runner.ts";
import type { Turn } from "./turn.ts";

/** Longer than commands in a rush wait for each other: else the tick that gathers them would hide the fault. */
const MUTANT_WAIT_MS = 10;

/**
 * Replays by key, or decides, writes and remembers in one transaction. Without a mutant there is no await in here: the check and the write
 * are one step, and whoever asks meanwhile comes after it.
 */
export async function execute(
  runner: Runner,
  { store, keys }: World,
  call: CommandCall,
  mutant: Mutant | null,
): Promise<CommandResult> {
  const replayed = call.key && keys.replay(call.key, store.state.now());
  if (replayed) return replayed;
  const isStruck = mutant !== null && strikes(call.command);
  if (isStruck && mutant === "await_between") {
    const check = (): ReturnType<typeof answer> => answer(runner.turn(call.actor, call.request_id), call, Date.now());
    const checked = rehearse(store.storage, check);
    store.reload();
    keys.reload();
    if (!checked.ok) return checked;
    await scheduler.wait(MUTANT_WAIT_MS);
  }
  const decide = (turn: Turn): ReturnType<typeof answer> => {
    store.occupancy.isUnguarded = isStruck;
    const decided = answer(turn, call, Date.now());
    store.occupancy.isUnguarded = false;
    if (decided.ok && call.key) keys.store(call.key, decided, turn.now);
    return decided;
  };
  const decided = runner.run(call.actor, call.request_id, decide);
  return decided.ok ? { ...decided, replayed: false } : decided;
}
