/** Live sockets through the real system: who watches sees the end of every story, and only what they may. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { closeCodes, type LiveSlot, type MachineState } from "../../src/modules/equipment/live.ts";
import { Api, iso } from "../support/http/client.ts";
import { LiveSocket } from "../support/http/live.ts";
import { type Person, type WireReservation, World } from "../support/http/world.ts";
import { eventually, pause, report, startSystem } from "./support/system.ts";

const SOCKETS = 200;
const HOUR = 3_600_000;

interface Tablet {
  id: string;
  api: Api;
}

async function pairTablet(world: World, equipment_id: string): Promise<Tablet> {
  const body = { equipment_ids: [equipment_id], label: "Beside the laser" };
  const { id, pairing_code } = await world.root.post<{ id: string; pairing_code: string }>(world.path("tablets"), body);
  const { token } = await new Api(world.url).post<{ token: string }>("/api/v1/tablets/pair", { code: pairing_code });
  return { id, api: new Api(world.url, token) };
}

/** The next full hour and so many more: within the 24 hours that a state shows. */
const slotIn = (hours: number): { starts_at: string; ends_at: string } => {
  const starts_at = Math.ceil(Date.now() / HOUR) * HOUR + hours * HOUR;
  return { starts_at: iso(starts_at), ends_at: iso(starts_at + HOUR) };
};

const book = (world: World, machine: string, by: Person, hours: number): Promise<WireReservation> =>
  by.api.post<WireReservation>(world.machinePath(machine, "/reservations"), slotIn(hours));

const cancel = (world: World, by: Person, { equipment_id, id }: WireReservation): Promise<WireReservation> =>
  by.api.post<WireReservation>(world.machinePath(equipment_id, `/reservations/${id}/cancel`));

/** The state without what differs between holders and others. */
function common(state: MachineState | null): unknown {
  assert(state);
  const blank = (slot: LiveSlot | null): unknown =>
    slot && { kind: slot.kind, starts_at: slot.starts_at, ends_at: slot.ends_at, status: slot.status };
  return { ...state, now: blank(state.now), next: blank(state.next), upcoming: state.upcoming.map(blank) };
}

/** Opens sockets a few at a time, as many devices would. */
async function openMany(count: number, open: (n: number) => Promise<LiveSocket>): Promise<LiveSocket[]> {
  const sockets: LiveSocket[] = [];
  for (let n = 0; n < count; n += 20) {
    sockets.push(...(await Promise.all(Array.from({ length: Math.min(20, count - n) }, (_, k) => open(n + k)))));
  }
  return sockets;
}

test("live sockets", async (t) => {
  const server = await startSystem(t);
  const world = await World.create(server.url);
  const staff = await world.person({ role: "makerspace_admin", first_name: "Siegfried", last_name: "Staffmann" });
  const holders = await Promise.all(
    ["Zebedee", "Wilhelmina", "Octavian"].map((first_name) => world.person({ first_name, last_name: "Quillfeather" })),
  );
  const onlookers = await world.people(5, { first_name: "Onno", last_name: "Looker" });
  const [zebedee, wilhelmina, octavian] = holders;
  assert(zebedee && wilhelmina && octavian);
  const { id: machine } = await world.machine({ min_minutes: 1, granularity_minutes: 1 });
  const path = world.machinePath(machine);
  const tablet = await pairTablet(world, machine);
  const turnedAway: LiveSocket[] = [];

  await t.test(`${SOCKETS} sockets see the same final state after a burst of changes`, async () => {
    const apis = [staff.api, tablet.api, ...onlookers.map((each) => each.api), ...holders.map((each) => each.api)];
    const opening = performance.now();
    const sockets = await openMany(SOCKETS, (n) => LiveSocket.open(apis[n % apis.length] ?? staff.api, path));
    await Promise.all(sockets.map((socket) => socket.until("a snapshot", (each) => each.state !== null)));
    const opened_ms = Math.round(performance.now() - opening);
    assert(sockets.every((socket) => socket.messages[0]?.type === "snapshot"));

    const before = Math.max(...sockets.map((socket) => socket.seq));
    await Promise.all(
      Array.from({ length: 30 }, async (_, n) => {
        const by = holders[n % holders.length] ?? zebedee;
        const booked = await book(world, machine, by, n % 20).catch(() => null);
        if (booked && n % 3 === 0) await cancel(world, by, booked);
      }),
    );
    const asked_at = performance.now();
    const last = await book(world, machine, zebedee, 21);
    const answered_at = performance.now();
    const showsLast = (socket: LiveSocket): boolean =>
      socket.state?.upcoming.some((slot) => slot.starts_at === last.starts_at) === true ||
      socket.state?.next?.starts_at === last.starts_at;
    await sockets[0]?.until("the last change", (each) => each.seq > before && each.state !== null);
    await pause(300);
    const final = Math.max(...sockets.map((socket) => socket.seq));
    const told = (): Set<string> => new Set(sockets.map((socket) => JSON.stringify(common(socket.state))));
    const areEqual = (): boolean => sockets.every((socket) => socket.seq >= final) && told().size === 1;
    await eventually(`number ${final} and one state on every socket`, areEqual, 10_000);
    // Ten slots are shown; with more booked the last one may be past them.
    const shown = sockets[0]?.state?.upcoming.length ?? 0;
    assert(shown === 10 || sockets.every(showsLast));
    for (const socket of sockets) {
      const numbers = socket.messages.map((message) => message.seq);
      assert.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
        "numbers went back",
      );
      assert.equal(new Set(numbers).size, numbers.length, "a number came twice");
      assert.equal(numbers.length, (numbers.at(-1) ?? 0) - (numbers[0] ?? 0) + 1, "a number is missing");
    }
    const delivered = Math.max(...sockets.map((socket) => socket.arrivals.get(final) ?? 0));
    report("live", {
      sockets: SOCKETS,
      opened_ms,
      events: final - before,
      last_delivery_after_request_ms: Math.round(delivered - asked_at),
      last_delivery_after_answer_ms: Math.round(delivered - answered_at),
    });
    await Promise.all(sockets.map((socket) => socket.close()));
  });

  await t.test("no audience sees a name it may not", async () => {
    const watch = async (api: Api): Promise<LiveSocket> => {
      const socket = await LiveSocket.open(api, path);
      await socket.until("a snapshot", (each) => each.state !== null);
      return socket;
    };
    const settings = async (show_holder: string): Promise<void> => {
      const { version } = await world.root.get<{ version: number }>(`/api/v1/makerspaces/${world.makerspace_id}`);
      await world.root.must("PATCH", `/api/v1/makerspaces/${world.makerspace_id}`, {
        body: { show_holder },
        if_version: version,
      });
    };
    const everything = async (act: () => Promise<unknown>): Promise<Record<string, string>> => {
      const sockets = {
        staff: await watch(staff.api),
        tablet: await watch(tablet.api),
        member: await watch(onlookers[0]?.api ?? staff.api),
      };
      const own = await watch(octavian.api);
      const seen = Object.values(sockets).map((socket) => socket.seq);
      await act();
      await Promise.all(
        Object.values(sockets).map((socket, n) => socket.until("the change", (each) => each.seq > (seen[n] ?? 0))),
      );
      await pause(100);
      const texts = Object.fromEntries(
        Object.entries({ ...sockets, own }).map(([name, socket]) => [name, socket.texts.join("\n")]),
      );
      await Promise.all([...Object.values(sockets), own].map((socket) => socket.close()));
      return texts;
    };

    await settings("none");
    let booked = await book(world, machine, octavian, 22);
    let texts = await everything(async () => {
      booked = await cancel(world, octavian, booked);
      await book(world, machine, octavian, 22);
    });
    assert.match(texts.staff ?? "", /Octavian Quillfeather/);
    assert.match(texts.own ?? "", /"mine":true/);
    for (const audience of ["tablet", "member"]) {
      for (const { first_name, last_name, member_id } of [...holders, staff, ...onlookers]) {
        assert(!texts[audience]?.includes(first_name), `${audience} reads the name ${first_name}`);
        assert(!texts[audience]?.includes(last_name), `${audience} reads the name ${last_name}`);
        assert(!texts[audience]?.includes(member_id), `${audience} reads a member's id`);
      }
      assert.doesNotMatch(texts[audience] ?? "", /"mine":true/);
    }

    await settings("first_name");
    texts = await everything(async () => {
      const session = await octavian.api.post<{ id: string }>(world.machinePath(machine, "/sessions"), {
        planned_minutes: 1,
      });
      await octavian.api.post(world.machinePath(machine, `/sessions/${session.id}/end`));
    });
    assert.match(texts.tablet ?? "", /Octavian/);
    assert.doesNotMatch(texts.tablet ?? "", /Quillfeather/);
    assert.doesNotMatch(texts.member ?? "", /Octavian|Quillfeather/);
  });

  await t.test("who reconnects with the last number gets what was missed, in order, and nothing else", async () => {
    const first = await LiveSocket.open(tablet.api, path);
    await first.until("a snapshot", (each) => each.state !== null);
    const seen = first.seq;
    await first.close();
    for (let n = 0; n < 3; n++) await cancel(world, wilhelmina, await book(world, machine, wilhelmina, 30 + n));
    const again = await LiveSocket.open(tablet.api, path, seen);
    await again.until("six events", (each) => each.messages.length >= 6);
    assert.deepEqual(
      again.messages.map(({ type, seq }) => [type, seq]),
      Array.from({ length: 6 }, (_, n) => ["event", seen + 1 + n]),
    );
    assert.deepEqual(
      again.messages.map((message) => message.state !== undefined),
      [false, false, false, false, false, true],
    );
    // The same by message, on a socket that is open already.
    again.send(JSON.stringify({ type: "resume", seq: seen + 4 }));
    await again.until("the gap once more", (each) => each.messages.length >= 8);
    assert.deepEqual(
      again.messages.slice(6).map(({ seq }) => seq),
      [seen + 5, seen + 6],
    );
    again.send("ping");
    await again.until("a pong", (each) => each.texts.at(-1) === "pong");
    assert.equal((await again.close()).code, 1000, "a goodbye is answered");
  });

  await t.test("the board shows every machine on one socket, and follows", async () => {
    const quiet = await world.machine();
    const board = await LiveSocket.open(staff.api, world.path("floor"));
    const shows = (text: string): boolean => board.texts.some((each) => each.includes(text));
    await board.until("both machines", () => shows(machine) && shows(quiet.id));
    const booked = await book(world, quiet.id, octavian, 3);
    await board.until("the new booking", () => shows(booked.id));
    assert.equal((await board.close()).code, 1000, "a goodbye is answered");
  });

  await t.test("a ticket opens one socket, for its own machine only", async () => {
    const ticket = await staff.api.must<{ ticket: string; url: string; expires_at: string }>(
      "POST",
      `${path}/live_tickets`,
      { body: {} },
    );
    const socket = await LiveSocket.use(server.url, ticket);
    await assert.rejects(LiveSocket.use(server.url, ticket));
    await socket.close();
    const other = await world.machine();
    const refused = await tablet.api.send("POST", world.machinePath(other.id, "/live_tickets"), { body: {} });
    assert(
      refused.status === 403 || refused.status === 404,
      `a tablet got ${refused.status} for a machine that is not its own`,
    );
  });

  await t.test("a suspended member and a revoked tablet lose their sockets at once, others do not", async () => {
    const suspended = await LiveSocket.open(zebedee.api, path);
    const revoked = await LiveSocket.open(tablet.api, path);
    const kept = await LiveSocket.open(wilhelmina.api, path);
    await kept.until("a snapshot", (each) => each.state !== null);

    const suspended_ms = await eventually(
      "the suspended member's goodbye",
      () => !suspended.isOpen,
      5_000,
      async () => {
        await staff.api.post(world.path(`members/${zebedee.member_id}/suspend`), { reason: "Rules" });
      },
    );
    const revoked_ms = await eventually(
      "the revoked tablet's goodbye",
      () => !revoked.isOpen,
      5_000,
      async () => {
        await staff.api.must("DELETE", world.path(`tablets/${tablet.id}`));
      },
    );
    turnedAway.push(suspended, revoked);

    report("live_access", { suspended_ms: Math.round(suspended_ms), revoked_ms: Math.round(revoked_ms) });
    assert(suspended_ms < 2_000 && revoked_ms < 2_000);
    kept.send("ping");
    await kept.until("a pong", (each) => each.texts.at(-1) === "pong");
    await kept.close();
    for (const api of [zebedee.api, tablet.api]) {
      const { status } = await api.send("POST", `${path}/live_tickets`, { body: {} });
      assert(status === 401 || status === 403, `a new ticket was answered ${status}`);
    }
  });

  await t.test("after a restart of the server a socket resumes where it was", async () => {
    const socket = await LiveSocket.open(wilhelmina.api, path);
    await socket.until("a snapshot", (each) => each.state !== null);
    const { seq, state } = socket;
    await server.restart();
    assert.notEqual((await socket.closed).code, closeCodes.revoked);
    // Locally the connection under a socket goes late, so what those were told is read now.
    for (const each of turnedAway) assert.equal((await each.closed).code, closeCodes.revoked);
    const again = await LiveSocket.open(wilhelmina.api, path, seq);
    await book(world, machine, wilhelmina, 40);
    await again.until("the next event", (each) => each.seq > seq && each.state !== null);
    assert(again.messages.every((message) => message.seq > seq || message.type === "snapshot"));
    assert.equal(again.state?.name, state?.name);
    await again.close();
  });
});
