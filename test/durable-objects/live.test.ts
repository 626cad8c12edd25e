import { evictDurableObject } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import { Door } from "../../durable-objects/live/door.ts";
import { closeCodes, type MachineMessage, type MachineState } from "../../src/modules/equipment/live.ts";
import { eventually, HOUR, MINUTE, MORNING, slot, TestMachine } from "../support/object.ts";
import { knock, type Viewer, watch } from "../support/socket.ts";

const quiet = { projected: false } as const;
const open = (machine: TestMachine, viewer: Viewer) => watch<MachineMessage>(() => machine.stub, viewer);
const stateOf = (message: MachineMessage | undefined): MachineState => {
  if (!message || !("state" in message) || !message.state) throw new Error("no state in the message");
  return message.state;
};

describe("a socket", () => {
  test("gets a snapshot first, then every change under the next number", async () => {
    const machine = await TestMachine.open(quiet);
    const client = await open(machine, { audience: "staff" });
    const booked = await machine.booked(machine.ada, slot(0, 1));
    await machine.step(machine.ada, "cancel", booked.id);
    const [snapshot, first, second] = await client.until(3);
    expect(snapshot).toMatchObject({
      type: "snapshot",
      state: { status: "available", next: null, code: "L1", timezone: "UTC" },
    });
    expect(first).toMatchObject({
      type: "event",
      seq: (snapshot?.seq ?? 0) + 1,
      event: { type: "reservation.created", reservation_id: booked.id, status: "approved" },
      state: { next: { kind: "reservation", holder: "Ada Lovelace", reservation_id: booked.id } },
    });
    expect(second).toMatchObject({
      seq: (first?.seq ?? 0) + 1,
      event: { type: "reservation.cancelled" },
      state: { next: null },
    });
  });

  test("several events of one command share one state, on the last", async () => {
    const machine = await TestMachine.open(quiet);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 1);
    const client = await open(machine, { audience: "staff" });
    await machine.start(machine.ada, id);
    const [, started, session] = await client.until(3);
    expect(started).not.toHaveProperty("state");
    expect(session).toMatchObject({
      event: { type: "session.started" },
      state: { status: "in_use", now: { kind: "session" } },
    });
  });

  test("answers a ping by itself", async () => {
    const machine = await TestMachine.open(quiet);
    const client = await open(machine, { audience: "tablet", kind: "tablet" });
    client.socket.send("ping");
    await eventually(() => client.texts.includes("pong"));
  });

  test("is closed when it says what nobody understands", async () => {
    const machine = await TestMachine.open(quiet);
    for (const nonsense of ["hello", "{}", '{"type":"resume"}', "null"]) {
      const client = await open(machine, { audience: "member" });
      client.socket.send(nonsense);
      expect((await client.ended()).code).toBe(closeCodes.protocol);
    }
  });

  test("survives an eviction: tags, viewer and numbering stay", async () => {
    const machine = await TestMachine.open(quiet);
    const client = await open(machine, { audience: "member", id: machine.ada.id });
    await client.until(1);
    await evictDurableObject(machine.stub);
    await machine.setPorts({ project: async () => undefined, send: async () => undefined });
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    const [snapshot, event] = await client.until(2);
    expect(event).toMatchObject({ seq: (snapshot?.seq ?? 0) + 1, state: { next: { mine: true, reservation_id: id } } });
  });

  test("is closed after ten minutes, by the alarm", async () => {
    const machine = await TestMachine.open(quiet);
    const client = await open(machine, { audience: "member" });
    // A socket lives by the host's clock, whatever the machine's own shows.
    await machine.setClock(MORNING + HOUR);
    await machine.alarm();
    expect(client.closed).toBeNull();
    const clock = vi.spyOn(Date, "now");
    const opened = Date.now();
    clock.mockImplementation(() => opened + 10 * MINUTE + 1_000);
    await machine.alarm();
    clock.mockRestore();
    expect((await client.ended()).code).toBe(closeCodes.expired);
  });

  test("is closed before a broadcast and when it speaks, even if the alarm is late", async () => {
    const machine = await TestMachine.open(quiet);
    const [silent, loud] = [await open(machine, { audience: "member" }), await open(machine, { audience: "member" })];
    await machine.inside((_, state) => {
      const attachments = state.getWebSockets().map((socket) => ({ socket, was: socket.deserializeAttachment() }));
      for (const { socket, was } of attachments) socket.serializeAttachment({ ...was, exp: 1 });
    });
    loud.socket.send('{"type":"resume","seq":1}');
    expect((await loud.ended()).code).toBe(closeCodes.expired);
    await machine.booked(machine.ada, slot(0, 1));
    expect((await silent.ended()).code).toBe(closeCodes.expired);
    expect(silent.heard).toHaveLength(1);
  });
});

describe("a ticket", () => {
  test("opens one socket, once, in time", async () => {
    const machine = await TestMachine.open(quiet);
    const now = Date.now();
    const grant = (digest: string, lives: number) =>
      machine.stub.grantTicket({
        digest,
        expires_at: now + lives,
        audience: "staff",
        principal: { kind: "member", id: "x" },
      });
    await grant("good", 30_000);
    expect((await knock(machine.stub, "good")).status).toBe(101);
    expect((await knock(machine.stub, "good")).status).toBe(401);
    expect((await knock(machine.stub, "never was")).status).toBe(401);
    await grant("old", -1);
    expect((await knock(machine.stub, "old")).status).toBe(401);
    const plain = await machine.stub.fetch("https://test/live/x", { headers: { "x-ticket-digest": "good" } });
    expect(plain.status).toBe(400);
    expect(await plain.json()).toMatchObject({ code: "malformed_request" });
  });

  test("fifty knocks with one ticket open one socket", async () => {
    const machine = await TestMachine.open(quiet);
    const principal = { kind: "member", id: "x" } as const;
    await machine.stub.grantTicket({ digest: "d", expires_at: Date.now() + 30_000, audience: "staff", principal });
    const answers = await Promise.all(Array.from({ length: 50 }, () => knock(machine.stub, "d")));
    expect(answers.filter((each) => each.status === 101)).toHaveLength(1);
  });

  test("there is none for a machine that was never set up or is gone, and unused ones go in time", async () => {
    const machine = new TestMachine(quiet);
    const grant = {
      digest: "d",
      expires_at: Date.now() + 30_000,
      audience: "staff",
      principal: { kind: "member", id: "x" },
    } as const;
    expect(await machine.stub.grantTicket(grant)).toBe(false);
    const real = await TestMachine.open(quiet);
    expect(await real.stub.grantTicket({ ...grant, expires_at: Date.now() + 1 })).toBe(true);
    await scheduler.wait(10);
    await real.alarm();
    expect(await real.inside((_, state) => state.storage.sql.exec("SELECT * FROM tickets").toArray())).toEqual([]);
    await real.send(real.desk, { type: "retire" });
    expect(await real.stub.grantTicket(grant)).toBe(false);
  });

  test("is void once its viewer was turned away", async () => {
    const machine = await TestMachine.open(quiet);
    const principal = { kind: "tablet", id: "t1" } as const;
    await machine.stub.grantTicket({ digest: "d", expires_at: Date.now() + 30_000, audience: "tablet", principal });
    await machine.stub.closeSockets([principal], "revoked");
    expect((await knock(machine.stub, "d")).status).toBe(401);
  });
});

describe("resume", () => {
  test("a short gap is replayed, the state on its last event", async () => {
    const machine = await TestMachine.open(quiet);
    const first = await open(machine, { audience: "staff" });
    const seen = (await first.until(1))[0]?.seq ?? 0;
    for (let hour = 0; hour < 3; hour++) await machine.booked(machine.ada, slot(hour, hour + 1));
    const again = await open(machine, { audience: "staff", resume: seen });
    const gap = await again.until(3);
    expect(gap.map((each) => [each.type, each.seq])).toEqual([1, 2, 3].map((step) => ["event", seen + step]));
    expect(gap[0]).not.toHaveProperty("state");
    expect(stateOf(gap[2]).upcoming).toHaveLength(3);
  });

  test("without a gap, after a long one, or from a number nobody knows, there is a snapshot", async () => {
    const machine = await TestMachine.open(quiet);
    const seen = (await (await open(machine, { audience: "staff" })).until(1))[0]?.seq ?? 0;
    const types = async (resume: number) => {
      const client = await open(machine, { audience: "staff", resume });
      return (await client.until(1))[0]?.type;
    };
    expect(await types(seen)).toBe("snapshot");
    expect(await types(seen + 100)).toBe("snapshot");
    expect(await types(-1)).toBe("snapshot");
    for (let round = 0; round < 260; round++) {
      const { id } = await machine.booked(machine.ada, slot(0, 1));
      await machine.step(machine.ada, "cancel", id);
    }
    await eventually(async () => {
      const [row] = await machine.inside((_, state) =>
        state.storage.sql.exec("SELECT min(seq) AS oldest FROM events").toArray(),
      );
      return Number(row?.oldest) > seen;
    });
    expect(await types(seen)).toBe("snapshot");
  });

  test("by message on an open socket, too", async () => {
    const machine = await TestMachine.open(quiet);
    const client = await open(machine, { audience: "staff" });
    const seen = (await client.until(1))[0]?.seq ?? 0;
    await machine.booked(machine.ada, slot(0, 1));
    await client.until(2);
    client.socket.send(JSON.stringify({ type: "resume", seq: seen }));
    expect((await client.until(3))[2]).toMatchObject({ type: "event", seq: seen + 1, state: { status: "available" } });
  });
});

describe("limits", () => {
  test("a socket that asks for what it missed twice within a second is closed", async () => {
    const machine = await TestMachine.open(quiet);
    const client = await open(machine, { audience: "staff" });
    const ask = (): void => client.socket.send('{"type":"resume","seq":1}');
    ask();
    await client.until(2);
    await scheduler.wait(1_010);
    ask();
    await client.until(3);
    ask();
    expect((await client.ended()).code).toBe(closeCodes.too_often);
    expect(client.heard).toHaveLength(3);
  });

  test("a viewer's newest sockets take the place of the oldest; others keep theirs", async () => {
    const machine = await TestMachine.open(quiet);
    const other = await open(machine, { audience: "member", id: "other" });
    const mine = [await open(machine, { audience: "member", id: "me" })];
    await scheduler.wait(2);
    mine.push(await open(machine, { audience: "member", id: "me" }));
    await machine.inside((_, state) => {
      const door = new Door(state, { member: 2, tablet: 1 });
      const principal = { kind: "member", id: "me" } as const;
      door.grant("d", Date.now() + 1_000, { audience: "member", principal, equipment_ids: null });
      const headers = { upgrade: "websocket", "x-ticket-digest": "d" };
      expect(door.open(new Request("https://test/live/x", { headers }), Date.now()).response.status).toBe(101);
    });
    expect((await mine[0]?.ended())?.code).toBe(closeCodes.replaced);
    expect([mine[1]?.closed, other.closed]).toEqual([null, null]);
  });
});

describe("being turned away", () => {
  test("a revoked tablet and a swept member lose their sockets, others keep theirs", async () => {
    const machine = await TestMachine.open(quiet);
    const tablet = await open(machine, { audience: "tablet", kind: "tablet", id: "t1" });
    const ada = await open(machine, { audience: "member", id: machine.ada.id });
    const bob = await open(machine, { audience: "member", id: machine.bob.id });
    expect(await machine.stub.closeSockets([{ kind: "tablet", id: "t1" }], "revoked")).toBe(1);
    expect((await tablet.ended()).code).toBe(closeCodes.revoked);
    await machine.send(machine.desk, { type: "sweep_member", member_id: machine.ada.id, note: "suspended" });
    expect((await ada.ended()).code).toBe(closeCodes.revoked);
    await machine.booked(machine.bob, slot(0, 1));
    await bob.until(2);
    expect(bob.closed).toBeNull();
  });

  test("a machine that retires says so and closes", async () => {
    const machine = await TestMachine.open(quiet);
    const client = await open(machine, { audience: "tablet", kind: "tablet" });
    await machine.send(machine.desk, { type: "retire" });
    expect((await client.ended()).code).toBe(closeCodes.retired);
    expect(stateOf(client.last).status).toBe("retired");
  });
});

describe("two hundred sockets on one machine", () => {
  test("hear the final state through evictions", async () => {
    const machine = await TestMachine.open(quiet);
    const audiences = ["staff", "member", "tablet"] as const;
    const clients = await Promise.all(
      Array.from({ length: 200 }, (_, index) => {
        const audience = audiences[index % 3] ?? "member";
        return open(machine, { audience, kind: audience === "tablet" ? "tablet" : "member" });
      }),
    );
    for (let round = 0; round < 5; round++) {
      await evictDurableObject(machine.stub);
      await machine.setPorts({ project: async () => undefined, send: async () => undefined });
      const booked = await machine.booked(machine.ada, slot(round, round + 1));
      if (round % 2 === 0) await machine.step(machine.ada, "cancel", booked.id);
    }
    const final = await open(machine, { audience: "staff" });
    const { seq, upcoming } = stateOf((await final.until(1))[0]);
    for (const client of clients) {
      await eventually(() => client.last?.seq === seq, 10_000);
      expect(stateOf(client.last).upcoming.map((each) => each.starts_at)).toEqual(
        upcoming.map((each) => each.starts_at),
      );
      const numbers = client.heard.map((each) => each.seq);
      expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
    }
  }, 60_000);
});
