/** A live socket as a tablet or a page holds it: remembers everything it was told. */

import type { MachineMessage, MachineState } from "../../../src/modules/equipment/live.ts";
import type { Api } from "./client.ts";

export interface WireTicket {
  ticket: string;
  url: string;
  expires_at: string;
}

export interface Closed {
  code: number;
  reason: string;
  /** performance.now(). */
  at: number;
}

export class LiveSocket {
  /** Everything received, in order. */
  readonly messages: MachineMessage[] = [];
  /** The raw texts, to look for what should not be in them. */
  readonly texts: string[] = [];
  /** The last state that was told. */
  state: MachineState | null = null;
  /** performance.now() of the first message with each number. */
  readonly arrivals = new Map<number, number>();
  readonly closed: Promise<Closed>;
  readonly #socket: WebSocket;
  #onMessage: (() => void)[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#receive(String(event.data)));
    this.closed = new Promise((resolve) => {
      socket.addEventListener("close", ({ code, reason }) => resolve({ code, reason, at: performance.now() }));
    });
  }

  /** Fetches a ticket and opens the socket; resolves when it is open. `resume` is the last number seen before. */
  static async open(api: Api, machinePath: string, resume?: number): Promise<LiveSocket> {
    const ticket = await api.must<WireTicket>("POST", `${machinePath}/live_tickets`, { body: {} });
    return LiveSocket.use(api.url, ticket, resume);
  }

  /** Opens the socket that a ticket stands for; rejects when it is refused. */
  static async use(base: string, ticket: WireTicket, resume?: number): Promise<LiveSocket> {
    const url = new URL(ticket.url, base);
    url.protocol = "ws:";
    if (resume !== undefined) url.searchParams.set("resume", String(resume));
    const socket = new WebSocket(url.href);
    const live = new LiveSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.addEventListener("open", () => resolve());
      socket.addEventListener("error", () => reject(new Error("the socket was refused")));
    });
    return live;
  }

  /** The highest number told so far. */
  get seq(): number {
    return this.messages.at(-1)?.seq ?? -1;
  }

  /** Resolves as soon as `isTrue` holds (it is asked again at every message); rejects after `timeoutMs`. */
  async until(what: string, isTrue: (socket: LiveSocket) => boolean, timeoutMs = 10_000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!isTrue(this)) {
      const left = deadline - performance.now();
      if (left <= 0) throw new Error(`${what}: not within ${timeoutMs} ms; last was ${this.texts.at(-1) ?? "nothing"}`);
      await new Promise<void>((resolve) => {
        this.#onMessage.push(resolve);
        setTimeout(resolve, Math.min(left, 250));
      });
    }
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  /** False as soon as either side has said goodbye; `closed` may come later, when the connection under it has gone. */
  get isOpen(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  async close(): Promise<Closed> {
    this.#socket.close(1000);
    return this.closed;
  }

  #receive(text: string): void {
    this.texts.push(text);
    if (text !== "pong") {
      const message = JSON.parse(text) as MachineMessage;
      this.messages.push(message);
      if (message.state) this.state = message.state;
      if (!this.arrivals.has(message.seq)) this.arrivals.set(message.seq, performance.now());
    }
    const waiting = this.#onMessage;
    this.#onMessage = [];
    for (const resolve of waiting) resolve();
  }
}
