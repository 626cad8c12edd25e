/**
 * The way in for live sockets, shared by machines and boards: a ticket is taken, a hibernating socket is accepted with its audience
 * and viewer as tags, and it is closed when its ten minutes are over or its viewer is turned away.
 */

import { closeCodes } from "../../src/modules/equipment/live.ts";
import { problem } from "../../src/platform/problem.ts";
import { MINUTE, SECOND } from "../../src/platform/time.ts";
import { type Admission, Tickets, type Viewer, viewerKey } from "./tickets.ts";

/** A socket lives this long on one ticket; then the client asks for a new one, and authorisation decides again. */
export const SOCKET_LIFE_MS = 10 * MINUTE;

/** How many sockets a viewer of each kind may hold on one object; a further one takes the place of the oldest. */
export type SocketLimits = Record<Viewer["kind"], number>;
export const socketLimits: SocketLimits = { member: 10, tablet: 20 };

/** A socket may ask for what it missed once within this. */
const RESUME_EVERY_MS = SECOND;

/** What a socket carries through hibernation. Tickets and sockets live by the host's clock, as the worker that grants them does. */
export interface Attachment extends Admission {
  /** When the socket must be closed. */
  exp: number;
  /** When it last asked for what it missed. */
  resumed_at?: number;
}

/** A socket that is open and may be written to. */
export interface Watcher {
  socket: WebSocket;
  attachment: Attachment;
}

export class Door {
  readonly #ctx: DurableObjectState;
  readonly #tickets: Tickets;
  readonly #limits: SocketLimits;
  /** When the earliest ticket or socket expires; no later than that. */
  #due: number;

  constructor(ctx: DurableObjectState, limits: SocketLimits) {
    this.#ctx = ctx;
    this.#limits = limits;
    this.#tickets = new Tickets(ctx.storage.sql);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    this.#due = this.#earliest();
  }

  /** When `sweep` has something to do; Infinity when never. */
  get dueAt(): number {
    return this.#due;
  }

  grant(digest: string, expires_at: number, admission: Admission): void {
    this.#tickets.grant(digest, expires_at, admission);
    this.#due = Math.min(this.#due, expires_at);
  }

  /**
   * Opens the socket that the ticket in `x-ticket-digest` stands for. There is no await between taking the ticket and accepting,
   * so a ticket opens one socket at most.
   */
  open(request: Request, wall: number): { response: Response; watcher: Watcher | null } {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return { response: refusal(request, "malformed_request", "This is a WebSocket."), watcher: null };
    }
    const digest = request.headers.get("x-ticket-digest");
    const admission = digest ? this.#tickets.take(digest, wall) : null;
    if (!admission) return { response: turnAway(request), watcher: null };
    this.#makeRoom(admission.principal);
    const { 0: client, 1: server } = new WebSocketPair();
    const attachment: Attachment = { ...admission, exp: wall + SOCKET_LIFE_MS };
    this.#ctx.acceptWebSocket(server, [`audience:${admission.audience}`, viewerKey(admission.principal)]);
    server.serializeAttachment(attachment);
    this.#due = Math.min(this.#due, attachment.exp);
    return {
      response: new Response(null, { status: 101, webSocket: client }),
      watcher: { socket: server, attachment },
    };
  }

  /** Closes a viewer's oldest sockets until one more may come. */
  #makeRoom(viewer: Viewer): void {
    const open = this.#ctx.getWebSockets(viewerKey(viewer)).filter((socket) => socket.readyState === WebSocket.OPEN);
    const excess = open.length + 1 - this.#limits[viewer.kind];
    if (excess <= 0) return;
    const expiry = (socket: WebSocket): number => (socket.deserializeAttachment() as Attachment).exp;
    const oldest = open.sort((a, b) => expiry(a) - expiry(b)).slice(0, excess);
    closeEach(oldest, closeCodes.replaced, "too many sockets");
  }

  /** Notes that a socket asks for what it missed. False, and closed, when it does so too often: an answer may be long. */
  mayResume({ socket, attachment }: Watcher, wall: number): boolean {
    if (wall - (attachment.resumed_at ?? 0) < RESUME_EVERY_MS) {
      socket.close(closeCodes.too_often, "asks too often");
      return false;
    }
    socket.serializeAttachment({ ...attachment, resumed_at: wall } satisfies Attachment);
    return true;
  }

  /** The viewer behind an open socket, or null after closing one whose time is up. */
  watcher(socket: WebSocket, wall: number): Watcher | null {
    if (socket.readyState !== WebSocket.OPEN) return null;
    const attachment = socket.deserializeAttachment() as Attachment;
    if (attachment.exp > wall) return { socket, attachment };
    socket.close(closeCodes.expired, "expired");
    return null;
  }

  /** Everybody who watches now; the expired are closed on the way. */
  watchers(wall: number): Watcher[] {
    return this.#ctx.getWebSockets().flatMap((socket) => this.watcher(socket, wall) ?? []);
  }

  /** The sockets of one viewer. */
  watchersOf(viewer: Viewer, wall: number): Watcher[] {
    return this.#ctx.getWebSockets(viewerKey(viewer)).flatMap((socket) => this.watcher(socket, wall) ?? []);
  }

  /** How many sockets are open. */
  count(): number {
    let open = 0;
    for (const socket of this.#ctx.getWebSockets()) if (socket.readyState === WebSocket.OPEN) open++;
    return open;
  }

  /** Turns viewers away: their sockets close, their unused tickets are void. Returns how many sockets were closed. */
  close(viewers: readonly Viewer[], reason: string): number {
    let closed = 0;
    for (const viewer of viewers) {
      this.#tickets.withdraw(viewer);
      closed += closeEach(this.#ctx.getWebSockets(viewerKey(viewer)), closeCodes.revoked, reason);
    }
    return closed;
  }

  /** The thing is gone: everybody is told. */
  closeAll(code: number, reason: string): void {
    closeEach(this.#ctx.getWebSockets(), code, reason);
  }

  /** Closes and drops what has expired. */
  sweep(wall: number): void {
    if (wall < this.#due) return;
    this.#tickets.sweep(wall);
    this.watchers(wall);
    this.#due = this.#earliest();
  }

  #earliest(): number {
    let due = this.#tickets.dueAt() ?? Number.POSITIVE_INFINITY;
    for (const socket of this.#ctx.getWebSockets()) {
      if (socket.readyState !== WebSocket.OPEN) continue;
      due = Math.min(due, (socket.deserializeAttachment() as Attachment).exp);
    }
    return due;
  }
}

function closeEach(sockets: WebSocket[], code: number, reason: string): number {
  let closed = 0;
  for (const socket of sockets) {
    if (socket.readyState !== WebSocket.OPEN) continue;
    socket.close(code, reason);
    closed++;
  }
  return closed;
}

/** The answer to a ticket that was used, has expired or never was; and to one for a thing that is not there, so that nobody can tell. */
export function turnAway(request: Request): Response {
  return refusal(request, "unauthenticated", "The ticket was used or has expired.");
}

function refusal(request: Request, code: "malformed_request" | "unauthenticated", detail: string): Response {
  const { pathname } = new URL(request.url);
  const refused = problem(code, { detail });
  const body = refused.body(pathname, request.headers.get("x-request-id") ?? "");
  return Response.json(body, { status: refused.status, headers: { "content-type": "application/problem+json" } });
}
