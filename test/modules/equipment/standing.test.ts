/** Who acts for whom: the person behind a booking is looked at again, and owners reach all of their machines. */

import { describe, expect, it } from "vitest";
import { codes, enter, makeScene } from "../../support/scene.ts";
import { makeSpace, type Person, slotIn, type TestSpace } from "../../support/space.ts";
import type { Equipment, Reservation, Session } from "../../support/wire.ts";

const suspend = (space: TestSpace, { member }: Person) =>
  space.root.post(space.path(`/members/${member.id}/suspend`), { reason: "a test" });

const sessionsOn = (space: TestSpace, machine: Equipment) => space.path(`/equipment/${machine.id}/sessions`);

describe("a booking of somebody who was suspended", () => {
  it("is neither excused nor extended by staff", async () => {
    const { space, machine, ada, desk } = await makeScene({ check_in: "optional" });
    const other = await space.machine();
    const slot = slotIn(1);
    const missed = await space.booked(ada.api, machine, slot);
    const begun = await space.booked(ada.api, other, slot);
    await enter(space, machine, slot);
    await enter(space, other, slot);
    expect((await space.step(desk.api, missed, "no_show")).body).toMatchObject({ status: "no_show" });
    await suspend(space, ada);
    const excused = await space.step(desk.api, missed, "excuse");
    expect([excused.problem?.code, codes(excused)]).toEqual(["booking_refused", ["member_not_active"]]);
    const path = space.bookings(other, `/${begun.id}`);
    const { version } = await space.root.get<Reservation>(path);
    const body = { ends_at: slotIn(1, 120).ends_at };
    const moved = await desk.api.send<Reservation>("PATCH", path, { body, if_match: version });
    expect([moved.problem?.code, codes(moved)]).toEqual(["booking_refused", ["member_not_active"]]);
    // To refuse needs nobody in good standing.
    expect((await space.step(desk.api, begun, "approve")).problem?.code).toBe("booking_refused");
    expect((await space.step(desk.api, { ...begun, id: crypto.randomUUID() }, "approve")).problem?.code).toBe(
      "not_found",
    );
  });
});

describe("a booked session", () => {
  it("is the holder's, whoever starts it", async () => {
    const { space, machine, ada } = await makeScene();
    const slot = slotIn(1);
    const booked = await space.booked(ada.api, machine, slot);
    await enter(space, machine, slot);
    // A super_admin is no member here and names nobody: the booking does.
    const session = await space.root.post<Session>(sessionsOn(space, machine), { reservation_id: booked.id });
    expect(session.member_id).toBe(ada.member.id);
    const walkUp = await space.root.refused("POST", sessionsOn(space, machine), { body: { planned_minutes: 5 } });
    expect(walkUp).toMatchObject({ code: "invalid_body", errors: [{ pointer: "/member_id" }] });
  });
});

describe("the owner of a machine", () => {
  it("sees in full what happens on it, and elsewhere their own alone", async () => {
    const space = await makeSpace();
    const [{ api, member }, guest] = [await space.as("service_provider"), await space.as("user")];
    const [mine, other] = [await space.machine({}, { owner_member_id: member.id }), await space.machine()];
    const here = await space.booked(guest.api, mine, { ...slotIn(24), purpose: "A sign" });
    const there = await space.booked(guest.api, other, { ...slotIn(24), purpose: "A box" });
    const seen = async (path: string) => (await api.all<Reservation>(path)).map((row) => [row.id, row.purpose]);
    expect(await seen(space.bookings(mine))).toEqual([[here.id, "A sign"]]);
    expect(await seen(space.bookings(other))).toEqual([[there.id, null]]);
    const list = await seen(space.path("/reservations"));
    expect(list).toHaveLength(2);
    expect(list).toEqual(expect.arrayContaining([[here.id, "A sign"]]));
    expect(list).toEqual(expect.arrayContaining([[there.id, null]]));
    expect((await api.get<Reservation>(space.path(`/reservations/${here.id}`))).member_id).toBe(guest.member.id);
    expect((await api.get<Reservation>(space.path(`/reservations/${there.id}`))).member_id).toBeNull();
    const run = (machine: Equipment) => guest.api.post<Session>(sessionsOn(space, machine), { planned_minutes: 30 });
    const [onMine, onOther] = [await run(mine), await run(other)];
    const sessions = async (query: string) =>
      (await api.all<Session>(space.path(`/sessions?${query}`))).map((session) => session.id);
    expect(await sessions(`equipment_id=${mine.id}`)).toEqual([onMine.id]);
    expect(await sessions(`equipment_id=${mine.id}&equipment_id=${other.id}`)).toEqual([]);
    expect((await api.get<Session>(space.path(`/sessions/${onMine.id}`))).member_id).toBe(guest.member.id);
    expect((await api.refused("GET", space.path(`/sessions/${onOther.id}`))).code).toBe("not_found");
  });

  it("keeps their power when a duty comes on top", async () => {
    const space = await makeSpace();
    const guest = await space.as("user");
    const owner = await space.person({ role: "service_provider", duties: [{ duty: "maintainer" }] });
    const mine = await space.machine({ approval: "staff" }, { owner_member_id: owner.member.id });
    const asked = await space.booked(guest.api, mine, slotIn(24));
    expect((await space.step(owner.api, asked, "approve")).body).toMatchObject({ status: "approved" });
    expect((await space.step(owner.api, asked, "cancel")).body).toMatchObject({ status: "cancelled" });
    const other = await space.machine({ approval: "staff" });
    const elsewhere = await space.booked(guest.api, other, slotIn(24));
    expect((await space.step(owner.api, elsewhere, "approve")).problem?.code).toBe("forbidden");
  });
});
