/** Events, notifications, dead letters, cron and jobs: each effect once, and none lost. */

import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cronTasks } from "../../src/background.ts";
import type { EventEnvelope } from "../../src/platform/events.ts";
import { newId } from "../../src/platform/ids.ts";
import { MINUTE } from "../../src/platform/time.ts";
import type { Api } from "../support/api.ts";
import { blackHole, broker, deliver, forgetful, outboxOf, tick } from "../support/background.ts";
import { inWorld } from "../support/faults.ts";
import { makeScene, shiftClock } from "../support/scene.ts";
import { makeSpace, slotIn, type TestSpace, until } from "../support/space.ts";
import type { DeadLetter, Notification, Reservation, Session } from "../support/wire.ts";

const inbox = (space: TestSpace, api: Api): Promise<Notification[]> =>
  api.all<Notification>(space.path("/notifications"));

const types = async (space: TestSpace, api: Api): Promise<string[]> =>
  (await inbox(space, api)).map((notification) => notification.type);

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a notification", () => {
  it("comes of a reservation, by outbox and queue, once", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    const booked = await space.booked(desk.api, machine, { ...slotIn(24), member_id: ada.member.id });
    const [told] = await until("the notification", async () => {
      const found = await inbox(space, ada.api);
      return found.length > 0 && found;
    });
    expect(told).toMatchObject({
      type: "reservation.created",
      subject: { type: "reservation", id: booked.id },
      data: { equipment_id: machine.id, starts_at: booked.starts_at, status: "approved" },
      read_at: null,
    });
    await until("the end of the outbox row", async () => (await outboxOf(space, "reservation.created")).length === 0);
    expect(await inbox(space, ben.api)).toEqual([]);
    expect(await inbox(space, desk.api)).toEqual([]);
  });

  it("is marked as read once, by nobody else", async () => {
    const { space, machine, ada, ben } = await makeScene();
    await space.booked(ada.api, machine, slotIn(24));
    const [told] = await until("the notification", async () => {
      const found = await inbox(space, ada.api);
      return found.length > 0 && found;
    });
    const path = space.path(`/notifications/${told?.id}`);
    const read = await ada.api.post<Notification>(`${path}/read`);
    expect(read).toMatchObject({ read_at: expect.any(String), version: 2 });
    expect(await ada.api.post<Notification>(`${path}/read`)).toEqual(read);
    expect(await ada.api.get<Notification>(path)).toEqual(read);
    expect((await ben.api.refused("GET", path)).code).toBe("not_found");
    expect((await ben.api.refused("POST", `${path}/read`)).code).toBe("not_found");
  });

  it("tells of every turn that a booking takes", async () => {
    const { space, machine, ada, desk } = await makeScene({ approval: "staff" });
    const [one, two] = [
      await space.booked(ada.api, machine, slotIn(24)),
      await space.booked(ada.api, machine, slotIn(26)),
    ];
    await space.step(desk.api, one, "approve");
    await space.step(desk.api, two, "reject");
    await desk.api.patch<Reservation>(space.bookings(machine, `/${one.id}`), slotIn(28), 2);
    await space.step(ada.api, one, "cancel");
    const expected = ["created", "created", "approved", "rejected", "amended", "cancelled"];
    await until("all of them", async () => (await inbox(space, ada.api)).length === expected.length);
    expect((await types(space, ada.api)).sort()).toEqual(expected.map((turn) => `reservation.${turn}`).sort());
  });

  it("warns the next holder of a session that runs over", async () => {
    const { space, machine, ada, ben } = await makeScene();
    await space.booked(ben.api, machine, slotIn(1));
    await ada.api.post<Session>(space.path(`/equipment/${machine.id}/sessions`), { planned_minutes: 480 });
    await shiftClock(space, machine, Date.parse(slotIn(1).starts_at) - Date.now() + 1_000);
    await runDurableObjectAlarm(env.EQUIPMENT.getByName(`${space.id}:${machine.id}`));
    for (const { api } of [ada, ben]) {
      await until("the warning", async () => (await types(space, api)).includes("session.overrun"));
    }
  });
});

describe("an event", () => {
  /** A booking whose events the broker has forgotten. */
  async function forgotten() {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    await forgetful(space, machine);
    const booked = await space.booked(ada.api, machine, slotIn(24));
    const [envelope] = await until("the outbox row", async () => {
      const found = await outboxOf(space, "reservation.created");
      return found.length > 0 && found;
    });
    if (!envelope) throw new Error("no event");
    return { ...scene, booked, envelope };
  }

  it("carries the id of its request, to the audit log and through the queue", async () => {
    const { space, machine, ada } = await makeScene();
    await forgetful(space, machine);
    const headers = { "x-request-id": "my-booking-0001" };
    const { body } = await space.book(ada.api, machine, slotIn(24), { headers });
    const [envelope] = await until("the outbox row", async () => {
      const found = await outboxOf(space, "reservation.created");
      return found.length > 0 && found;
    });
    expect(envelope).toMatchObject({
      request_id: "my-booking-0001",
      actor_id: ada.member.id,
      subject: { id: body?.id },
    });
    const { results } = await env.DB_000.prepare("SELECT action, request_id FROM audit_log WHERE subject_id = ?")
      .bind(body?.id ?? "")
      .all();
    expect(results).toEqual([{ action: "reservation.created", request_id: "my-booking-0001" }]);
  });

  it("that comes five times, alone and together, has one effect", async () => {
    const { space, ada, envelope } = await forgotten();
    await deliver([envelope, envelope]);
    await Promise.all([deliver([envelope]), deliver([envelope]), deliver([envelope])]);
    expect(await types(space, ada.api)).toEqual(["reservation.created"]);
    expect(await outboxOf(space, "reservation.created")).toEqual([]);
  });

  it("that the broker forgot is sent again after two minutes, not before", async () => {
    const { space, ada } = await forgotten();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + MINUTE });
    await tick("minute");
    await scheduler.wait(1_500);
    expect(await outboxOf(space, "reservation.created")).toHaveLength(1);
    vi.setSystemTime(Date.now() + 2 * MINUTE);
    await tick("minute");
    vi.useRealTimers();
    await until("the notification", async () => (await types(space, ada.api)).length === 1);
    await until("the end of the outbox row", async () => (await outboxOf(space, "reservation.created")).length === 0);
  });

  it("that cannot be handled now comes again, and keeps nobody waiting", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { space, ada, envelope } = await forgotten();
    const broken = { ...envelope, id: newId(), data: { ...envelope.data, member_id: "nobody" } };
    const { acknowledged, again } = await deliver([broken, envelope]);
    expect([acknowledged, again]).toEqual([["1"], ["0"]]);
    expect(await types(space, ada.api)).toEqual(["reservation.created"]);
  });

  it("that makes no sense, or is of no makerspace, is not asked for again", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { envelope } = await forgotten();
    const { again } = await deliver(["nonsense", { id: "1" }, { ...envelope, makerspace_id: newId() }]);
    expect(again).toEqual([]);
  });

  it("that was given up is kept for staff, who send it once more", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { space, ada, envelope } = await forgotten();
    await deliver([envelope], "makrcave-events-dead");
    expect(await outboxOf(space, "reservation.created")).toEqual([]);
    const { api } = await space.as("makerspace_admin");
    const [letter] = await api.all<DeadLetter>(space.path("/dead_letters"));
    expect(letter).toMatchObject({ status: "parked", event: { id: envelope.id, type: "reservation.created" } });
    const path = space.path(`/dead_letters/${letter?.id}`);
    expect(await api.get<DeadLetter>(path)).toEqual(letter);
    expect(await api.post<DeadLetter>(`${path}/replay`)).toMatchObject({ status: "replayed", version: 2 });
    await until("the notification", async () => (await types(space, ada.api)).length === 1);
    expect((await api.refused("POST", `${path}/replay`)).code).toBe("illegal_transition");
  });
});

describe("an event that fails", () => {
  /** A booking's event about somebody who is not there yet: its notification has nobody to belong to. */
  async function tooEarly() {
    const { space, machine, ada } = await makeScene();
    await forgetful(space, machine);
    await space.booked(ada.api, machine, slotIn(24));
    const [envelope] = await until("the outbox row", async () => {
      const found = await outboxOf(space, "reservation.created");
      return found.length > 0 && found;
    });
    if (!envelope) throw new Error("no event");
    const member_id = newId();
    const early = { ...envelope, id: newId(), data: { ...envelope.data, member_id } };
    const arrive = () =>
      env.DB_000.prepare(
        `INSERT INTO members (makerspace_id, id, email, first_name, last_name, role, status, version, created_at, updated_at)
         VALUES (?, ?, ?, 'A', 'B', 'user', 'active', 1, 1, 1)`,
      )
        .bind(space.id, member_id, `${member_id}@example.org`)
        .run();
    const told = async () => {
      const rows = env.DB_000.prepare("SELECT event_id FROM notifications WHERE makerspace_id = ? AND member_id = ?");
      return (await rows.bind(space.id, member_id).all()).results.map((row) => row.event_id);
    };
    return { space, early, arrive, told };
  }

  it("three times and then succeeds has its effect once, and no more is heard of it", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { space, early, arrive, told } = await tooEarly();
    const done = await broker(early, (attempts) => attempts === 4 && arrive());
    // Each time it waits twice as long.
    expect(done).toEqual({ attempts: 4, seconds: 2 + 4 + 8, dead: false });
    expect(await told()).toEqual([early.id]);
    expect(await space.root.all(space.path("/dead_letters"))).toEqual([]);
  });

  it("is brought again by the queue itself", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { early, arrive, told } = await tooEarly();
    await env.EVENTS.send(early);
    await scheduler.wait(1_500);
    expect(await told()).toEqual([]);
    await arrive();
    await until("the effect", async () => (await told()).length === 1);
  });

  it("for good is a dead letter that staff see; sent once more, it has its effect", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    vi.spyOn(console, "error").mockImplementation(() => {});
    const { space, early, arrive, told } = await tooEarly();
    const { attempts, seconds, dead } = await broker(early);
    expect([attempts, dead]).toEqual([13, true]);
    // A database that is away for a quarter of an hour loses nothing; nobody waits for longer than an hour to hear of it.
    expect(seconds).toBeGreaterThan(15 * 60);
    expect(seconds).toBeLessThan(60 * 60);
    const { api } = await space.as("makerspace_admin");
    const [letter, ...others] = await api.all<DeadLetter>(space.path("/dead_letters"));
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ status: "parked", event: { id: early.id, type: "reservation.created" } });
    const { api: member } = await space.as("user");
    expect((await member.refused("GET", space.path("/dead_letters"))).code).toBe("forbidden");
    await arrive();
    await api.post<DeadLetter>(space.path(`/dead_letters/${letter?.id}/replay`));
    await until("the effect", async () => (await told()).length === 1);
    expect(await told()).toEqual([early.id]);
  });
});

describe("the clockwork", () => {
  it("asks each night for every makerspace, and for none twice", async () => {
    const spaces = [await makeSpace(), await makeSpace()];
    const taken: EventEnvelope[] = [];
    const nightly = cronTasks.find((task) => task.name === "reconcile");
    await inWorld({ EVENTS: blackHole(taken) as Queue }, async () => nightly?.run(Date.now()));
    const ids = taken.filter(({ type }) => type === "reconcile.due").map((envelope) => envelope.makerspace_id);
    expect(ids).toEqual(expect.arrayContaining(spaces.map((space) => space.id)));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it("mends by night what differs on machines that changed", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { space, machine, ada } = await makeScene();
    const booked = await space.booked(ada.api, machine, slotIn(24));
    await until("the row", async () => (await ada.api.all(space.path("/reservations"))).length === 1);
    await env.DB_000.prepare("UPDATE reservations SET status = 'expired' WHERE id = ?").bind(booked.id).run();
    const taken: EventEnvelope[] = [];
    const nightly = cronTasks.find((task) => task.name === "reconcile");
    await inWorld({ EVENTS: blackHole(taken) as Queue }, async () => nightly?.run(Date.now()));
    await deliver(taken.filter((envelope) => envelope.makerspace_id === space.id));
    expect(await ada.api.get(space.path(`/reservations/${booked.id}`))).toEqual(booked);
  });

  it("drops what has expired", async () => {
    const space = await makeSpace();
    await space.machine();
    const keys = () =>
      env.DB_000.prepare("SELECT 1 FROM idempotency_keys WHERE makerspace_id = ?").bind(space.id).all();
    await tick("quarter");
    expect((await keys()).results).toHaveLength(1);
    await env.DB_000.prepare("UPDATE idempotency_keys SET expires_at = 1 WHERE makerspace_id = ?").bind(space.id).run();
    await tick("quarter");
    expect((await keys()).results).toEqual([]);
  });
});
