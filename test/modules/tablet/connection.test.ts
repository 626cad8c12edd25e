import { beforeEach, describe, expect, it } from "vitest";
import type { TicketResult } from "../../../web/src/tablet/api.ts";
import {
  backoff,
  Connection,
  type Phase,
  resumeUrl,
  type ServerMessage,
  type SocketEvents,
  timing,
} from "../../../web/src/tablet/connection.ts";
import { machine } from "./fixtures.ts";

/** A world of its own: the clock moves when a test says so, sockets and tickets are what it hands out. */
class FakeWorld {
  time = 0;
  phases: Phase[] = [];
  messages: ServerMessage[] = [];
  heard = 0;
  answers: TicketResult[] = [];
  tickets = 0;
  sockets: { url: string; events: SocketEvents; sent: string[]; closed: boolean }[] = [];
  #timers = new Set<{ due: number; run: () => void }>();

  readonly connection = new Connection(
    {
      ticket: async () => {
        this.tickets += 1;
        return this.answers.shift() ?? { kind: "granted", url: `ws://test/live?ticket=${this.tickets}` };
      },
      open: (url, events) => {
        const socket = { url, events, sent: [] as string[], closed: false };
        this.sockets.push(socket);
        return {
          send: (text) => socket.sent.push(text),
          close: () => {
            socket.closed = true;
          },
        };
      },
      after: (ms, run) => {
        const timer = { due: this.time + ms, run };
        this.#timers.add(timer);
        return () => this.#timers.delete(timer);
      },
      now: () => this.time,
      random: () => 1,
    },
    {
      phase: (phase) => this.phases.push(phase),
      heard: () => {
        this.heard += 1;
      },
      message: (message) => this.messages.push(message),
    },
  );

  get last() {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  get timers(): number {
    return this.#timers.size;
  }

  /** Moves the clock, timer by timer. */
  async pass(ms: number): Promise<void> {
    const end = this.time + ms;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.time = due.due;
      due.run();
      await settle();
    }
    this.time = end;
  }

  say(seq: number): void {
    const message = { type: "snapshot", seq, server_time: "2026-11-22T13:00:00.000Z", state: machine({ seq }) };
    this.last.events.received(JSON.stringify(message));
  }

  async goLive(seq = 1): Promise<void> {
    this.connection.start();
    await settle();
    this.last.events.opened();
    this.say(seq);
  }
}

const settle = async () => {
  for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
};

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});

describe("a connection", () => {
  it("asks for a ticket, opens the socket and is live with the first word", async () => {
    await world.goLive(7);
    expect(world.last.url).toBe("ws://test/live?ticket=1");
    expect(world.phases).toEqual(["live"]);
    expect(world.messages).toHaveLength(1);
  });

  it("is live on a pong when nothing was missed", async () => {
    world.connection.start();
    await settle();
    world.last.events.opened();
    expect(world.last.sent).toEqual(["ping"]);
    world.last.events.received("pong");
    expect(world.phases).toEqual(["live"]);
    expect(world.heard).toBe(1);
  });

  it("pings while nothing happens, and takes silence for a dead line", async () => {
    await world.goLive();
    world.last.sent.length = 0;
    await world.pass(timing.ping);
    expect(world.last.sent).toEqual(["ping"]);
    world.last.events.received("pong");
    await world.pass(timing.ping);
    expect(world.last.sent).toEqual(["ping", "ping"]);
    await world.pass(timing.pong);
    expect(world.sockets[0]?.closed).toBe(true);
    expect(world.phases.at(-1)).toBe("waiting");
  });

  it("resumes with the last number it saw", async () => {
    await world.goLive(41);
    world.say(42);
    world.last.events.closed(1006);
    await world.pass(timing.backoffFirst);
    expect(world.last.url).toBe("ws://test/live?ticket=2&resume=42");
  });

  it("backs off twice as long each time, up to a bound, and starts anew after a good connection", async () => {
    await world.goLive();
    const waits: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      const opened = world.sockets.length;
      const from = world.time;
      world.last.events.closed(1006);
      while (world.sockets.length === opened) await world.pass(50);
      waits.push(world.time - from);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000]);

    world.say(2);
    await world.pass(timing.stable);
    world.last.events.closed(1012);
    await world.pass(timing.backoffFirst);
    expect(world.sockets).toHaveLength(11);
  });

  it("fetches a new ticket at once when its time was up (4401), and lets the ticket decide after 4403", async () => {
    await world.goLive(5);
    await world.pass(timing.stable);
    world.last.events.closed(4401);
    await settle();
    expect(world.last.url).toBe("ws://test/live?ticket=2&resume=5");

    world.last.events.opened();
    world.last.events.received("pong");
    await world.pass(timing.stable);
    world.answers.push({ kind: "refused" });
    world.last.events.closed(4403);
    await settle();
    expect(world.phases.at(-1)).toBe("refused");
  });

  it("does not spin when a server closes every socket at once", async () => {
    await world.goLive();
    world.last.events.closed(4401);
    await settle();
    expect(world.sockets).toHaveLength(1);
    expect(world.phases.at(-1)).toBe("waiting");
  });

  it("says that a machine is gone", async () => {
    await world.goLive();
    world.last.events.closed(4404);
    expect(world.phases.at(-1)).toBe("gone");
    expect(world.last.closed).toBe(true);
  });

  it("asks again now and then after a refusal, and comes back when it is taken back", async () => {
    world.answers.push({ kind: "refused" }, { kind: "later", wait_ms: 0 }, { kind: "refused" });
    world.connection.start();
    await settle();
    expect(world.phases).toEqual(["refused"]);
    await world.pass(timing.refusedFirst + 2 * timing.refusedFirst);
    expect(world.phases).toEqual(["refused"]);
    expect(world.tickets).toBe(3);
    await world.pass(4 * timing.refusedFirst);
    world.last.events.received("pong");
    expect(world.phases).toEqual(["refused", "connecting", "live"]);
  });

  it("waits as long as the server asks for", async () => {
    world.answers.push({ kind: "later", wait_ms: 17_000 });
    world.connection.start();
    await world.pass(16_999);
    expect(world.tickets).toBe(1);
    await world.pass(1);
    expect(world.tickets).toBe(2);
  });

  it("gives up on a socket that never says a word", async () => {
    world.connection.start();
    await settle();
    await world.pass(timing.open);
    expect(world.sockets[0]?.closed).toBe(true);
    expect(world.phases.at(-1)).toBe("waiting");
  });

  it("does not listen to a socket that it gave up", async () => {
    await world.goLive(3);
    const old = world.last;
    old.events.closed(1006);
    old.events.received(JSON.stringify({ type: "snapshot", seq: 99, server_time: "", state: machine() }));
    old.events.closed(1006);
    await world.pass(timing.backoffFirst);
    expect(world.messages).toHaveLength(1);
    expect(world.sockets).toHaveLength(2);
  });

  it("looks at once when the device says that something changed", async () => {
    await world.goLive();
    world.connection.check();
    await world.pass(timing.hurriedPong);
    expect(world.phases.at(-1)).toBe("waiting");
    world.connection.check();
    await settle();
    expect(world.sockets).toHaveLength(2);
  });

  it("leaves nothing behind when it stops", async () => {
    await world.goLive();
    world.connection.stop();
    expect(world.last.closed).toBe(true);
    expect(world.timers).toBe(0);
  });

  it("survives words that are not the protocol's", async () => {
    await world.goLive();
    for (const text of ["", "{", "null", "[]", '{"type":"?"}', "7"]) world.last.events.received(text);
    expect(world.messages).toHaveLength(1);
    expect(world.phases).toEqual(["live"]);
  });
});

describe("the wait between two tries", () => {
  it("is half fixed, half chance", () => {
    expect(backoff(2, 0, 500, 30_000)).toBe(1_000);
    expect(backoff(2, 0.5, 500, 30_000)).toBe(1_500);
    expect(backoff(1_000, 1, 500, 30_000)).toBe(30_000);
  });
});

describe("the socket's address", () => {
  it("keeps the server's own parameters", () => {
    expect(resumeUrl("wss://a/live?ticket=x", 3)).toBe("wss://a/live?ticket=x&resume=3");
    expect(resumeUrl("wss://a/live", 0)).toBe("wss://a/live?resume=0");
    expect(resumeUrl("wss://a/live?ticket=x", null)).toBe("wss://a/live?ticket=x");
  });
});
