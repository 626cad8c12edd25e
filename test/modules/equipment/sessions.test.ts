/** Sessions over HTTP: booked ones and walk-ups. */

import { describe, expect, it } from "vitest";
import { MINUTE } from "../../../src/platform/time.ts";
import type { Api } from "../../support/api.ts";
import { codes, makeScene, shiftClock } from "../../support/scene.ts";
import { slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Equipment, Reservation, Session } from "../../support/wire.ts";

describe("a session", () => {
  const start = (space: TestSpace, api: Api, machine: Equipment, body: object) =>
    api.send<Session>("POST", space.path(`/equipment/${machine.id}/sessions`), { body });
  const end = (space: TestSpace, api: Api, { equipment_id, id }: Session, body: object = {}) =>
    api.send<Session>("POST", space.path(`/equipment/${equipment_id}/sessions/${id}/end`), { body });

  it("without a booking ends before the next one, and frees what it does not use", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const next = slotIn(1);
    await space.booked(ben.api, machine, next);
    const started = await start(space, ada.api, machine, { planned_minutes: 480 });
    expect(started.status).toBe(201);
    expect(started.body).toMatchObject({ planned_ends_at: next.starts_at, status: "active", reservation_id: null });
    if (!started.body) throw new Error("not started");
    const busy = await start(space, ben.api, machine, { planned_minutes: 30 });
    expect([busy.problem?.code, codes(busy)]).toEqual(["equipment_busy", ["session_running"]]);
    expect((await end(space, ben.api, started.body)).problem?.code).toBe("forbidden");
    const report = { job_successful: true, output_quality: "good", notes: "Fine" };
    const ended = await end(space, ada.api, started.body, report);
    expect(ended.body).toMatchObject({ ...report, status: "completed", ended_by: ada.member.id });
    expect((await end(space, ada.api, started.body)).problem?.code).toBe("illegal_transition");
    expect((await start(space, ben.api, machine, { planned_minutes: 5 })).status).toBe(201);
  });

  it("of a booking starts from a quarter of an hour before, and ends the booking with it", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const slot = slotIn(24, 120);
    const booked = await space.booked(ada.api, machine, slot);
    const from = { reservation_id: booked.id };
    expect((await start(space, ada.api, machine, from)).problem?.code).toBe("too_early");
    await shiftClock(space, machine, Date.parse(slot.starts_at) - 10 * MINUTE - Date.now());
    expect((await start(space, ben.api, machine, from)).problem?.code).toBe("forbidden");
    const started = await start(space, ada.api, machine, from);
    expect(started.body).toMatchObject({ planned_ends_at: slot.ends_at, reservation_id: booked.id });
    if (!started.body) throw new Error("not started");
    const reservation = () => ada.api.get<Reservation>(space.bookings(machine, `/${booked.id}`));
    expect((await reservation()).status).toBe("active");
    await end(space, ada.api, started.body);
    expect((await reservation()).status).toBe("completed");
    expect((await space.book(ben.api, machine, slotIn(25))).status).toBe(201);
  });

  it("needs either a booking or a length, and a machine that is up", async () => {
    const { space, machine, ada } = await makeScene();
    for (const body of [{}, { planned_minutes: 5, reservation_id: "x" }, { planned_minutes: 0 }]) {
      expect((await start(space, ada.api, machine, body)).problem?.code).toBe("invalid_body");
    }
    await space.root.patch(space.path(`/equipment/${machine.id}`), { status: "under_maintenance" });
    const down = await start(space, ada.api, machine, { planned_minutes: 5 });
    expect([down.problem?.code, codes(down)]).toEqual(["equipment_unavailable", ["under_maintenance"]]);
  });

  it("is seen by its member and by staff", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    const { body, headers } = await start(space, ada.api, machine, { planned_minutes: 30 });
    const list = async (api: Api) => (await api.all<Session>(space.path("/sessions"))).length;
    await until("the session in the list", async () => (await list(desk.api)) === 1);
    expect([await list(ada.api), await list(ben.api)]).toEqual([1, 0]);
    expect((await ben.api.refused("GET", space.path(`/sessions/${body?.id}`))).code).toBe("not_found");
    expect(headers.get("location")).toBe(space.path(`/sessions/${body?.id}`));
    expect(await desk.api.get(headers.get("location") ?? "")).toEqual(body);
    const other = await ben.api.refused("GET", space.path(`/sessions?member_id=${ada.member.id}`));
    expect(other.code).toBe("forbidden");
  });
});
