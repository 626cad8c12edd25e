/** How long a change takes to reach a thousand sockets that watch one machine: from the command to the last delivery. */
import { createHash, randomBytes } from "node:crypto";
import { Api } from "../../test/support/http/client.ts";
import { slot } from "../load/slots.ts";
import { WatchingSocket } from "../load/socket.ts";
import { median } from "../load/statistics.ts";
import { machineName, type ObjectServer } from "../servers/object.ts";
import type { World } from "../servers/world.ts";

export interface FanOutResult {
  title: string;
  sockets: number;
  /** Milliseconds to open them all, a snapshot on each. */
  opening: number;
  /** Milliseconds from the command to the last delivery: median and worst. */
  last: number;
  worst: number;
  commands: number;
}

/** A machine with watchers, and a command that changes it. */
interface Watched {
  title: string;
  /** A fresh address of its socket. */
  address(index: number): Promise<URL>;
  change(turn: number): Promise<unknown>;
}

const OPENED_TOGETHER = 50;
const PATIENCE_MS = 10_000;

/** Waits until every socket has `count` messages. */
async function delivered(sockets: readonly WatchingSocket[], count: number): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (sockets.some((socket) => socket.received < count)) {
    if (performance.now() > deadline) throw new Error("a socket did not hear of a change");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function measure(watched: Watched, count: number, commands: number): Promise<FanOutResult> {
  const sockets: WatchingSocket[] = [];
  try {
    const opened = performance.now();
    while (sockets.length < count) {
      const together = Math.min(OPENED_TOGETHER, count - sockets.length);
      const open = async (_: unknown, index: number) =>
        WatchingSocket.open(await watched.address(sockets.length + index));
      sockets.push(...(await Promise.all(Array.from({ length: together }, open))));
    }
    await delivered(sockets, 1);
    const opening = performance.now() - opened;
    const times: number[] = [];
    // The first one warms up.
    for (let turn = 0; turn <= commands; turn++) {
      const begin = performance.now();
      const changed = watched.change(turn);
      await delivered(sockets, turn + 2);
      await changed;
      if (turn > 0) times.push(Math.max(...sockets.map((socket) => socket.last_at)) - begin);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    const { title } = watched;
    return { title, sockets: count, opening, last: median(times), worst: Math.max(...times), commands };
  } finally {
    for (const socket of sockets) socket.close();
  }
}

/** Through the API of the running system: tickets, sockets and bookings. */
function wholePath(url: string, world: World): Watched {
  const apis = world.tokens.map((token) => new Api(url, token));
  const machine = `/api/v1/makerspaces/${world.makerspace_id}/equipment/${world.equipment_ids.at(-1)}`;
  const today = Date.now();
  return {
    title: "whole path under wrangler",
    async address(index) {
      const api = apis[index % apis.length] ?? world.root;
      const ticket = await api.post<{ url: string }>(`${machine}/live_tickets`);
      return new URL(ticket.url);
    },
    change: (turn) => {
      const { starts_at, ends_at } = slot(turn, today);
      const wire = { starts_at: new Date(starts_at).toISOString(), ends_at: new Date(ends_at).toISOString() };
      return world.root.post(`${machine}/reservations`, { ...wire, member_id: world.member_ids[0] });
    },
  };
}

/** The object alone on bare workerd. */
async function objectAlone(server: ObjectServer): Promise<Watched> {
  const path = `at_once/${machineName(2000)}`;
  await server.ask(`/configure/${path}`);
  return {
    title: "object on bare workerd",
    async address() {
      const digest = createHash("sha256").update(randomBytes(32)).digest("hex");
      await server.ask(`/grant/${path}?digest=${digest}`);
      return new URL(`http://127.0.0.1:${server.port}/live/${path}/${digest}`);
    },
    change: () => server.ask(`/book/${path}`),
  };
}

/** Measures both ways. */
export async function measureFanOut(
  system: { url: string; world: World },
  server: ObjectServer,
  count: number,
  commands: number,
  note: (text: string) => void,
): Promise<FanOutResult[]> {
  note(`${count} sockets on the object alone`);
  const alone = await measure(await objectAlone(server), count, commands);
  note(`${count} sockets on the whole path`);
  const whole = await measure(wholePath(system.url, system.world), count, commands);
  return [alone, whole];
}
