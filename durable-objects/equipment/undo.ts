/** A part of a transaction that may be taken back. */

import type { Turn } from "./turn.ts";

class Undo extends Error {}

/** Does the work; unless it says that it is kept, storage is as it was before. Nothing that it does may write events. */
export function attempt<T>(turn: Turn, work: () => { answer: T; isKept: boolean }): T {
  const { store } = turn;
  let tried: { answer: T; isKept: boolean } | undefined;
  try {
    store.storage.transactionSync(() => {
      tried = work();
      if (!tried.isKept) throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo) || !tried) throw error;
    store.undone();
  }
  if (!tried) throw new Error("nothing was tried");
  return tried.answer;
}
