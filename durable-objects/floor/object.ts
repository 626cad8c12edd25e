/**
 * The live board of one makerspace: the newest state of every machine, and the home of its tablets' credentials.
 * It has tables once somebody has something to keep: whoever asks for a board that is not there leaves no trace.
 */

import { DurableObject } from "cloudflare:workers";
import type { Audience, FloorMessage } from "../../src/modules/equipment/live.ts";
import { closeCodes } from "../../src/modules/equipment/live.ts";
import type { FloorPort, FloorUpdate, TabletCredential, TicketGrant } from "../../src/modules/equipment/port.ts";
import { toIso } from "../../src/platform/time.ts";
import { Alarm } from "../alarm.ts";
import { type ObjectEnv, socketLimitsOf } from "../env.ts";
import { Door, turnAway, type Watcher } from "../live/door.ts";
import { parseResume, sayGoodbye, sendText } from "../live/messages.ts";
import type { Viewer } from "../live/tickets.ts";
import { isMigrated, migrate } from "../sql.ts";
import { migrations } from "./schema.ts";
import { type BoardRow, FloorStore } from "./store.ts";

/** Changes within this go out together. */
const COALESCE_MS = 250;

/** What a board has once it keeps anything. */
interface Kept {
  store: FloorStore;
  door: Door;
}

export class FloorObject extends DurableObject<Pick<ObjectEnv, "RATE_LIMITS">> implements FloorPort {
  readonly #alarm: Alarm;
  #kept: Kept | null;
  #sentAt = 0;
  #isScheduled = false;

  constructor(ctx: DurableObjectState, env: Pick<ObjectEnv, "RATE_LIMITS">) {
    super(ctx, env);
    this.#alarm = new Alarm(ctx.storage);
    const kept = isMigrated(ctx.storage) ? this.#open() : null;
    this.#kept = kept;
    if (!kept) return;
    void ctx.blockConcurrencyWhile(async () => {
      await this.#alarm.load();
      this.#alarm.arm(kept.door.dueAt, false);
    });
    // What an eviction caught between its arrival and its sending.
    if (kept.store.hasUnsent()) this.#schedule(kept);
  }

  async publish(update: FloorUpdate): Promise<void> {
    const kept = this.#keep();
    if (kept.store.put(update)) this.#schedule(kept);
  }

  async watched(equipment_id: string, watched: boolean): Promise<void> {
    this.#keep().store.watch(equipment_id, watched);
  }

  async watchedMachines(): Promise<string[]> {
    return this.#kept?.store.watched() ?? [];
  }

  async grantTicket({
    digest,
    expires_at,
    ...admission
  }: TicketGrant & { equipment_ids: string[] | null }): Promise<boolean> {
    const { audience, principal, equipment_ids } = admission;
    const { door, store } = this.#keep();
    // It may have been revoked while it asked.
    if (principal.kind === "tablet" && !store.hasTablet(principal.id)) return false;
    door.grant(digest, expires_at, { audience, principal, equipment_ids });
    this.#alarm.arm(door.dueAt, false);
    return true;
  }

  async isPaired(tablet_id: string): Promise<boolean> {
    return this.#kept?.store.hasTablet(tablet_id) ?? false;
  }

  async closeSockets(principals: readonly Viewer[], reason: string): Promise<number> {
    return this.#kept?.door.close(principals, reason) ?? 0;
  }

  async putTablet(tablet: TabletCredential): Promise<void> {
    this.#keep().store.putTablet(tablet);
  }

  async tablet(tablet_id: string, token_digest: string): Promise<TabletCredential | null> {
    return this.#kept?.store.tablet(tablet_id, token_digest) ?? null;
  }

  async revokeTablet(tablet_id: string): Promise<void> {
    this.#kept?.store.dropTablet(tablet_id);
    this.#kept?.door.close([{ kind: "tablet", id: tablet_id }], "revoked");
  }

  async present(member_ids: readonly string[]): Promise<string[]> {
    const { door } = this.#kept ?? {};
    return door ? member_ids.filter((id) => door.watchersOf({ kind: "member", id }, Date.now()).length > 0) : [];
  }

  async tell(messages: readonly { member_id: string; text: string }[]): Promise<number> {
    const { door } = this.#kept ?? {};
    let heard = 0;
    for (const { member_id, text } of door ? messages : []) {
      for (const { socket } of door?.watchersOf({ kind: "member", id: member_id }, Date.now()) ?? []) {
        sendText(socket, text);
        heard++;
      }
    }
    return heard;
  }

  override async fetch(request: Request): Promise<Response> {
    const kept = this.#kept;
    if (!kept) return turnAway(request);
    const now = Date.now();
    const { response, watcher } = kept.door.open(request, now);
    if (!watcher) return response;
    const resume = new URL(request.url).searchParams.get("resume");
    this.#greet(kept, watcher, resume === null ? null : Number(resume), now);
    this.#alarm.arm(kept.door.dueAt, false);
    return response;
  }

  override async webSocketMessage(socket: WebSocket, text: string | ArrayBuffer): Promise<void> {
    const kept = this.#kept;
    const now = Date.now();
    const watcher = kept?.door.watcher(socket, now);
    if (!kept || !watcher) return;
    const message = parseResume(text);
    if (!message) socket.close(closeCodes.protocol, "not understood");
    else if (kept.door.mayResume(watcher, now)) this.#greet(kept, watcher, message.seq, now);
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    sayGoodbye(socket);
  }

  override async alarm(): Promise<void> {
    this.#alarm.fired();
    const { door } = this.#kept ?? {};
    door?.sweep(Date.now());
    if (door) this.#alarm.arm(door.dueAt, true);
  }

  #keep(): Kept {
    this.#kept ??= this.#open();
    return this.#kept;
  }

  #open(): Kept {
    migrate(this.ctx.storage, migrations);
    return { store: new FloorStore(this.ctx.storage), door: new Door(this.ctx, socketLimitsOf(this.env)) };
  }

  /** What changed since `resume`, or the whole board. */
  #greet({ store }: Kept, { socket, attachment }: Watcher, resume: number | null, now: number): void {
    const { seq } = store;
    const isKnown = resume !== null && Number.isSafeInteger(resume) && resume >= 0 && resume <= seq;
    const rows = store.since(isKnown ? resume : 0);
    const type = isKnown && resume > 0 ? "update" : "snapshot";
    sendText(socket, messageText(type, seq, now, rows, attachment.audience, attachment.equipment_ids));
  }

  /** Sends soon: at once after a quiet moment, otherwise when the last quarter of a second is over. */
  #schedule(kept: Kept): void {
    if (this.#isScheduled) return;
    const wait = this.#sentAt + COALESCE_MS - Date.now();
    if (wait <= 0 || kept.door.count() === 0) return this.#send(kept);
    this.#isScheduled = true;
    setTimeout(() => {
      this.#isScheduled = false;
      this.#send(kept);
    }, wait);
  }

  /** Sends the newest state of what changed to everybody; one text per audience and set of machines. */
  #send({ store, door }: Kept): void {
    const now = Date.now();
    const watchers = door.watchers(now);
    const rows = store.takeUnsent();
    if (rows.length === 0 || watchers.length === 0) return;
    this.#sentAt = now;
    const { seq } = store;
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
