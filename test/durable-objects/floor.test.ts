import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { FloorObject } from "../../durable-objects/floor/object.ts";
import { closeCodes, type FloorMessage, type MachineMessage } from "../../src/modules/equipment/live.ts";
import type { FloorUpdate } from "../../src/modules/equipment/port.ts";
import { eventually, HOUR, MORNING, slot, TestMachine } from "../support/object.ts";
import { knock, type Viewer, watch } from "../support/socket.ts";

const board = (makerspace_id: string): DurableObjectStub<FloorObject> => env.FLOOR.getByName(`${makerspace_id}:floor`);
const open = (floor: () => DurableObjectStub<FloorObject>, viewer: Viewer) => watch<FloorMessage>(floor, viewer);

const update = (equipment_id: string, seq: number, more: Partial<FloorUpdate> = {}): FloorUpdate => {
  const state = (audience: string): string => JSON.stringify({ equipment_id, seq, audience });
  return {
    equipment_id,
    seq,
    removed: false,
    states: { tablet: state("tablet"), member: state("member"), staff: state("staff") },
    ...more,
  };
};

describe("the board", () => {
  test("shows every machine, each audience its own, newest wins", async () => {
    const floor = () => board("space-a");
    await floor().publish(update("m1", 5));
    await floor().publish(update("m2", 1));
    await floor().publish(update("m1", 4));
    for (const audience of ["staff", "member", "tablet"] as const) {
      const client = await open(floor, { audience });
      expect((await client.until(1))[0]).toMatchObject({
        type: "snapshot",
        machines: [
          { equipment_id: "m1", seq: 5, audience },
          { equipment_id: "m2", seq: 1, audience },
        ],
      });
    }
  });

  test("collects changes within a quarter of a second, newest only", async () => {
    const floor = () => board("space-b");
    const client = await open(floor, { audience: "staff" });
    await client.until(1);
    for (let seq = 1; seq <= 20; seq++) await floor().publish(update("m1", seq));
    await eventually(() => client.last?.machines.some((each) => each.seq === 20) ?? false);
    expect(client.heard.length).toBeLessThanOrEqual(4);
    expect(client.heard.map((each) => each.seq)).toEqual(
      client.heard.map((_, index) => (client.heard[0]?.seq ?? 0) + index),
    );
  });

  test("a tablet sees its machines only", async () => {
    const floor = () => board("space-c");
    await floor().publish(update("m1", 1));
    await floor().publish(update("m2", 1));
    await floor().putTablet({ tablet_id: "t1", token_digest: "x", equipment_ids: ["m2"], label: "Door" });
    const client = await open(floor, { audience: "tablet", kind: "tablet", id: "t1", equipment_ids: ["m2"] });
    expect((await client.until(1))[0]?.machines.map((each) => each.equipment_id)).toEqual(["m2"]);
    await floor().publish(update("m1", 2));
    await scheduler.wait(300);
    await floor().publish(update("m2", 2));
    expect((await client.until(2))[1]).toMatchObject({ machines: [{ equipment_id: "m2", seq: 2 }] });
  });

  test("resume sends what changed since, removed machines too", async () => {
    const floor = () => board("space-d");
    await floor().publish(update("m1", 1));
    await floor().publish(update("m2", 1));
    const seen = (await (await open(floor, { audience: "staff" })).until(1))[0]?.seq ?? 0;
    await scheduler.wait(300);
    await floor().publish(update("m2", 2, { removed: true }));
    await floor().publish(update("m3", 1));
    const again = await open(floor, { audience: "staff", resume: seen });
    const [first] = await again.until(1);
    expect(first).toMatchObject({ type: "update", removed: ["m2"], machines: [{ equipment_id: "m3" }] });
    const fresh = await open(floor, { audience: "staff", resume: 999 });
    expect((await fresh.until(1))[0]).toMatchObject({
      type: "snapshot",
      machines: [{ equipment_id: "m1" }, { equipment_id: "m3" }],
    });
  });

  test("what an eviction caught is sent by the next instance", async () => {
    const floor = () => board("space-e");
    const client = await open(floor, { audience: "staff" });
    await client.until(1);
    await floor().publish(update("m1", 1));
    await client.until(2);
    await floor().publish(update("m1", 2));
    await evictDurableObject(floor());
    await floor().watchedMachines();
    await eventually(() => client.last?.machines[0]?.seq === 2);
  });

  test("is told by its machines, and forgets those that retire", async () => {
    const machine = await TestMachine.open();
    const floor = () => board(machine.makerspace_id);
    const client = await open(floor, { audience: "staff" });
    await eventually(() => client.last?.machines[0]?.code === "L1");
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await eventually(() => client.last?.machines[0]?.next?.reservation_id === id);
    await machine.step(machine.ada, "cancel", id);
    await machine.send(machine.desk, { type: "retire" });
    await eventually(() => client.last?.type === "update" && client.last.removed.includes(machine.equipment_id));
  });

  test("learns what time alone changes: a booking comes into the window, and begins", async () => {
    const machine = await TestMachine.open({ policy: { check_in: "optional" } });
    const floor = () => board(machine.makerspace_id);
    const client = await open(floor, { audience: "staff" });
    await machine.booked(machine.ada, slot(48, 49));
    await eventually(() => client.last?.machines[0]?.code === "L1");
    expect(client.last?.machines[0]?.next).toBeNull();
    await machine.setClock(MORNING + 25 * HOUR);
    await eventually(() => client.last?.machines[0]?.next !== null);
    await machine.setClock(MORNING + 48 * HOUR + 1);
    await eventually(() => client.last?.machines[0]?.status === "reserved");
    await machine.setClock(MORNING + 49 * HOUR + 1);
    await eventually(() => client.last?.machines[0]?.status === "available");
  });

  test("hears the news after it was away", async () => {
    const machine = await TestMachine.open();
    const floor = () => board(machine.makerspace_id);
    await eventually(async () => (await (await open(floor, { audience: "staff" })).until(1))[0]?.machines.length === 1);
    let isAway = true;
    await machine.inside((object) => {
      const { publish, watched } = object.ports.floor;
      const away = (): Promise<void> => Promise.reject(new Error("the board is away"));
      object.ports = { ...object.ports, floor: { watched, publish: (news) => (isAway ? away() : publish(news)) } };
    });
    const client = await open(floor, { audience: "staff" });
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await scheduler.wait(300);
    isAway = false;
    await eventually(() => client.last?.machines[0]?.next?.reservation_id === id);
  });
});

describe("who watches", () => {
  test("a report that failed is made again, though the board heard other news meanwhile", async () => {
    const machine = await TestMachine.open();
    const floor = () => board(machine.makerspace_id);
    let isAway = true;
    await machine.inside((object) => {
      const { publish, watched } = object.ports.floor;
      const away = (): Promise<void> => Promise.reject(new Error("the board is away"));
      object.ports = {
        ...object.ports,
        floor: { publish, watched: (...news) => (isAway ? away() : watched(...news)) },
      };
    });
    await watch<MachineMessage>(() => machine.stub, { audience: "member" });
    await machine.booked(machine.ada, slot(0, 1));
    await scheduler.wait(400);
    expect(await floor().watchedMachines()).toEqual([]);
    isAway = false;
    await eventually(async () => (await floor().watchedMachines()).includes(machine.equipment_id), 3_000);
  });

  test("a machine reports its first and its last watcher", async () => {
    const machine = await TestMachine.open();
    const floor = () => board(machine.makerspace_id);
    const viewer = { audience: "member" } as const;
    const first = await watch<MachineMessage>(() => machine.stub, viewer);
    const second = await watch<MachineMessage>(() => machine.stub, viewer);
    await eventually(async () => (await floor().watchedMachines()).includes(machine.equipment_id));
    first.socket.close();
    await scheduler.wait(300);
    expect(await floor().watchedMachines()).toEqual([machine.equipment_id]);
    second.socket.close();
    await eventually(async () => (await floor().watchedMachines()).length === 0);
  });
});

describe("tablets", () => {
  const tablet = { tablet_id: "t1", token_digest: "digest", equipment_ids: ["m1"], label: "Door" };

  test("are known by their token until they are revoked; their socket closes at once", async () => {
    const floor = () => board("space-t");
    await floor().putTablet(tablet);
    expect(await floor().tablet("t1", "digest")).toEqual(tablet);
    expect(await floor().tablet("t1", "another")).toBeNull();
    const client = await open(floor, { audience: "tablet", kind: "tablet", id: "t1", equipment_ids: ["m1"] });
    await floor().grantTicket({
      ...{ digest: "unused", expires_at: Date.now() + 30_000, audience: "tablet" },
      principal: { kind: "tablet", id: "t1" },
      equipment_ids: ["m1"],
    });
    await floor().revokeTablet("t1");
    expect((await client.ended()).code).toBe(closeCodes.revoked);
    expect(await floor().tablet("t1", "digest")).toBeNull();
    expect((await knock(floor(), "unused")).status).toBe(401);
  });
});
