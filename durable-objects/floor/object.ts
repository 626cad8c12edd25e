/** The live board of one makerspace: the newest state of every machine, and the home of its tablets' credentials. */

import { DurableObject } from "cloudflare:workers";
import type { Audience, FloorMessage } from "../../src/modules/equipment/live.ts";
import { closeCodes } from "../../src/modules/equipment/live.ts";
import type { FloorPort, FloorUpdate, TabletCredential, TicketGrant } from "../../src/modules/equipment/port.ts";
import { toIso } from "../../src/platform/time.ts";
import { Alarm } from "../alarm.ts";
import { Door, type Watcher } from "../live/door.ts";
import { parseResume, sayGoodbye, sendText } from "../live/messages.ts";
import type { Viewer } from "../live/tickets.ts";
import { migrate } from "../sql.ts";
import { migrations } from "./schema.ts";
import { type BoardRow, FloorStore } from "./store.ts";

/** Changes within this go out together. */
const COALESCE_MS = 250;

export class FloorObject extends DurableObject implements FloorPort {
  readonly #store: FloorStore;
  readonly #door: Door;
  readonly #alarm: Alarm;
  #sentAt = 0;
  #isScheduled = false;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    migrate(ctx.storage, migrations);
    this.#store = new FloorStore(ctx.storage);
    this.#door = new Door(ctx);
    this.#alarm = new Alarm(ctx.storage);
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      this.#alarm.arm(this.#door.dueAt, false);
    });
    // What an eviction caught between its arrival and its sending.
    if (this.#store.hasUnsent()) this.#schedule();
  }

  async publish(update: FloorUpdate): Promise<void> {
    if (this.#store.put(update)) this.#schedule();
  }

  async watched(equipment_id: string, watched: boolean): Promise<void> {
    this.#store.watch(equipment_id, watched);
  }

  async watchedMachines(): Promise<string[]> {
    return this.#store.watched();
  }

  async grantTicket({
    digest,
    expires_at,
    ...admission
  }: TicketGrant & { equipment_ids: string[] | null }): Promise<void> {
    const { audience, principal, equipment_ids } = admission;
    this.#door.grant(digest, expires_at, { audience, principal, equipment_ids });
    this.#alarm.arm(this.#door.dueAt, false);
  }

  async closeSockets(principal: Viewer, reason: string): Promise<number> {
    return this.#door.close(principal, reason);
  }

  async putTablet(tablet: TabletCredential): Promise<void> {
    this.#store.putTablet(tablet);
  }

  async tablet(tablet_id: string, token_digest: string): Promise<TabletCredential | null> {
    return this.#store.tablet(tablet_id, token_digest);
  }

  async revokeTablet(tablet_id: string): Promise<void> {
    this.#store.dropTablet(tablet_id);
    this.#door.close({ kind: "tablet", id: tablet_id }, "revoked");
  }

  override async fetch(request: Request): Promise<Response> {
    const now = Date.now();
    const { response, watcher } = this.#door.open(request, now);
    if (!watcher) return response;
    const resume = new URL(request.url).searchParams.get("resume");
    this.#greet(watcher, resume === null ? null : Number(resume), now);
    this.#alarm.arm(this.#door.dueAt, false);
    return response;
  }

  override async webSocketMessage(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    const now = Date.now();
    const watcher = this.#door.watcher(socket, now);
    if (!watcher) return;
    const message = parseResume(text);
    if (message) this.#greet(watcher, message.seq, now);
    else socket.close(closeCodes.protocol, "not understood");
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    sayGoodbye(socket);
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    this.#door.sweep(Date.now());
    this.#alarm.arm(this.#door.dueAt, true);
  }

  /** What changed since `resume`, or the whole board. */
  #greet({ socket, attachment }: Watcher, resume: number | null, now: number): void {
    const seq = this.#store.seq;
    const isKnown = resume !== null && Number.isSafeInteger(resume) && resume >= 0 && resume <= seq;
    const rows = this.#store.since(isKnown ? resume : 0);
    const type = isKnown && resume > 0 ? "update" : "snapshot";
    sendText(socket, messageText(type, seq, now, rows, attachment.audience, attachment.equipment_ids));
  }

  /** Sends soon: at once after a quiet moment, otherwise when the last quarter of a second is over. */
  #schedule(): void {
    if (this.#isScheduled) return;
    const wait = this.#sentAt + COALESCE_MS - Date.now();
    if (wait <= 0 || this.#door.count() === 0) return this.#send();
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      this.#send();
    }, wait);
  }

  /** Sends the newest state of what changed to everybody; one text per audience and set of machines. */
  #send(): void {
    const now = Date.now();
    const watchers = this.#door.watchers(now);
    const rows = this.#store.takeUnsent();
    if (rows.length === 0 || watchers.length === 0) return;
    this.#sentAt = now;
    const { seq } = this.#store;
    const texts = new Map<string, string>();
    for (const { socket, attachment } of watchers) {
      const { audience, equipment_ids } = attachment;
      if (equipment_ids && !rows.some((row) => equipment_ids.includes(row.equipment_id))) continue;
      const key = `${audience} ${equipment_ids?.join() ?? ""}`;
      const text = texts.get(key) ?? messageText("update", seq, now, rows, audience, equipment_ids);
      texts.set(key, text);
      sendText(socket, text);
    }
  }
}

/** A FloorMessage around states that are JSON already. */
function messageText(
  type: FloorMessage["type"],
  seq: number,
  now: number,
  rows: readonly BoardRow[],
  audience: Audience,
  equipment_ids: string[] | null,
): string {
  const seen = rows.filter((row) => equipment_ids?.includes(row.equipment_id) ?? true);
  const machines = seen.filter((row) => row.removed === 0).map((row) => row[audience]);
  const removed = seen.filter((row) => row.removed === 1).map((row) => row.equipment_id);
  const head = `{"type":"${type}","seq":${seq},"server_time":"${toIso(now)}","machines":[${machines.join(",")}]`;
  return type === "snapshot" ? `${head}}` : `${head},"removed":${JSON.stringify(removed)}}`;
}
