/** What is owed in the end: for use, for cancelling late, for not coming; once for each booking. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { chargeConsumers, keptAsDue } from "../../../src/modules/equipment/index.ts";
import type { BookingPolicy } from "../../../src/modules/equipment/model.ts";
import type { EventEnvelope } from "../../../src/platform/events.ts";
import { HOUR, MINUTE } from "../../../src/platform/time.ts";
import { deliverTo } from "../../support/background.ts";
import { charged, chargesOf, euro, priced, settlementOf } from "../../support/prices.ts";
import { enter, shiftClock } from "../../support/scene.ts";
import { makeSpace, type Person, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Reservation, Session, Settlement } from "../../support/wire.ts";

let space: TestSpace;
let ada: Person;
beforeAll(async () => {
  space = await makeSpace();
  ada = await space.as("user");
});

const read = (booking: Reservation): Promise<Reservation> =>
  ada.api.get<Reservation>(space.bookings({ id: booking.equipment_id }, `/${booking.id}`));

/** Books an hour, uses it for so many minutes, and answers what is settled. */
async function usedFor(
  policy: Partial<BookingPolicy>,
  minutes: number,
): Promise<{ booking: Reservation; session: Session; said: Settlement }> {
  const machine = await priced(space, policy);
  const booking = await space.booked(ada.api, machine, slotIn(24));
  await enter(space, machine, booking);
  const session = await ada.api.post<Session>(space.path(`/equipment/${machine.id}/sessions`), {
    reservation_id: booking.id,
  });
  await shiftClock(space, machine, Date.parse(booking.starts_at) - Date.now() + minutes * MINUTE - 1_000);
  await ada.api.post<Session>(space.path(`/equipment/${machine.id}/sessions/${session.id}/end`), {});
  const said = await until("the end", async () => {
    const now = await settlementOf(space, ada.api, booking);
    return now.final && now.used_minutes !== null && now;
  });
  return { booking, session, said };
}

describe("the settlement", () => {
  it.each([
    ["reserved", 30, 1_000],
    ["used", 30, 500],
    ["greater", 30, 1_000],
    ["greater", 90, 1_500],
  ] as const)("by what is %s, after %i minutes of an hour", async (bill_by, minutes, total) => {
    const { booking, said } = await usedFor({ bill_by }, minutes);
    expect(said).toMatchObject({
      kind: "use",
      bill_by,
      reserved_minutes: 60,
      used_minutes: minutes,
      total: euro(total),
    });
    expect(await charged(space, booking.id)).toEqual([{ kind: "use", status: "due", amount_minor: total }]);
    expect((await settlementOf(space, ada.api, booking)).charges).toEqual([
      { kind: "use", status: "due", amount: euro(total) },
    ]);
  });

  it("is written once, whoever tells of the end again, and under another id", async () => {
    const { booking, session } = await usedFor({ bill_by: "used" }, 30);
    await charged(space, booking.id);
    const told = (id: string, type: string, subject: EventEnvelope["subject"]): EventEnvelope =>
      ({
        id,
        type,
        v: 1,
        makerspace_id: space.id,
        subject,
        actor_id: "clock",
        request_id: "",
        occurred_at: Date.now(),
        data: {},
      }) as EventEnvelope;
    const { version } = await read(booking);
    const again = [1, 2].map((at) =>
      told(`again-${booking.id}-${at}`, "reservation.completed", { type: "reservation", id: booking.id, version }),
    );
    const late = told(`late-${booking.id}`, "reservation.no_show", { type: "reservation", id: booking.id, version: 1 });
    const ended = told(`ended-${booking.id}`, "session.ended", { type: "session", id: session.id, version: 2 });
    await deliverTo(chargeConsumers(keptAsDue), ...again, late, ended);
    expect(await chargesOf(space, booking.id)).toEqual([{ kind: "use", status: "due", amount_minor: 500 }]);
    // What was used of a booking is the booking's.
    expect(await chargesOf(space, session.id)).toEqual([]);
  });

  it("of a walk-up is by the time that it took", async () => {
    const machine = await priced(space);
    const path = space.path(`/equipment/${machine.id}/sessions`);
    const session = await ada.api.post<Session>(path, { planned_minutes: 60 });
    expect(session.price).toMatchObject({ total: euro(1_000), price_version: 1 });
    await shiftClock(space, machine, 15 * MINUTE - 1_000);
    await ada.api.post<Session>(`${path}/${session.id}/end`, {});
    expect(await charged(space, session.id)).toEqual([{ kind: "use", status: "due", amount_minor: 250 }]);
  });

  it("is for the holder and for staff", async () => {
    const machine = await priced(space);
    const booking = await space.booked(ada.api, machine, slotIn(24));
    const [ben, desk] = [await space.person(), await space.as("desk")];
    expect(await settlementOf(space, desk.api, booking)).toMatchObject({
      final: false,
      total: euro(1_000),
      charges: [],
    });
    const path = space.bookings(machine, `/${booking.id}/settlement`);
    expect((await ben.api.send("GET", path)).status).toBe(403);
    const other = space.bookings(await space.machine(), `/${booking.id}/settlement`);
    expect((await ada.api.send("GET", other)).status).toBe(404);
  });
});

const fees = { cancellation_hours: 24, late_cancel_fee_minor: 700, no_show_fee_minor: 900 };

describe("fees", () => {
  it("are for who cancels late, under the terms of the booking, and lifted once staff excuse them", async () => {
    const machine = await space.machine(fees);
    const [early, late, pardoned] = [
      await space.booked(ada.api, machine, slotIn(30)),
      await space.booked(ada.api, machine, slotIn(5)),
      await space.booked(ada.api, machine, slotIn(8)),
    ];
    const desk = await space.as("desk");
    await space.root.patch(space.path(`/equipment/${machine.id}`), { policy: { late_cancel_fee_minor: 1 } });
    expect((await space.step(ada.api, early, "cancel")).body?.fee).toBeNull();
    expect((await space.step(ada.api, late, "cancel")).body?.fee).toEqual(euro(700));
    expect((await space.step(desk.api, pardoned, "cancel")).body?.fee).toBeNull();
    expect(await charged(space, late.id)).toEqual([{ kind: "late_cancel", status: "due", amount_minor: 700 }]);
    expect((await space.step(ada.api, late, "excuse")).status).toBe(403);
    const lifted = await space.step(desk.api, late, "excuse", { body: { note: "The train was late." } });
    expect(lifted.body).toMatchObject({ status: "cancelled", fee: null, note: "The train was late." });
    await until("the end of it", async () => (await chargesOf(space, late.id))[0]?.status === "lifted");
    expect((await space.step(desk.api, late, "excuse")).problem?.code).toBe("illegal_transition");
    expect([await chargesOf(space, early.id), await chargesOf(space, pardoned.id)]).toEqual([[], []]);
    const audit = await env.DB_000.prepare(
      "SELECT d.before ->> '$.fee_minor' AS was, d.after ->> '$.fee_minor' AS now FROM audit_log l JOIN audit_details d ON d.makerspace_id = l.makerspace_id AND d.seq = l.seq WHERE l.makerspace_id = ? AND l.subject_id = ? AND l.action = 'reservation.excused'",
    )
      .bind(space.id, late.id)
      .first();
    expect(audit).toEqual({ was: 700, now: null });
  });

  it("are the same through the door of a series", async () => {
    const machine = await space.machine(fees);
    const { starts_at } = slotIn(5);
    const series = await ada.api.post<{ series_id: string; booked: { id: string }[] }>(
      space.path(`/equipment/${machine.id}/series`),
      { rrule: "FREQ=DAILY;COUNT=2", local_start: starts_at.slice(0, 16), duration_minutes: 60, timezone: "UTC" },
    );
    const [{ id } = { id: "" }] = series.booked;
    await ada.api.post(space.path(`/equipment/${machine.id}/series/${series.series_id}/cancel`), {
      scope: "this",
      from: id,
    });
    expect(await charged(space, id)).toEqual([{ kind: "late_cancel", status: "due", amount_minor: 700 }]);
  });

  it("are for who does not come, in place of the time, and gone with the excuse", async () => {
    const machine = await priced(space, { ...fees, check_in: "required", grace_minutes: 10 });
    const booking = await space.booked(ada.api, machine, slotIn(24));
    await shiftClock(space, machine, Date.parse(booking.starts_at) - Date.now() + 11 * MINUTE);
    expect(await read(booking)).toMatchObject({ status: "no_show", fee: euro(900) });
    expect(await charged(space, booking.id)).toEqual([{ kind: "no_show", status: "due", amount_minor: 900 }]);
    const desk = await space.as("desk");
    await shiftClock(space, machine, Date.parse(booking.ends_at) - Date.now() + HOUR);
    expect((await space.step(desk.api, booking, "excuse")).body).toMatchObject({ status: "completed", fee: null });
    await until("the end of it", async () => (await chargesOf(space, booking.id))[0]?.status === "lifted");
    expect(await settlementOf(space, ada.api, booking)).toMatchObject({ final: true, kind: null, total: euro(0) });
  });

  it("are not for whose machine was out", async () => {
    const machine = await space.machine({ ...fees, check_in: "required", grace_minutes: 10 });
    const [given, missed] = [
      await space.booked(ada.api, machine, slotIn(1)),
      await space.booked(ada.api, machine, slotIn(3)),
    ];
    await space.root.patch(space.path(`/equipment/${machine.id}`), { status: "under_maintenance" });
    await enter(space, machine, given);
    expect((await space.step(ada.api, given, "cancel")).body?.fee).toBeNull();
    await shiftClock(space, machine, Date.parse(missed.starts_at) - Date.now() + 11 * MINUTE);
    expect(await read(missed)).toMatchObject({ status: "no_show", fee: null });
  });
});
