/** The machine's live sockets: what they are sent first, on every change, and after a gap. */

import { type Audience, audiences, closeCodes, type MachineMessage } from "../../src/modules/equipment/live.ts";
import type { SessionRecord } from "../../src/modules/equipment/port.ts";
import { toIso } from "../../src/platform/time.ts";
import type { Attachment, Door, Watcher } from "../live/door.ts";
import { parseResume, sendText } from "../live/messages.ts";
import { type EventBody, liveEvent } from "./events.ts";
import { WINDOW_MS, type World } from "./journal.ts";
import { outUntil, turnsAt } from "./outages.ts";
import { type Occupancy, plain } from "./schedule.ts";
import { machineState, type Scene, type Slot } from "./view.ts";

/** Slots in a state; a few more are read, for the current one and for buffers that are all that is left of a use. */
const UPCOMING = 10;
const READ = UPCOMING + 4;

export class Live {
  readonly #world: World;
  readonly #door: Door;

  constructor(world: World, door: Door) {
    this.#world = world;
    this.#door = door;
  }

  /** The machine at this instant. */
  scene(now: number): Scene {
    const { store, machine } = this.#world;
    const session = store.openSession();
    const outages = store.outages.ahead(now);
    const running = session && this.#sessionSlot(session);
    const [first, ...rest] = store.occupancy.between(now, now + WINDOW_MS, READ).filter((each) => each.ends_at > now);
    const isCurrent = first !== undefined && first.blocked_from <= now;
    const current = isCurrent ? this.#slot(first) : null;
    const ahead = (isCurrent ? rest : first ? [first, ...rest] : [])
      .slice(0, UPCOMING)
      .flatMap((each) => this.#slot(each) ?? []);
    // While somebody overstays, the booking that has begun is next.
    const waiting = running && current && session.reservation_id !== current.reservation_id ? current : null;
    const shown = running ?? current;
    return {
      machine,
      seq: store.state.seq,
      isRetired: store.state.retired_at !== null,
      session,
      now: shown,
      next: waiting ?? ahead[0] ?? null,
      upcoming: ahead,
      out_until: outUntil(outages, machine.zone, now),
      changes_at: this.#changesAt(now, isCurrent ? first : undefined, ahead[0]),
    };
  }

  /** When time alone changes the scene: a slot ends, begins, or comes into the window. */
  #changesAt(now: number, current: Occupancy | undefined, next: Slot | undefined): number {
    const beyond = this.#world.store.occupancy.after(now + WINDOW_MS);
    const { zone } = this.#world.machine;
    const turns = this.#world.store.outages.ahead(now).map((outage) => turnsAt(outage, zone, now));
    const times = [current?.ends_at, next?.starts_at, beyond && beyond.blocked_from - WINDOW_MS + 1, ...turns];
    return Math.min(
      ...times.map((time) => (time !== undefined && time !== null && time > now ? time : Number.POSITIVE_INFINITY)),
    );
  }

  #slot(held: Occupancy): Slot | null {
    const { store } = this.#world;
    // What is offered to somebody looks like what they keep.
    if ((held.kind === "hold" || held.kind === "offer") && held.member_id !== null) {
      const { member_id } = held;
      const nothingYet = { status: "pending", reservation_id: null } as const;
      return { kind: "hold", ...plain(held), ...nothingYet, member_id, holder: store.people.holder(member_id) };
    }
    const reservation = held.kind === "reservation" ? store.reservation(held.id) : null;
    if (!reservation) return null;
    const { id, member_id, status } = reservation;
    return {
      kind: "reservation",
      ...plain(held),
      status,
      reservation_id: id,
      member_id,
      holder: store.people.holder(member_id),
    };
  }

  #sessionSlot({ member_id, reservation_id, started_at, planned_end_at }: SessionRecord): Slot {
    return {
      kind: reservation_id === null ? "walk_up" : "session",
      starts_at: started_at,
      ends_at: planned_end_at,
      status: "active",
      reservation_id,
      member_id,
      holder: this.#world.store.people.holder(member_id),
    };
  }

  /** What a new socket gets: the gap since `resume`, or the whole state. */
  greet({ socket, attachment }: Watcher, resume: number | null, now: number): void {
    const gap = resume === null ? null : this.#world.outbox.since(resume);
    const scene = this.scene(now);
    const state = machineState(scene, attachment.audience, viewerOf(attachment));
    if (!state) return;
    const server_time = toIso(now);
    if (!gap || gap.length === 0) return send(socket, { type: "snapshot", seq: scene.seq, server_time, state });
    for (const [index, body] of gap.entries()) {
      const event = { type: "event", seq: body.seq, server_time, event: liveEvent(body) } as const;
      send(socket, index === gap.length - 1 ? { ...event, state } : event);
    }
  }

  /** Sends what just happened to everybody who watches. Each audience's payload is made once, and one for each holder who watches. */
  broadcast(events: readonly EventBody[], now: number): void {
    const watchers = events.length === 0 ? [] : this.#door.watchers(Date.now());
    if (watchers.length === 0) return;
    const scene = this.scene(now);
    const holders = new Set([scene.now, scene.next, ...scene.upcoming].map((slot) => slot?.member_id));
    const texts = new Map<string, string[]>();
    for (const { socket, attachment } of watchers) {
      const viewer = viewerOf(attachment);
      const named = viewer !== null && holders.has(viewer) ? viewer : null;
      const key = `${attachment.audience} ${named ?? ""}`;
      let messages = texts.get(key);
      if (!messages) {
        messages = this.#messages(events, scene, attachment.audience, named, now);
        texts.set(key, messages);
      }
      for (const message of messages) sendText(socket, message);
    }
  }

  #messages(
    events: readonly EventBody[],
    scene: Scene,
    audience: Audience,
    viewer: string | null,
    now: number,
  ): string[] {
    const state = machineState(scene, audience, viewer);
    return events.map((body, index) => {
      const isLast = index === events.length - 1;
      const message: MachineMessage = { type: "event", seq: body.seq, server_time: toIso(now), event: liveEvent(body) };
      return JSON.stringify(isLast && state ? { ...message, state } : message);
    });
  }

  /** A client asks for what it missed; anything else is a mistake of its own. */
  hear(watcher: Watcher, text: string | ArrayBuffer, now: number): void {
    const message = parseResume(text);
    if (!message) return watcher.socket.close(closeCodes.protocol, "not understood");
    if (this.#door.mayResume(watcher, Date.now())) this.greet(watcher, message.seq, now);
  }

  /** The state for the board, one text per audience; null before the machine was configured. */
  boardStates(scene: Scene): Record<Audience, string> | null {
    const states = audiences.map((audience) => [audience, machineState(scene, audience, null)] as const);
    if (states.some(([, state]) => state === null)) return null;
    return Object.fromEntries(states.map(([audience, state]) => [audience, JSON.stringify(state)])) as Record<
      Audience,
      string
    >;
  }
}

const viewerOf = ({ principal }: Attachment): string | null => (principal.kind === "member" ? principal.id : null);

const send = (socket: WebSocket, message: MachineMessage): void => sendText(socket, JSON.stringify(message));
