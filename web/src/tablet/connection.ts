/**
 * Keeps one live socket open through everything: lost networks, restarts, expired tickets. A state machine without a browser: sockets, timers,
 * tickets and chance are passed in.
 */

import { closeCodes, type FloorMessage, type MachineMessage } from "../../../src/modules/equipment/live.ts";
import type { TicketResult } from "./api.ts";

export type ServerMessage = MachineMessage | FloorMessage;

export type Phase =
  /** A ticket or a socket is on its way. */
  | "connecting"
  /** The server answers. */
  | "live"
  /** The last try failed, the next one is set. */
  | "waiting"
  /** The server does not accept this tablet any more. */
  | "refused"
  /** The machine is not there any more. */
  | "gone";

export interface SocketEvents {
  opened(): void;
  received(text: string): void;
  /** Exactly once, also when the socket never opened. */
  closed(code: number): void;
}

export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface ConnectionPorts {
  ticket(): Promise<TicketResult>;
  open(url: string, events: SocketEvents): Socket;
  /** Runs once after `ms`; the result cancels. */
  after(ms: number, run: () => void): () => void;
  /** Epoch ms of the device. */
  now(): number;
  /** 0 ≤ x < 1. */
  random(): number;
}

export interface ConnectionListener {
  phase(phase: Phase): void;
  /** A word from the server that changes nothing, as a pong does: what is shown is still true. */
  heard(): void;
  message(message: ServerMessage): void;
}

/** All in milliseconds. */
export const timing = {
  /** From asking for a socket to its first word. */
  open: 10_000,
  ping: 20_000,
  /** Silence after a ping that means: dead. */
  pong: 8_000,
  /** The same when the device itself says that its network went or came. */
  hurriedPong: 3_000,
  backoffFirst: 500,
  backoffMost: 15_000,
  /** A connection that lived this long was a good one: after it the back-off starts anew. */
  stable: 5_000,
  /** How often a refused tablet asks again, in case staff or a fault undo it. */
  refusedFirst: 60_000,
  refusedMost: 900_000,
} as const;

/** The wait before try number `attempt` (from 0): doubled each time, half of it by chance, so that a hall full of tablets does not knock at once. */
export const backoff = (attempt: number, random: number, first: number, most: number): number => {
  const whole = Math.min(most, first * 2 ** Math.min(attempt, 20));
  return Math.round(whole / 2 + (whole / 2) * random);
};

/** The socket's address, asking for what was missed since `seq`. */
export const resumeUrl = (url: string, seq: number | null): string =>
  seq === null ? url : `${url}${url.includes("?") ? "&" : "?"}resume=${seq}`;

const parse = (text: string): ServerMessage | null => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "seq" in value ? (value as ServerMessage) : null;
  } catch {
    return null;
  }
};

export class Connection {
  #phase: Phase = "connecting";
  #socket: Socket | null = null;
  /** Grows with every try; what an older try still has to say is not listened to. */
  #try = 0;
  #attempt = 0;
  #seq: number | null = null;
  #liveSince: number | null = null;
  #cancelTimer = () => {};
  readonly #ports: ConnectionPorts;
  readonly #listener: ConnectionListener;

  constructor(ports: ConnectionPorts, listener: ConnectionListener) {
    this.#ports = ports;
    this.#listener = listener;
  }

  /** Begins; also after `stop`. */
  start(): void {
    void this.#connect();
  }

  /** Ends for good: no socket and no timer is left. */
  stop(): void {
    this.#abandon();
  }

  /** Something changed (network, visibility, a person's tap): look at once instead of at the next turn. */
  check(): void {
    if (this.#phase === "live") this.#ping(timing.hurriedPong);
    else if (this.#phase !== "connecting") void this.#connect();
  }

  async #connect(): Promise<void> {
    this.#abandon();
    const current = this.#try;
    if (this.#phase !== "refused" && this.#phase !== "gone") this.#enter("connecting");
    const ticket = await this.#ports.ticket();
    if (current !== this.#try) return;
    if (ticket.kind === "granted") this.#open(ticket.url);
    else if (ticket.kind !== "later") this.#rest(ticket.kind);
    else if (this.#phase === "refused" || this.#phase === "gone") this.#rest(this.#phase);
    else this.#wait(ticket.wait_ms);
  }

  #open(url: string): void {
    const current = this.#try;
    const mine = (run: () => void) => {
      if (current === this.#try) run();
    };
    this.#enter("connecting");
    this.#expect(timing.open);
    this.#socket = this.#ports.open(resumeUrl(url, this.#seq), {
      // A resume with nothing missed may be answered by silence; a pong is then the first word.
      opened: () => mine(() => this.#ping(timing.pong)),
      received: (text) => mine(() => this.#received(text)),
      closed: (code) => mine(() => this.#closed(code)),
    });
  }

  #received(text: string): void {
    if (this.#phase !== "live") {
      this.#liveSince = this.#ports.now();
      this.#enter("live");
    }
    this.#later(timing.ping, () => this.#ping(timing.pong));
    const message = parse(text);
    if (!message) return this.#listener.heard();
    this.#seq = message.seq;
    this.#listener.message(message);
  }

  #closed(code: number): void {
    const wasStable = this.#liveSince !== null && this.#ports.now() - this.#liveSince >= timing.stable;
    if (wasStable) this.#attempt = 0;
    if (code === closeCodes.retired) this.#rest("gone");
    else if (wasStable && (code === closeCodes.expired || code === closeCodes.revoked)) void this.#connect();
    else this.#wait(0);
  }

  /** Sends a ping and takes `ms` of silence for a dead line. */
  #ping(ms: number): void {
    this.#socket?.send("ping");
    this.#expect(ms);
  }

  #expect(ms: number): void {
    this.#later(ms, () => this.#closed(1006));
  }

  #wait(atLeast: number): void {
    this.#abandon();
    const pause = backoff(this.#attempt, this.#ports.random(), timing.backoffFirst, timing.backoffMost);
    this.#attempt += 1;
    this.#enter("waiting");
    this.#later(Math.max(pause, atLeast), () => void this.#connect());
  }

  /** Refused or gone: shown plainly, and asked again now and then. */
  #rest(kind: "refused" | "gone"): void {
    if (this.#phase !== kind) this.#attempt = 0;
    this.#abandon();
    const pause = backoff(this.#attempt, this.#ports.random(), timing.refusedFirst, timing.refusedMost);
    this.#attempt += 1;
    this.#enter(kind);
    this.#later(pause, () => void this.#connect());
  }

  #abandon(): void {
    this.#try += 1;
    this.#cancelTimer();
    this.#liveSince = null;
    this.#socket?.close();
    this.#socket = null;
  }

  /** One timer is enough: each step waits for one thing only. */
  #later(ms: number, run: () => void): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#ports.after(ms, run);
  }

  #enter(phase: Phase): void {
    if (this.#phase === phase) return;
    this.#phase = phase;
    this.#listener.phase(phase);
  }
}
