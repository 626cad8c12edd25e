/** Limits that count across machines: of any number who ask at once no more get through than the plan allows, and none is counted twice. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE } from "../../../src/platform/time.ts";
import type { Answer } from "../../support/api.ts";
import { faulty, through } from "../../support/faults.ts";
import { claimsOf, onPlan, type PlanLimits } from "../../support/plans.ts";
import { codes, enter, shiftClock } from "../../support/scene.ts";
import { iso, makeSpace, type Person, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Equipment, Reservation, Session } from "../../support/wire.ts";

const MACHINES = 8;

interface Hall {
  space: TestSpace;
  machines: Equipment[];
  ada: Person;
  desk: Person;
}

/** A makerspace with a few machines, and a member on a plan of cycles of a month from midnight of the first. */
async function hall(limits: PlanLimits, count = MACHINES): Promise<Hall> {
  const space = await makeSpace({ timezone: "UTC" });
  const [ada, desk, ...machines] = await Promise.all([
    space.as("user"),
    space.as("desk"),
    ...Array.from({ length: count }, () => space.machine({ granularity_minutes: 15 })),
  ]);
  await onPlan(space, ada, limits, { billing_cycle: "yearly" });
  return { space, machines, ada, desk };
}

/** The i-th of many slots that never clash: machine by machine, hour by hour. */
const nth = ({ machines }: Hall, index: number): { machine: Equipment; slot: ReturnType<typeof slotIn> } => {
  const machine = machines[index % machines.length];
  if (!machine) throw new Error("no machine");
  return { machine, slot: slotIn(24 + 2 * Math.floor(index / machines.length)) };
};

const won = (answers: Answer<unknown>[]) => answers.filter(({ status }) => status === 201);
const lost = (answers: Answer<unknown>[]) =>
  answers.filter(({ status }) => status !== 201).map((answer) => `${answer.problem?.code} ${codes(answer)}`);

/** All claims have found their rows. */
const settled = (space: TestSpace) => until("the claims' end", async () => (await claimsOf(space)).length === 0);

const minutesOf = async (space: TestSpace, { member }: Person): Promise<number> => {
  const read = env.DB_000.prepare(
    "SELECT coalesce(sum(counted_minutes), 0) AS minutes FROM reservations WHERE makerspace_id = ? AND member_id = ?",
  );
  return (await read.bind(space.id, member.id).first<{ minutes: number }>())?.minutes ?? -1;
};

describe("open bookings", () => {
  it("are won by three of sixty who ask for different machines and hours at once", async () => {
    const here = await hall({ max_open_bookings: 3 });
    const { space, ada } = here;
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, index) => {
        const { machine, slot } = nth(here, index);
        return space.book(ada.api, machine, slot);
      }),
    );
    expect(won(answers)).toHaveLength(3);
    expect(new Set(lost(answers))).toEqual(new Set(["booking_refused open_bookings_used_up"]));
    await settled(space);
    const { machine, slot } = nth(here, 70);
    const full = await space.book(ada.api, machine, slot);
    expect(full.problem?.reasons?.[0]).toMatchObject({ limit: { max_open_bookings: 3, open_bookings: 3 } });
  });

  it("are free again when one is cancelled, and never more than that in a storm of both", async () => {
    const here = await hall({ max_open_bookings: 3 }, 4);
    const { space, ada } = here;
    const open = new Map<string, Reservation>();
    let most = 0;
    for (let round = 0; round < 5; round++) {
      const asks = Array.from({ length: 12 }, (_, index) => {
        const { machine, slot } = nth(here, round * 12 + index);
        return space.book(ada.api, machine, slot);
      });
      const [victim] = open.values();
      const cancelled = victim && (await space.step(ada.api, victim, "cancel"));
      if (victim && cancelled?.status === 200) open.delete(victim.id);
      for (const { body } of won(await Promise.all(asks))) open.set((body as Reservation).id, body as Reservation);
      most = Math.max(most, open.size);
      const rows = await ada.api.all<Reservation>(
        space.path("/reservations?member_id=me&status=pending&status=approved&status=active"),
      );
      expect(rows.length).toBeLessThanOrEqual(3);
    }
    expect(most).toBe(3);
    await settled(space);
  });

  it("count a request that is repeated with its key once, however many come at once", async () => {
    const here = await hall({ max_open_bookings: 2 }, 2);
    const { space, ada } = here;
    const { machine, slot } = nth(here, 0);
    const again = () => space.book(ada.api, machine, slot, { key: "once" });
    const answers = await Promise.all(Array.from({ length: 20 }, again));
    expect(new Set(answers.map(({ status, body }) => `${status} ${body?.id}`)).size).toBe(1);
    await settled(space);
    const other = nth(here, 1);
    expect((await space.book(ada.api, other.machine, other.slot)).status).toBe(201);
    // The plan is full now, and the first answer is still the answer.
    expect((await again()).status).toBe(201);
    expect(codes(await space.book(ada.api, machine, slotIn(40)))).toEqual(["open_bookings_used_up"]);
    await settled(space);
  });

  it("are given back when the machine says no", async () => {
    const here = await hall({ max_open_bookings: 1 }, 2);
    const { space, machines, ada, desk } = here;
    const [taken, free] = machines;
    if (!taken || !free) throw new Error("no machines");
    const ben = await space.person();
    await space.booked(ben.api, taken, slotIn(24));
    expect((await space.book(ada.api, taken, slotIn(24))).problem?.code).toBe("slot_taken");
    await settled(space);
    expect((await space.book(ada.api, free, slotIn(24))).status).toBe(201);
    // Staff book past the limit, and what they book counts.
    expect((await space.book(desk.api, free, { ...slotIn(40), member_id: ada.member.id })).status).toBe(201);
    await settled(space);
    expect(codes(await space.book(ada.api, free, slotIn(50)))).toEqual(["open_bookings_used_up"]);
  });
});

describe("minutes of a cycle", () => {
  it("are won by five hours of forty who ask at once", async () => {
    const here = await hall({ minutes_per_cycle: 300 });
    const { space, ada } = here;
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => {
        const { machine, slot } = nth(here, index);
        return space.book(ada.api, machine, slot);
      }),
    );
    expect(won(answers)).toHaveLength(5);
    expect(new Set(lost(answers))).toEqual(new Set(["booking_refused minutes_used_up"]));
    await settled(space);
    expect(await minutesOf(space, ada)).toBe(300);
  });

  it("are counted when bookings are extended at once, too", async () => {
    const here = await hall({ minutes_per_cycle: 8 * 60 + 90 });
    const { space, ada } = here;
    const booked = await Promise.all(here.machines.map((machine) => space.booked(ada.api, machine, slotIn(24))));
    const answers = await Promise.all(
      booked.map(({ id, equipment_id, version }) =>
        ada.api.send<Reservation>("PATCH", space.bookings({ id: equipment_id }, `/${id}`), {
          body: { ends_at: slotIn(24, 90).ends_at },
          if_match: version,
        }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    expect(answers.filter((answer) => codes(answer).includes("minutes_used_up"))).toHaveLength(5);
    await settled(space);
    expect(await minutesOf(space, ada)).toBe(8 * 60 + 90);
  });

  it("are used by walk-ups as well, which are no bookings ahead", async () => {
    const here = await hall({ minutes_per_cycle: 100, max_open_bookings: 0 });
    const { space, ada } = here;
    const start = (machine: Equipment) =>
      ada.api.send<Session>("POST", space.path(`/equipment/${machine.id}/sessions`), { body: { planned_minutes: 30 } });
    const answers = await Promise.all(here.machines.map(start));
    expect(won(answers)).toHaveLength(3);
    expect(new Set(lost(answers))).toEqual(new Set(["booking_refused minutes_used_up"]));
    await settled(space);
    const [ended] = won(answers).map(({ body }) => body as Session);
    if (!ended) throw new Error("no session");
    expect(ended.counted_minutes).toBe(30);
    const path = space.path(`/equipment/${ended.equipment_id}/sessions/${ended.id}`);
    await shiftClock(space, { id: ended.equipment_id }, 4 * MINUTE);
    expect((await ada.api.post<Session>(`${path}/end`)).counted_minutes).toBe(5);
    // Ten and twenty-five are free again: one more of thirty.
    const more = await until("the row", async () => {
      const answer = await start({ ...here.machines[0], id: ended.equipment_id } as Equipment);
      return answer.status === 201 && answer;
    });
    expect(more.body?.counted_minutes).toBe(30);
  });

  it("are counted in the cycle that a booking starts in", async () => {
    const space = await makeSpace({ timezone: "UTC" });
    const [machine, ada] = await Promise.all([space.machine({ min_minutes: 15 }), space.as("user")]);
    await onPlan(space, ada, { minutes_per_cycle: 120 }, { billing_cycle: "daily" });
    const midnight = (Math.floor(Date.now() / DAY) + 3) * DAY;
    const at = (from: number, to: number) => ({
      starts_at: iso(midnight + from * HOUR),
      ends_at: iso(midnight + to * HOUR),
    });
    // Two hours across midnight are all of the day before, and nothing of the day after.
    expect((await space.book(ada.api, machine, at(-1, 1))).status).toBe(201);
    await settled(space);
    expect(codes(await space.book(ada.api, machine, at(-3, -2)))).toEqual(["minutes_used_up"]);
    const after = await space.booked(ada.api, machine, at(2, 4));
    await settled(space);
    expect(codes(await space.book(ada.api, machine, at(5, 6)))).toEqual(["minutes_used_up"]);
    // Moved into the day that is full it is refused; the next one has room.
    const move = (body: object) =>
      ada.api.send<Reservation>("PATCH", space.bookings(machine, `/${after.id}`), { body, if_match: after.version });
    expect(codes(await move(at(-5, -3)))).toEqual(["minutes_used_up"]);
    expect((await move(at(26, 28))).status).toBe(200);
    await settled(space);
    expect((await space.book(ada.api, machine, at(5, 7))).status).toBe(201);
  });

  it("come back with a cancellation in time and an early end; a late one and a no-show count, until it is excused", async () => {
    const space = await makeSpace({ timezone: "UTC" });
    const [machine, ada, desk] = await Promise.all([
      space.machine({ check_in: "required", grace_minutes: 15 }),
      space.as("user"),
      space.as("desk"),
    ]);
    await onPlan(space, ada, { minutes_per_cycle: 600, cancellation_hours: 24 }, { billing_cycle: "yearly" });
    const book = (hours: number) => space.booked(ada.api, machine, slotIn(hours));
    const step = async (booking: Reservation, name: string, by = ada) =>
      (await space.step(by.api, booking, name)).body?.counted_minutes;
    const [early, late, byStaff] = [await book(30), await book(20), await book(18)];
    expect(early.counted_minutes).toBe(60);
    expect(await step(early, "cancel")).toBe(0);
    expect(await step(late, "cancel")).toBe(60);
    expect(await step(byStaff, "cancel", desk)).toBe(0);
    const [missed, used] = [await book(40), await book(42)];
    await enter(space, machine, { ...slotIn(40), starts_at: iso(Date.parse(slotIn(40).starts_at) + 16 * MINUTE) });
    const read = (id: string) => ada.api.get<Reservation>(space.bookings(machine, `/${id}`));
    expect(await read(missed.id)).toMatchObject({ status: "no_show", counted_minutes: 60 });
    expect((await space.step(desk.api, missed, "excuse")).body).toMatchObject({
      status: "approved",
      counted_minutes: 60,
    });
    await enter(space, machine, slotIn(42));
    expect(await read(missed.id)).toMatchObject({ status: "no_show", counted_minutes: 60 });
    expect((await space.step(desk.api, missed, "excuse")).body).toMatchObject({
      status: "completed",
      counted_minutes: 0,
    });
    const sessions = space.path(`/equipment/${machine.id}/sessions`);
    const session = await ada.api.post<Session>(sessions, { reservation_id: used.id });
    await shiftClock(space, machine, Date.parse(slotIn(42).starts_at) - Date.now() + 19 * MINUTE);
    await ada.api.post(`${sessions}/${session.id}/end`);
    const done = await read(used.id);
    expect(done.status).toBe("completed");
    expect(done.counted_minutes).toBeGreaterThanOrEqual(19);
    expect(done.counted_minutes).toBeLessThanOrEqual(21);
    await until("the rows", async () => (await minutesOf(space, ada)) === 60 + (done.counted_minutes ?? 0));
  });
});

describe("trips to the database", () => {
  it("are as many as ever without such limits, and one more with them", async () => {
    const space = await makeSpace();
    const [machine, ada, ben, cid] = await Promise.all([
      space.machine(),
      space.as("user"),
      space.person(),
      space.person(),
    ]);
    await onPlan(space, ben, { advance_days: 30, max_duration_minutes: 300 });
    await onPlan(space, cid, { max_open_bookings: 5, minutes_per_cycle: 600 });
    const count = async ({ api }: Person, hours: number): Promise<number> => {
      let trips = 0;
      const note = (): void => {
        trips++;
      };
      const DB_000 = faulty(env.DB_000, { before: note });
      const way = through({ DB_000 });
      await api.by(way).post(space.bookings(machine), slotIn(hours));
      return trips;
    };
    // Once, so that nobody's first visit is among what is counted.
    for (const [index, { api }] of [ada, ben, cid].entries()) await space.booked(api, machine, slotIn(24 + index));
    const without = await count(ada, 30);
    expect(await count(ben, 32)).toBe(without);
    expect(await count(cid, 34)).toBe(without + 1);
  });
});
