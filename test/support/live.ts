/** Live sockets inside the runtime. */

import { exports } from "cloudflare:workers";
import type { Api } from "./api.ts";
import { noteSocket } from "./contract.ts";
import type { LiveTicket } from "./wire.ts";

/** A socket that was opened, or why not. */
export class LiveSocket {
  /** Everything received, as text, in order. */
  readonly texts: string[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(
    readonly status: number,
    readonly socket: WebSocket | null,
  ) {
    this.closed = new Promise((resolve) => {
      socket?.addEventListener("close", ({ code, reason }) => resolve({ code, reason }));
    });
    socket?.addEventListener("message", (event) => {
      this.texts.push(String(event.data));
    });
    socket?.accept();
  }

  /** Brings a ticket; `status` is 101 when the socket is open. */
  static async use(ticket: LiveTicket, headers: Record<string, string> = {}, query = ""): Promise<LiveSocket> {
    const url = ticket.url.replace(/^ws/, "http") + query;
    const response = await exports.default.fetch(url, { headers: { upgrade: "websocket", ...headers } });
    if (response.status === 101) await noteSocket(url);
    return new LiveSocket(response.status, response.webSocket);
  }

  /** Fetches a ticket and brings it. */
  static async open(api: Api, path: string): Promise<LiveSocket> {
    return LiveSocket.use(await api.post<LiveTicket>(`${path}/live_tickets`));
  }

  /** What was said last. */
  get last(): unknown {
    return JSON.parse(this.texts.at(-1) ?? "null");
  }

  /** Waits for a text that matches. @throws after five seconds */
  async heard(pattern: RegExp): Promise<string> {
    for (let wait = 0; wait < 100; wait++) {
      const found = this.texts.find((text) => pattern.test(text));
      if (found !== undefined) return found;
      await scheduler.wait(50);
    }
    throw new Error(`${pattern} was not heard; the last was ${this.texts.at(-1) ?? "nothing"}`);
  }
}
