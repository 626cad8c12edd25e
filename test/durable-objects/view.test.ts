import { describe, expect, test } from "vitest";
import type { MachineMessage, MachineState } from "../../src/modules/equipment/live.ts";
import { eventually, HOUR, MINUTE, MORNING, person, sessionOf, slot, TestMachine } from "../support/object.ts";
import { type Viewer, watch } from "../support/socket.ts";

const quiet = { projected: false } as const;
const open = (machine: TestMachine, viewer: Viewer) =>
  watch<MachineMessage>(() => machine.stub, { now: MORNING - HOUR, ...viewer });
const stateOf = (message: MachineMessage | undefined): MachineState => {
  if (!message || !("state" in message) || !message.state) throw new Error("no state in the message");
  return message.state;
};

describe("who sees what", () => {
  const shown = async (show_holder: "none" | "initials" | "first_name", hide_name: boolean) => {
    const machine = await TestMachine.open({ ...quiet, show_holder });
    const holder = person({ first_name: "Ada", last_name: "Lovelace", hide_name });
    const { id } = await machine.booked(holder, slot(0, 1));
    const view = async (viewer: Viewer) => stateOf((await (await open(machine, viewer)).until(1))[0]).next;
    return {
      id,
      holder,
      staff: await view({ audience: "staff" }),
      tablet: await view({ audience: "tablet", kind: "tablet" }),
      member: await view({ audience: "member" }),
      own: await view({ audience: "member", id: holder.id }),
    };
  };

  test("staff the name, tablets what the makerspace shows, members nobody's", async () => {
    const { id, holder, ...views } = await shown("initials", false);
    expect(views.staff).toMatchObject({
      holder: "Ada Lovelace",
      mine: false,
      reservation_id: id,
      member_id: holder.id,
    });
    expect(views.tablet).toMatchObject({ holder: "A. L.", mine: false });
    expect(views.member).toMatchObject({ holder: null, mine: false });
    expect(views.own).toMatchObject({ holder: null, mine: true, reservation_id: id, member_id: holder.id });
    for (const view of [views.tablet, views.member]) {
      expect(view).not.toHaveProperty("reservation_id");
      expect(view).not.toHaveProperty("member_id");
    }
    expect((await shown("first_name", false)).tablet?.holder).toBe("Ada");
    expect((await shown("none", false)).tablet?.holder).toBeNull();
  });

  test("a member who opted out is not named on tablets", async () => {
    for (const show of ["initials", "first_name"] as const) {
      const views = await shown(show, true);
      expect(views.tablet?.holder).toBeNull();
      expect(views.staff?.holder).toBe("Ada Lovelace");
    }
  });

  test("nothing that any audience but staff ever hears contains a name", async () => {
    const machine = await TestMachine.open({ ...quiet, show_holder: "none" });
    await machine.setClock(MORNING - MINUTE);
    const now = MORNING - MINUTE;
    const clients = [
      await open(machine, { audience: "member", now }),
      await open(machine, { audience: "member", id: machine.ada.id, now }),
      await open(machine, { audience: "tablet", kind: "tablet", now }),
    ];
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 1);
    const session = sessionOf(await machine.start(machine.ada, id));
    await machine.end(machine.ada, session.id);
    for (const client of clients) {
      await client.until(7);
      expect(client.texts.join()).not.toMatch(/Ada|Lovelace|A\. L\./);
    }
    const stranger = clients[0]?.texts.join() ?? "";
    expect(stranger).not.toContain(machine.ada.id);
  });

  test("who was forgotten has no name any more", async () => {
    const machine = await TestMachine.open(quiet);
    await machine.booked(machine.ada, slot(0, 1));
    const client = await open(machine, { audience: "staff" });
    await client.until(1);
    await machine.stub.forget(machine.ada.id);
    const [before, after] = await client.until(2);
    expect([stateOf(before).next?.holder, stateOf(after).next?.holder]).toEqual(["Ada Lovelace", null]);
  });
});

describe("what the machine shows", () => {
  test("one word for what it does", async () => {
    const machine = await TestMachine.open({
      ...quiet,
      policy: { check_in: "optional", min_minutes: 5, granularity_minutes: 5 },
    });
    await machine.setClock(MORNING - MINUTE);
    const client = await open(machine, { audience: "staff", now: MORNING - MINUTE });
    const status = () => stateOf(client.heard.findLast((each) => "state" in each)).status;
    const { id } = await machine.booked(machine.ada, { starts_at: MORNING, ends_at: MORNING + 5 * MINUTE });
    expect(status()).toBe("available");
    await machine.setClock(MORNING + 1);
    await eventually(() => status() === "reserved");
    await machine.start(machine.ada, id);
    await eventually(() => status() === "in_use");
    await machine.setClock(MORNING + 6 * MINUTE);
    await eventually(() => status() === "overrun");
    await machine.configure({}, "offline");
    await eventually(() => status() === "offline");
  });

  test("who waits behind an overrun is next", async () => {
    const machine = await TestMachine.open(quiet);
    const mine = await machine.booked(machine.ada, slot(0, 1));
    const next = await machine.booked(machine.bob, slot(1, 2));
    await machine.setClock(MORNING + 1);
    await machine.start(machine.ada, mine.id);
    await machine.setClock(MORNING + HOUR + MINUTE);
    const client = await open(machine, { audience: "staff", now: MORNING + HOUR + MINUTE });
    expect(stateOf((await client.until(1))[0])).toMatchObject({
      status: "overrun",
      now: { kind: "session", reservation_id: mine.id },
      next: { reservation_id: next.id },
    });
  });

  test("at most ten slots of the next day are upcoming", async () => {
    const machine = await TestMachine.open(quiet);
    for (let hour = 0; hour < 26; hour += 2) await machine.booked(machine.ada, slot(hour, hour + 1));
    const client = await open(machine, { audience: "staff" });
    const { upcoming, next } = stateOf((await client.until(1))[0]);
    expect(upcoming).toHaveLength(10);
    expect(next).toEqual(upcoming[0]);
  });
});
