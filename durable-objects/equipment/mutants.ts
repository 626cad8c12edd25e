/**
 * Two faults that the concurrency tests must be able to see: a test that never failed proves nothing.
 * They exist only with `ENVIRONMENT=test`, and both go without the second lock (the triggers), which would hide them.
 */

import type { Command } from "../../src/modules/equipment/port.ts";
import type { ObjectEnv } from "../env.ts";

export type Mutant = "no_overlap_check" | "await_between";

/** The fault that this environment asks for, or null everywhere but in tests. */
export function mutantOf({ ENVIRONMENT, MUTANT }: ObjectEnv): Mutant | null {
  if (ENVIRONMENT !== "test") return null;
  return MUTANT === "no_overlap_check" || MUTANT === "await_between" ? MUTANT : null;
}

/** The commands that the faults strike: those that take time which somebody else may want. */
export const strikes = ({ type }: Command): boolean => struck.includes(type);

const struck: readonly Command["type"][] = [
  "reserve",
  "hold",
  "amend",
  "start_session",
  "reserve_series",
  "amend_series",
  "accept_offer",
];

/** Takes the second lock off. */
export function dropTriggers(sql: SqlStorage): void {
  sql.exec("DROP TRIGGER IF EXISTS occupancy_insert; DROP TRIGGER IF EXISTS occupancy_update;");
}

class Undo extends Error {}

/** Decides and takes it back: the "check" of a check that is then followed by an await and a write. */
export function rehearse<T>(storage: DurableObjectStorage, decide: () => T): T {
  let decided: { answer: T } | undefined;
  try {
    storage.transactionSync(() => {
      decided = { answer: decide() };
      throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo) || !decided) throw error;
  }
  if (!decided) throw new Error("nothing was decided");
  return decided.answer;
}
