/** Reminders: of a booking two hours ahead, of a session ten minutes before its end; once each, and anew when it is moved. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { cronTasks } from "../../../src/background.ts";
import type { EventEnvelope } from "../../../src/platform/events.ts";
import { HOUR, MINUTE } from "../../../src/platform/time.ts";
import { blackHole, deliver } from "../../support/background.ts";
import { inWorld } from "../../support/faults.ts";
import { makeScene, type Scene } from "../../support/scene.ts";
import { type Person, slotIn, until } from "../../support/space.ts";
import type { Notification, Reservation, Session } from "../../support/wire.ts";

/** The clock looks at an instant; its messages come twice and at once, and so do the reminders. @returns the reminders */
async function clockAt(space: Scene["space"], at: number): Promise<EventEnvelope[]> {
  const taken: EventEnvelope[] = [];
  const mine = (...types: string[]) =>
    taken.splice(0).filter(({ type, makerspace_id }) => types.includes(type) && makerspace_id === space.id);
  return inWorld({ EVENTS: blackHole(taken) as Queue }, async () => {
    await cronTasks.find(({ name }) => name === "remind")?.run(at);
    const due = mine("reminders.due");
    await Promise.all([deliver(due), deliver(due)]);
    const told = mine("reservation.starts_soon", "session.ends_soon");
    await Promise.all([deliver(told), deliver(told)]);
    return [...new Map(told.map((event) => [event.id, event])).values()];
  });
}

const inbox = ({ space }: Scene, { api }: Person, type: string): Promise<Notification[]> =>
  api.all<Notification>(space.path(`/notifications?type=${type}`));

const projected = ({ space }: Scene, path: string) =>
  until("the row", async () => (await space.root.send("GET", space.path(path))).status === 200);

/** Made long ago. */
const longKnown = ({ id }: Reservation) =>
  env.DB_000.prepare("UPDATE reservations SET created_at = 1 WHERE id = ?").bind(id).run();

describe("a booking", () => {
  it("is told two hours ahead to its holder, once, not before and not after", async () => {
    const scene = await makeScene();
    const { space, machine, ada, ben } = scene;
    const slot = slotIn(24);
    const starts_at = Date.parse(slot.starts_at);
    const booked = await space.booked(ada.api, machine, slot);
    await projected(scene, `/reservations/${booked.id}`);
    expect(await clockAt(space, starts_at - 2 * HOUR - MINUTE)).toEqual([]);
    expect(await clockAt(space, starts_at)).toEqual([]);
    expect(await clockAt(space, starts_at - 2 * HOUR)).toHaveLength(1);
    // It is not even looked at again.
    expect(await clockAt(space, starts_at - 2 * HOUR + MINUTE)).toEqual([]);
    expect(await inbox(scene, ada, "reservation.starts_soon")).toMatchObject([
      {
        title: "Your booking starts soon",
        subject: { type: "reservation", id: booked.id },
        data: { equipment_id: machine.id, starts_at: slot.starts_at },
      },
    ]);
    expect(await inbox(scene, ben, "reservation.starts_soon")).toEqual([]);
  });

  it("is not told of when it was made, or cancelled, within these two hours", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const late = await space.booked(ada.api, machine, slotIn(1));
    const gone = await space.booked(ada.api, machine, slotIn(24));
    await projected(scene, `/reservations/${late.id}`);
    await space.step(ada.api, gone, "cancel");
    await until("the row", async () => {
      const { status } = await space.root.get<Reservation>(space.path(`/reservations/${gone.id}`));
      return status === "cancelled";
    });
    expect(await clockAt(space, Date.now())).toEqual([]);
    expect(await clockAt(space, Date.parse(slotIn(23).starts_at))).toEqual([]);
    await longKnown(late);
    expect(await clockAt(space, Date.now())).toHaveLength(1);
  });

  it("is told although something of it was changed within these two hours", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const booked = await space.booked(ada.api, machine, slotIn(1));
    await projected(scene, `/reservations/${booked.id}`);
    await longKnown(booked);
    await env.DB_000.prepare("UPDATE reservations SET updated_at = ? WHERE id = ?").bind(Date.now(), booked.id).run();
    expect(await clockAt(space, Date.now())).toHaveLength(1);
  });

  it("that is moved is told anew", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const booked = await space.booked(ada.api, machine, slotIn(24));
    await projected(scene, `/reservations/${booked.id}`);
    expect(await clockAt(space, Date.parse(slotIn(23).starts_at))).toHaveLength(1);
    await ada.api.patch<Reservation>(space.bookings(machine, `/${booked.id}`), slotIn(48), booked.version);
    await until("the row", async () => {
      const { starts_at } = await space.root.get<Reservation>(space.path(`/reservations/${booked.id}`));
      return starts_at === slotIn(48).starts_at;
    });
    expect(await clockAt(space, Date.parse(slotIn(47).starts_at))).toHaveLength(1);
    expect(await inbox(scene, ada, "reservation.starts_soon")).toHaveLength(2);
  });
});

describe("a session", () => {
  it("is told to who uses the machine ten minutes before its end, once, also in quiet hours", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const quiet_hours = { from: "00:00", to: "23:59" };
    await ada.api.patch(space.path("/members/me/notification_preferences"), { quiet_hours });
    const path = space.path(`/equipment/${machine.id}/sessions`);
    const session = await ada.api.post<Session>(path, { planned_minutes: 60 });
    await projected(scene, `/sessions/${session.id}`);
    const ends_at = Date.parse(session.planned_ends_at);
    expect(await clockAt(space, ends_at - 11 * MINUTE)).toEqual([]);
    await clockAt(space, ends_at - 10 * MINUTE);
    await clockAt(space, ends_at - 9 * MINUTE);
    expect(await inbox(scene, ada, "session.ends_soon")).toMatchObject([
      { subject: { type: "session", id: session.id }, data: { planned_end_at: session.planned_ends_at } },
    ]);
  });

  it("of ten minutes or less needs no reminder", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const session = await ada.api.post<Session>(space.path(`/equipment/${machine.id}/sessions`), {
      planned_minutes: 9,
    });
    await projected(scene, `/sessions/${session.id}`);
    expect(await clockAt(space, Date.now())).toEqual([]);
  });
});
