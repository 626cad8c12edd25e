/** One paired tablet at work: its connection, what it knows and what it remembers, as one value that changes. */

import { Connection, type ConnectionPorts, type Phase } from "./connection.ts";
import { loadMemory, type Pairing, type Store, saveMemory } from "./storage.ts";
import { applyMessage, type View } from "./view.ts";

export interface SessionState {
  phase: Phase;
  /** The device's clock when the page was opened: until a moment after it, nobody is called offline. */
  began_at: number;
  /** Null until the first word ever. */
  view: View | null;
}

/** A connection that is away for longer than this counts as offline rather than as reconnecting (ms). */
export const OFFLINE_AFTER_MS = 12_000;

export type Link =
  | { name: "live" }
  | { name: "reconnecting" }
  /** The server's clock at its last word. */
  | { name: "offline"; since: number };

/** The connection as a person beside the machine sees it; null where there is nothing left to connect to. `now` is the device's clock. */
export const linkOf = ({ phase, began_at, view }: SessionState, now: number): Link | null => {
  if (phase === "gone") return null;
  if (phase === "live") return { name: "live" };
  const since = view?.heard_at ?? began_at;
  return now - Math.max(since, began_at) < OFFLINE_AFTER_MS
    ? { name: "reconnecting" }
    : { name: "offline", since: since + (view?.offset_ms ?? 0) };
};

export class TabletSession {
  #state: SessionState;
  readonly #listeners = new Set<() => void>();
  readonly #connection: Connection;

  constructor(pairing: Pairing, ports: ConnectionPorts, store: Store | null) {
    this.#state = { phase: "connecting", began_at: ports.now(), view: loadMemory(store, pairing.tablet_id) };
    const remember = (view: View | null) => saveMemory(store, pairing.tablet_id, view);
    this.#connection = new Connection(ports, {
      phase: (phase) => {
        // A tablet that was disconnected has no business with names any more.
        const erased = phase === "refused";
        if (erased) remember(null);
        this.#set({ ...this.#state, phase, view: erased ? null : this.#state.view });
      },
      heard: () => {
        const { view } = this.#state;
        if (!view) return;
        const heard = { ...view, heard_at: ports.now() };
        remember(heard);
        this.#set({ ...this.#state, view: heard });
      },
      message: (message) => {
        const view = applyMessage(this.#state.view, message, ports.now());
        remember(view);
        this.#set({ ...this.#state, view });
      },
    });
  }

  readonly start = (): void => this.#connection.start();
  readonly stop = (): void => this.#connection.stop();
  /** Looks at the connection now; see Connection.check. */
  readonly check = (): void => this.#connection.check();
  readonly state = (): SessionState => this.#state;

  /** Calls `listener` after every change; the result unsubscribes. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  #set(state: SessionState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }
}
