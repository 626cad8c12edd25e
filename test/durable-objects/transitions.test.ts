import { evictDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { type ReservationStatus, reservationStatuses, stepsTo } from "../../src/modules/equipment/model.ts";
import {
  eventually,
  HOUR,
  MINUTE,
  MORNING,
  type Person,
  refusalOf,
  reservationOf,
  sessionOf,
  slot,
  TestMachine,
} from "../support/object.ts";

const quiet = { projected: false } as const;

type PersonStep = "approve" | "reject" | "cancel" | "check_in" | "no_show" | "excuse" | "start";
const personSteps: PersonStep[] = ["approve", "reject", "cancel", "check_in", "no_show", "excuse", "start"];

/** A booking of Ada's at 08:00 to 09:00 in this status, the clock at 08:05 where that is possible. */
async function inStatus(machine: TestMachine, status: ReservationStatus): Promise<string> {
  const { ada, desk } = machine;
  const { id } = await machine.booked(ada, slot(0, 1));
  const now = MORNING + 5 * MINUTE;
  if (status === "pending") return id;
  if (status === "rejected") await machine.step(desk, "reject", id);
  else if (status === "cancelled") await machine.step(ada, "cancel", id);
  else if (status !== "expired") reservationOf(await machine.step(desk, "approve", id));
  await machine.setClock(now);
  if (status === "active" || status === "completed") reservationOf(await machine.step(ada, "check_in", id));
  if (status === "no_show") reservationOf(await machine.step(desk, "no_show", id));
  if (status === "completed") await machine.end(ada, sessionOf(await machine.start(ada, id)).id);
  return id;
}

describe("every step in every status is what the declared table says", () => {
  for (const status of reservationStatuses) {
    test(status, async () => {
      for (const step of personSteps) {
        const machine = await TestMachine.open({ ...quiet, policy: { approval: "staff", check_in: "optional" } });
        const id = await inStatus(machine, status);
        const before = await machine.read(id);
        expect(before.status).toBe(status);
        const result =
          step === "start" ? await machine.start(machine.ada, id) : await machine.step(machine.desk, step, id);
        const allowed = stepsTo(status, step);
        if (allowed.length > 0) {
          expect(allowed, `${status} ${step}`).toContain(reservationOf(result).status);
          expect(reservationOf(result).version).toBe(before.version + 1);
        } else {
          expect(refusalOf(result), `${status} ${step}`).toMatchObject({ code: "illegal_transition", status });
          expect(await machine.read(id)).toEqual(before);
        }
      }
    });
  }
});

describe("who may", () => {
  test("members touch their own, staff any; an unknown one is not found", async () => {
    const machine = await TestMachine.open(quiet);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    for (const step of ["cancel", "check_in"] as const) {
      expect(refusalOf(await machine.step(machine.bob, step, id)).code).toBe("forbidden");
      expect(refusalOf(await machine.step(machine.ada, step, crypto.randomUUID())).code).toBe("not_found");
    }
    expect(reservationOf(await machine.step(machine.desk, "cancel", id)).status).toBe("cancelled");
  });
});

describe("facts about the person", () => {
  const strict = { ...quiet, policy: { approval: "staff", check_in: "required" } } as const;
  type Step = "approve" | "excuse" | "check_in" | "amend" | "start";

  /** A booking that the step would be legal for, and the step by staff, with facts about `holder`. */
  async function attempt(machine: TestMachine, step: Step, holder: Person, decide_before = Date.now() + 10_000) {
    const { ada, desk } = machine;
    const booked = await machine.booked(ada, slot(0, 1));
    const id = booked.id;
    if (step === "excuse" || step === "check_in" || step === "start") await machine.step(desk, "approve", id);
    if (step !== "approve" && step !== "amend") await machine.setClock(MORNING + MINUTE);
    if (step === "excuse") await machine.step(desk, "no_show", id);
    return async () => {
      const options = { for: holder, decide_before };
      const { version: if_version } = await machine.read(id);
      if (step === "start") return machine.start(desk, id, null, options);
      if (step === "amend")
        return machine.send(
          desk,
          { type: step, reservation_id: id, if_version, starts_at: MORNING + HOUR / 4 },
          options,
        );
      if (step === "check_in") return machine.send(desk, { type: step, reservation_id: id }, options);
      return machine.send(desk, { type: step, reservation_id: id, note: null }, options);
    };
  }

  for (const step of ["approve", "excuse", "check_in", "amend", "start"] as const) {
    test(`${step}: about somebody else they are stale, and so they are after a sweep`, async () => {
      const other = await TestMachine.open(strict);
      expect(refusalOf(await (await attempt(other, step, other.bob))()).code).toBe("stale_facts");
      const machine = await TestMachine.open(strict);
      const { ada, desk } = machine;
      const go = await attempt(machine, step, ada, Date.now() + 9_000);
      expect((await machine.send(desk, { type: "sweep_member", member_id: ada.id, note: "suspended" })).ok).toBe(true);
      expect(refusalOf(await go()).code).toBe("stale_facts");
      const fine = await TestMachine.open(strict);
      expect((await (await attempt(fine, step, fine.ada))()).ok).toBe(true);
    });
  }
});

describe("pending", () => {
  const staffed = { ...quiet, policy: { approval: "staff", pending_ttl_minutes: 30 } } as const;

  test("approval keeps its slot and says who decided", async () => {
    const machine = await TestMachine.open(staffed);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    const approved = reservationOf(await machine.step(machine.desk, "approve", id));
    expect(approved).toMatchObject({ status: "approved", decided_by: machine.desk.id, expires_at: null });
    expect(refusalOf(await machine.reserve(machine.bob, slot(0, 1))).code).toBe("slot_taken");
  });

  test("a rejected or expired one frees its slot", async () => {
    const machine = await TestMachine.open(staffed);
    const rejected = await machine.booked(machine.ada, slot(0, 1));
    await machine.step(machine.desk, "reject", rejected.id);
    const second = await machine.booked(machine.bob, slot(0, 1));
    await machine.setClock(second.created_at + 31 * MINUTE);
    expect((await machine.read(second.id)).status).toBe("expired");
    expect(await machine.occupancy()).toEqual([]);
  });

  test("the alarm expires it without anybody asking", async () => {
    const machine = await TestMachine.open({ policy: staffed.policy });
    await machine.booked(machine.ada, slot(0, 1));
    const sql = (statement: string) => machine.inside((_, state) => state.storage.sql.exec(statement).toArray());
    await sql(`UPDATE state SET clock_offset = clock_offset + ${31 * MINUTE}`);
    await evictDurableObject(machine.stub);
    await machine.stub.ping();
    await eventually(async () => (await sql("SELECT status FROM reservations"))[0]?.status === "expired");
  });
});

describe("without check-in", () => {
  test("a booking begins and ends by the clock", async () => {
    const machine = await TestMachine.open(quiet);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 1);
    expect(await machine.read(id)).toMatchObject({ status: "active", checked_in_at: null });
    await machine.setClock(MORNING + HOUR);
    expect(await machine.read(id)).toMatchObject({ status: "completed", version: 3 });
  });

  test("a clock that was away for days takes both steps at once", async () => {
    const machine = await TestMachine.open(quiet);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 72 * HOUR);
    expect(await machine.read(id)).toMatchObject({ status: "completed", version: 3 });
  });

  test("nobody checks in and nobody can be missing", async () => {
    const machine = await TestMachine.open(quiet);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    for (const step of ["check_in", "no_show"] as const) {
      const refused = refusalOf(await machine.step(machine.desk, step, id));
      expect([refused.code, refused.reasons[0]?.code]).toEqual(["booking_refused", "check_in_not_used"]);
    }
  });
});

describe("with check-in", () => {
  const strict = { ...quiet, policy: { check_in: "required", grace_minutes: 10 } } as const;

  test("it opens fifteen minutes before", async () => {
    const machine = await TestMachine.open(strict);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING - 16 * MINUTE);
    const early = refusalOf(await machine.step(machine.ada, "check_in", id));
    expect(early.code).toBe("too_early");
    expect(early.reasons[0]?.limit).toEqual({ opens_at: new Date(MORNING - 15 * MINUTE).toISOString() });
    await machine.setClock(MORNING - 15 * MINUTE);
    expect(reservationOf(await machine.step(machine.ada, "check_in", id)).status).toBe("active");
  });

  test("whoever does not come within the grace is missing, and the slot is free", async () => {
    const machine = await TestMachine.open(strict);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 9 * MINUTE);
    expect((await machine.read(id)).status).toBe("approved");
    await machine.setClock(MORNING + 10 * MINUTE);
    expect((await machine.read(id)).status).toBe("no_show");
    await machine.booked(machine.bob, slot(0.25, 1));
  });

  test("nobody is missing before the start", async () => {
    const machine = await TestMachine.open(strict);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    expect(refusalOf(await machine.step(machine.desk, "no_show", id)).code).toBe("too_early");
  });

  test("an excused no-show holds the rest of its slot again, with a new grace", async () => {
    const machine = await TestMachine.open(strict);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 12 * MINUTE);
    expect(reservationOf(await machine.step(machine.desk, "excuse", id)).status).toBe("approved");
    expect(refusalOf(await machine.reserve(machine.bob, slot(0.5, 1))).code).toBe("slot_taken");
    await machine.setClock(MORNING + 21 * MINUTE);
    expect((await machine.read(id)).status).toBe("approved");
    await machine.setClock(MORNING + 23 * MINUTE);
    expect((await machine.read(id)).status).toBe("no_show");
  });

  test("moving the end gives an excused one no second grace, and takes none of the first", async () => {
    const machine = await TestMachine.open(strict);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 12 * MINUTE);
    const excused = reservationOf(await machine.step(machine.desk, "excuse", id));
    await machine.setClock(MORNING + 15 * MINUTE);
    reservationOf(await machine.amend(machine.ada, excused, { ends_at: MORNING + 2 * HOUR }));
    await machine.setClock(MORNING + 21 * MINUTE);
    expect((await machine.read(id)).status).toBe("approved");
    await machine.setClock(MORNING + 23 * MINUTE);
    expect((await machine.read(id)).status).toBe("no_show");
  });

  test("where check-in became required after the start, moving the end leaves a grace from then on", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { check_in: "optional", grace_minutes: 10 } });
    const booked = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 20 * MINUTE);
    await machine.configure({ check_in: "required" });
    reservationOf(await machine.amend(machine.ada, booked, { ends_at: MORNING + 2 * HOUR }));
    await machine.setClock(MORNING + 29 * MINUTE);
    expect((await machine.read(booked.id)).status).toBe("approved");
    await machine.setClock(MORNING + 31 * MINUTE);
    expect((await machine.read(booked.id)).status).toBe("no_show");
  });

  test("an excused no-show whose slot was taken, or is over, is closed", async () => {
    const machine = await TestMachine.open(strict);
    const taken = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 11 * MINUTE);
    await machine.booked(machine.bob, slot(0.5, 1));
    expect(reservationOf(await machine.step(machine.desk, "excuse", taken.id)).status).toBe("completed");
    const over = await machine.booked(machine.ada, slot(2, 3));
    await machine.setClock(MORNING + 4 * HOUR);
    expect(reservationOf(await machine.step(machine.desk, "excuse", over.id)).status).toBe("completed");
  });

  test("where check-in was switched off meanwhile, nobody is missing", async () => {
    const machine = await TestMachine.open(strict);
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.configure({ check_in: "none" });
    await machine.setClock(MORNING + 11 * MINUTE);
    expect((await machine.read(id)).status).toBe("active");
  });

  test("an optional one that nobody attended begins and ends at its end", async () => {
    const machine = await TestMachine.open({ ...quiet, policy: { check_in: "optional" } });
    const { id } = await machine.booked(machine.ada, slot(0, 1));
    await machine.setClock(MORNING + 59 * MINUTE);
    expect((await machine.read(id)).status).toBe("approved");
    await machine.setClock(MORNING + HOUR);
    expect(await machine.read(id)).toMatchObject({ status: "completed", version: 3 });
  });
});
