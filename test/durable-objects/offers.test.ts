/** What becomes of freed time that somebody waits for, in the machine's object. */

import { describe, expect, test } from "vitest";
import type { CommandResult, OfferRecord } from "../../src/modules/equipment/port.ts";
import { answerTime, noPreferences } from "../../src/modules/notifications/model.ts";
import { connectionLost } from "../support/faults.ts";
import { HOUR, MINUTE, MORNING, type Person, refusalOf, reservationOf, slot, TestMachine } from "../support/object.ts";

const quiet = { projected: false } as const;
const windows = (entry_id: string, from: number, to: number, minutes = 60) => {
  const { starts_at: window_starts_at, ends_at: window_ends_at } = slot(from, to);
  return [{ entry_id, window_starts_at, window_ends_at, minutes }];
};
const wait = (machine: TestMachine, entry_id: string, from: number, to: number, minutes = 60) =>
  machine.send(machine.desk, { type: "wait", windows: windows(entry_id, from, to, minutes) });

const offers = (machine: TestMachine) =>
  machine.inside((_, { storage }) =>
    storage.sql
      .exec<{ id: string; entry_id: string | null; starts_at: number; ends_at: number; expires_at: number }>(
        "SELECT id, entry_id, starts_at, ends_at, expires_at FROM offers ORDER BY starts_at",
      )
      .toArray(),
  );
const only = async (machine: TestMachine) => {
  const [offer, more] = await offers(machine);
  if (!offer || more) throw new Error("not one offer");
  return offer;
};
const hours = ({ starts_at, ends_at }: { starts_at: number; ends_at: number }): [number, number] => [
  (starts_at - MORNING) / HOUR,
  (ends_at - MORNING) / HOUR,
];

const assign = (
  machine: TestMachine,
  offer_id: string,
  entry_id: string,
  to: Person,
  answer_by = Date.now() + 1_000 * HOUR,
) => machine.send(machine.desk, { type: "assign_offer", offer_id, entry_id, answer_by }, { for: to });
const offerOf = (result: CommandResult): OfferRecord => {
  if (!result.ok || !result.offer) throw new Error(JSON.stringify(result));
  return result.offer;
};
const accept = (machine: TestMachine, by: Person, entry_id: string) =>
  machine.send(by, {
    type: "accept_offer",
    entry_id,
    reservation_id: crypto.randomUUID(),
    purpose: null,
    project_id: null,
  });

/** A machine on which Bob has an hour of the morning, for which one waits. */
async function taken(policy = {}) {
  const machine = await TestMachine.open({ ...quiet, policy });
  const booked = await machine.booked(machine.bob, slot(2, 3));
  await wait(machine, "e1", 2, 3);
  return { machine, booked };
}

describe("whatever frees time", () => {
  test("offers it in the same step: cancel, reject, expire, no-show, move, shorten, early end, the end of a hold", async () => {
    const ways: [string, object, (machine: TestMachine) => Promise<unknown>][] = [
      [
        "cancel",
        {},
        async (machine) => machine.step(machine.ada, "cancel", (await machine.booked(machine.ada, slot(2, 3))).id),
      ],
      [
        "reject",
        { approval: "staff" },
        async (machine) => machine.step(machine.desk, "reject", (await machine.booked(machine.ada, slot(2, 3))).id),
      ],
      [
        "expire",
        { approval: "staff", pending_ttl_minutes: 30 },
        async (machine) => {
          await machine.booked(machine.ada, slot(2, 3));
          await machine.setClock(MORNING);
        },
      ],
      [
        "miss",
        { check_in: "required", grace_minutes: 5 },
        async (machine) => {
          await machine.booked(machine.ada, slot(2, 3));
          await machine.setClock(MORNING + 2 * HOUR + 6 * MINUTE);
        },
      ],
      [
        "move",
        {},
        async (machine) => machine.amend(machine.ada, await machine.booked(machine.ada, slot(2, 3)), slot(5, 6)),
      ],
      [
        "shorten",
        {},
        async (machine) =>
          machine.amend(machine.ada, await machine.booked(machine.ada, slot(1, 3)), { ends_at: slot(1, 2).ends_at }),
      ],
      [
        "let go",
        { hold_minutes: 5 },
        async (machine) => {
          await machine.send(machine.ada, { type: "hold", hold_id: crypto.randomUUID(), ...slot(2, 3) });
          await machine.setClock(MORNING - HOUR + 6 * MINUTE);
        },
      ],
      [
        "end",
        {},
        async (machine) => {
          const { id } = await machine.booked(machine.ada, slot(2, 3));
          await machine.setClock(MORNING + 2 * HOUR + 2 * MINUTE);
          const started = await machine.start(machine.ada, id);
          await machine.end(machine.ada, started.ok ? (started.session?.id ?? "") : "");
        },
      ],
    ];
    for (const [name, policy, free] of ways) {
      const machine = await TestMachine.open({ ...quiet, policy });
      await wait(machine, "e1", 2, 3, 45);
      await free(machine);
      await machine.alarm();
      const found = await offers(machine);
      expect(
        found.map(({ entry_id }) => entry_id),
        name,
      ).toEqual([null]);
      expect(refusalOf(await machine.reserve(machine.bob, slot(2.25, 3))).code, name).toBe("slot_taken");
    }
  });

  test("offers nothing where nobody waits, where it is too short, and what is over", async () => {
    const machine = await TestMachine.open(quiet);
    const cancel = async (from: number, to: number) =>
      machine.step(machine.ada, "cancel", (await machine.booked(machine.ada, slot(from, to))).id);
    await cancel(2, 3);
    await wait(machine, "e1", 4, 8, 240);
    await wait(machine, "e2", 10, 12);
    await machine.booked(machine.bob, slot(6, 7));
    await cancel(5, 6);
    await cancel(2, 3);
    expect(await offers(machine)).toEqual([]);
    expect(await machine.send(machine.desk, { type: "stop_waiting", entry_ids: ["e2"] })).toMatchObject({ ok: true });
    await cancel(10, 11);
    expect(await offers(machine)).toEqual([]);
  });
});

describe("an offer", () => {
  test("becomes the booking of whom it was given to, and of nobody else", async () => {
    const { machine, booked } = await taken();
    await machine.step(machine.bob, "cancel", booked.id);
    const { id } = await only(machine);
    const { ada, bob } = machine;
    expect(refusalOf(await accept(machine, ada, "e1")).code).toBe("offer_gone");
    // Somebody of whom the machine knows nothing is passed over; the next one may have it.
    expect(refusalOf(await assign(machine, id, "unheard-of", bob)).code).toBe("booking_refused");
    const offer = offerOf(await assign(machine, id, "e1", ada));
    expect(hours(offer)).toEqual([2, 3]);
    // A repeated word changes nothing.
    expect(offerOf(await assign(machine, id, "e1", ada))).toEqual(offer);
    expect(refusalOf(await assign(machine, id, "e2", bob)).code).toBe("offer_gone");
    expect(refusalOf(await accept(machine, bob, "e1")).code).toBe("offer_gone");
    expect(reservationOf(await accept(machine, ada, "e1"))).toMatchObject({
      member_id: ada.id,
      status: "approved",
      ...slot(2, 3),
    });
    expect([await offers(machine), (await machine.occupancy()).length]).toEqual([[], 1]);
  });

  test("is judged like a booking of theirs, and kept for somebody else when it says no", async () => {
    const { machine, booked } = await taken({ notice_minutes: 60 });
    await machine.step(machine.bob, "cancel", booked.id);
    const { id } = await only(machine);
    const closed = { code: "agreement_missing", detail: "no" };
    machine.gates = { ...machine.gates, reasons: [closed] };
    expect(refusalOf(await assign(machine, id, "e1", machine.ada)).reasons).toEqual([closed]);
    machine.gates = { ...machine.gates, reasons: [] };
    expect((await only(machine)).entry_id).toBeNull();
    offerOf(await assign(machine, id, "e1", machine.ada));
    // Notice was given with the offer; whether they may is asked again.
    await machine.setClock(MORNING + HOUR + 30 * MINUTE);
    machine.gates = { ...machine.gates, reasons: [closed] };
    expect(refusalOf(await accept(machine, machine.ada, "e1")).code).toBe("booking_refused");
    machine.gates = { ...machine.gates, reasons: [] };
    reservationOf(await accept(machine, machine.ada, "e1"));
  });

  test("ends when it should have been answered, at the latest when the window has just the minutes left; then it is the next one's", async () => {
    const { machine, booked } = await taken();
    await wait(machine, "e2", 2, 3);
    await machine.step(machine.bob, "cancel", booked.id);
    const first = offerOf(await assign(machine, (await only(machine)).id, "e1", machine.ada));
    expect(first.expires_at).toBe(slot(2, 3).starts_at);
    await machine.send(machine.desk, { type: "stop_waiting", entry_ids: ["e1"] });
    const again = await only(machine);
    expect([again.entry_id, again.id === first.id]).toEqual([null, false]);
    const answer_by = MORNING - 30 * MINUTE;
    const second = offerOf(await assign(machine, again.id, "e2", machine.ada, answer_by));
    expect(second.expires_at).toBe(answer_by);
    await machine.setClock(answer_by);
    expect(refusalOf(await accept(machine, machine.ada, "e2")).code).toBe("offer_gone");
    expect(await offers(machine)).toEqual([]);
    reservationOf(await machine.reserve(machine.bob, slot(2, 3)));
  });

  test("of time that runs begins once it should have been answered, while enough of it is left", async () => {
    const machine = await TestMachine.open(quiet);
    const booked = await machine.booked(machine.bob, slot(2, 4));
    await wait(machine, "e1", 2, 4);
    await machine.setClock(MORNING + 2 * HOUR + MINUTE);
    const started = await machine.start(machine.bob, booked.id);
    await machine.end(machine.bob, started.ok ? (started.session?.id ?? "") : "");
    const answer_by = MORNING + 2 * HOUR + 20 * MINUTE;
    const offer = offerOf(await assign(machine, (await only(machine)).id, "e1", machine.ada, answer_by));
    expect([hours(offer), offer.expires_at]).toEqual([[2.5, 3.5], answer_by]);
    // What is left of it is free.
    reservationOf(await machine.reserve(machine.bob, slot(3.5, 4)));
  });

  test("for which nobody is found is free: at once when that is said, after two minutes when D1 does not answer", async () => {
    const { machine, booked } = await taken();
    await machine.setPorts({ project: () => Promise.reject(connectionLost()) });
    await machine.step(machine.bob, "cancel", booked.id);
    const { expires_at } = await only(machine);
    expect(Math.abs(expires_at - (MORNING - HOUR + 2 * MINUTE))).toBeLessThan(10_000);
    await machine.setClock(expires_at - 1_000);
    expect(await offers(machine)).toHaveLength(1);
    await machine.setClock(expires_at);
    expect([await offers(machine), await machine.occupancy()]).toEqual([[], []]);
    const again = await machine.booked(machine.bob, slot(2, 3));
    await machine.step(machine.bob, "cancel", again.id);
    await machine.send(machine.desk, { type: "release_offer", offer_id: (await only(machine)).id });
    expect([await offers(machine), await machine.occupancy()]).toEqual([[], []]);
  });

  test("goes with its member, and keeps no machine", async () => {
    const { machine, booked } = await taken();
    await machine.step(machine.bob, "cancel", booked.id);
    offerOf(await assign(machine, (await only(machine)).id, "e1", machine.ada));
    await machine.send(machine.desk, { type: "sweep_member", member_id: machine.ada.id, note: "" });
    expect(await offers(machine)).toEqual([]);
    await wait(machine, "e2", 2, 3);
    await machine.step(machine.bob, "cancel", (await machine.booked(machine.bob, slot(2, 3))).id);
    expect(await machine.send(machine.desk, { type: "retire" })).toMatchObject({ ok: true });
    expect([await offers(machine), await machine.occupancy()]).toEqual([[], []]);
  });

  test("is taken once, however often they say yes", async () => {
    const { machine, booked } = await taken();
    await machine.step(machine.bob, "cancel", booked.id);
    offerOf(await assign(machine, (await only(machine)).id, "e1", machine.ada));
    const results = await Promise.all(Array.from({ length: 20 }, () => accept(machine, machine.ada, "e1")));
    expect(results.filter(({ ok }) => ok)).toHaveLength(1);
  });
});

test("an answer is not due in quiet hours, but as long after them", () => {
  const at = (clock: string) => Date.parse(`2027-01-15T${clock}:00+01:00`);
  const wants = { ...noPreferences, quiet_hours: { from: "22:00", to: "08:00" } };
  const due = (clock: string) => answerTime(wants, "Europe/Berlin", at(clock), 60);
  expect([due("12:00"), due("20:59"), due("21:30")]).toEqual([at("13:00"), at("21:59"), at("09:00") + 24 * HOUR]);
  expect(answerTime(noPreferences, "Europe/Berlin", at("21:30"), 60)).toBe(at("22:30"));
});
