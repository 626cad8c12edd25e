/** Live sockets as a client has them: opened by a ticket, remembering what they heard. */

import type { Audience } from "../../src/modules/equipment/live.ts";
import { eventually } from "./object.ts";

/** What can be watched: a machine or a board. */
interface Watchable {
  fetch(request: Request): Promise<Response>;
  grantTicket(grant: Grant & { equipment_ids: string[] | null }): Promise<unknown>;
}

interface Grant {
  digest: string;
  expires_at: number;
  audience: Audience;
  principal: { kind: "member" | "tablet"; id: string };
}

/** Who watches. */
export interface Viewer {
  audience: Audience;
  kind?: "member" | "tablet";
  id?: string;
  equipment_ids?: string[] | null;
  resume?: number;
  /** The object's time; the host's if left out. */
  now?: number;
}

export class Client<M extends { type: string; seq: number }> {
  readonly heard: M[] = [];
  readonly texts: string[] = [];
  closed: { code: number; reason: string } | null = null;

  constructor(readonly socket: WebSocket) {
    socket.addEventListener("message", ({ data }) => {
      this.texts.push(String(data));
      if (data !== "pong") this.heard.push(JSON.parse(String(data)) as M);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
    });
    socket.accept();
  }

  get last(): M | undefined {
    return this.heard.at(-1);
  }

  /** Waits until this many messages were heard. */
  async until(count: number): Promise<M[]> {
    await eventually(() => this.heard.length >= count);
    return this.heard;
  }

  /** Waits until the server has closed. */
  async ended(): Promise<{ code: number; reason: string }> {
    await eventually(() => this.closed !== null);
    return this.closed ?? { code: 0, reason: "" };
  }
}

/** Asks for the upgrade with this digest. */
export function knock(object: Watchable, digest: string, resume?: number): Promise<Response> {
  const url = `https://test/live/x?ticket=y${resume === undefined ? "" : `&resume=${resume}`}`;
  return object.fetch(new Request(url, { headers: { upgrade: "websocket", "x-ticket-digest": digest } }));
}

/** Gets a ticket and opens the socket. */
export async function watch<M extends { type: string; seq: number }>(
  object: () => Watchable,
  { audience, kind = "member", id = crypto.randomUUID(), equipment_ids = null, resume, now = Date.now() }: Viewer,
): Promise<Client<M>> {
  const digest = crypto.randomUUID();
  const principal = { kind, id };
  await object().grantTicket({ digest, expires_at: now + 30_000, audience, principal, equipment_ids });
  const { status, webSocket } = await knock(object(), digest, resume);
  if (!webSocket) throw new Error(`no socket: ${status}`);
  return new Client<M>(webSocket);
}
