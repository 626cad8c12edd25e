import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { partition } from "../../durable-objects/equipment/availability.ts";
import { brokenRules } from "../../durable-objects/equipment/rules.ts";
import { clockStep, fits, type Occupancy, restoredEnd } from "../../durable-objects/equipment/schedule.ts";
import { isInTheWay, reachedAt, walkUpEnd } from "../../durable-objects/equipment/sessions.ts";
import { defaultPolicy, overlaps, type reservationStatuses } from "../../src/modules/equipment/model.ts";
import { DAY, HOUR, MINUTE } from "../../src/platform/time.ts";
import { Zone } from "../../src/platform/zone.ts";

const at = (iso: string): number => Date.parse(iso);
const held = (from: number, to: number, more: Partial<Occupancy> = {}): Occupancy => ({
  ...{ id: "x", kind: "reservation", member_id: "ada", buffer_ms: 0 },
  ...{ starts_at: from, ends_at: to, blocked_from: from, blocked_to: to },
  ...more,
});
const wish = (from: number, to: number, member_id = "bob", buffer_ms = 0) => ({
  starts_at: from,
  ends_at: to,
  member_id,
  buffer_ms,
});

describe("the wall clock of a zone", () => {
  test("a grid counts from local midnight, half an hour off UTC", () => {
    const kolkata = new Zone("Asia/Kolkata");
    expect(kolkata.isOnGrid(at("2026-11-23T04:30:00Z"), 60)).toBe(true);
    expect(kolkata.isOnGrid(at("2026-11-23T05:00:00Z"), 60)).toBe(false);
    expect(kolkata.isOnGrid(at("2026-11-23T05:00:00.001Z"), 30)).toBe(false);
  });

  test("a grid that does not divide the day begins anew each midnight", () => {
    const berlin = new Zone("Europe/Berlin");
    expect(berlin.isOnGrid(at("2026-11-23T23:00:00Z"), 420)).toBe(true);
    expect(berlin.isOnGrid(at("2026-11-24T06:00:00Z"), 420)).toBe(true);
    expect(berlin.isOnGrid(at("2026-11-24T20:00:00Z"), 420)).toBe(true);
    expect(berlin.isOnGrid(at("2026-11-24T22:00:00Z"), 420)).toBe(false);
  });

  test("the day on which clocks change has 23 or 25 hours", () => {
    const berlin = new Zone("Europe/Berlin");
    expect(berlin.endOfDay(at("2026-03-29T00:30:00Z"))).toBe(at("2026-03-29T22:00:00Z"));
    expect(berlin.endOfDay(at("2026-10-24T23:00:00Z"))).toBe(at("2026-10-25T23:00:00Z"));
    expect(berlin.sinceMidnight(at("2026-03-29T01:00:00Z"))).toBe(3 * HOUR);
    expect(berlin.sinceMidnight(at("2026-03-29T00:59:00Z"))).toBe(HOUR + 59 * MINUTE);
  });

  test("it agrees with Intl at any instant of ten years, in any of these zones", () => {
    for (const name of ["Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"]) {
      const zone = new Zone(name);
      const format = new Intl.DateTimeFormat("en", {
        timeZone: name,
        hourCycle: "h23",
        hour: "2-digit",
        minute: "2-digit",
      });
      const instants = fc.integer({ min: at("2022-01-01T00:00:00Z"), max: at("2032-01-01T00:00:00Z") });
      fc.assert(
        fc.property(instants, (instant) => {
          const [hour = 0, minute = 0] = format.format(instant).split(":").map(Number);
          return Math.floor(zone.sinceMidnight(instant) / MINUTE) === hour * 60 + minute;
        }),
        { numRuns: 300 },
      );
    }
  });
});

describe("a wish between its neighbours", () => {
  test("half-open intervals may touch", () => {
    expect(fits(wish(10, 20), held(0, 10), held(20, 30))).toEqual({ ok: true, blocked_to: 20, trim_before: null });
  });

  test("a clash names the plain interval, without the buffer", () => {
    const before = held(0, 10, { blocked_to: 15, buffer_ms: 5 });
    expect(fits(wish(12, 20), before, null)).toEqual({ ok: false, conflict: { starts_at: 0, ends_at: 10 } });
  });

  test("a member's next booking takes the buffer of their earlier one", () => {
    const before = held(0, 10, { blocked_to: 15, buffer_ms: 5 });
    expect(fits(wish(12, 20, "ada", 5), before, null)).toEqual({ ok: true, blocked_to: 25, trim_before: 12 });
  });

  test("the new booking's buffer must not run into somebody else's next", () => {
    const after = held(22, 30);
    expect(fits(wish(10, 20, "bob", 5), null, after)).toEqual({ ok: false, conflict: { starts_at: 22, ends_at: 30 } });
    expect(fits(wish(10, 20, "ada", 5), null, after)).toEqual({ ok: true, blocked_to: 22, trim_before: null });
  });

  test("an offer belongs to nobody, so it is nobody's own", () => {
    const offer = held(0, 10, { kind: "offer", member_id: null, blocked_to: 12, buffer_ms: 2 });
    expect(fits({ ...wish(11, 20), member_id: null }, offer, null).ok).toBe(false);
  });

  test("a buffer comes back as far as the next allows", () => {
    const before = held(0, 10, { blocked_to: 12, buffer_ms: 10 });
    expect(restoredEnd(before, null)).toBe(20);
    expect(restoredEnd(before, held(15, 30))).toBe(15);
  });

  test("whatever fits overlaps nothing, whatever clashes does (buffers included)", () => {
    const stretch = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 12 }), fc.nat(5), fc.constantFrom("ada", "bob"));
    fc.assert(
      fc.property(fc.array(stretch, { maxLength: 12 }), stretch, (others, [from, length, buffer_ms, member_id]) => {
        const rows: Occupancy[] = [];
        for (const [start, long, buffer, member] of others) {
          const row = held(start, start + long, {
            member_id: member,
            buffer_ms: buffer,
            blocked_to: start + long + buffer,
          });
          const isClear = rows.every(
            (each) => row.blocked_to <= each.blocked_from || each.blocked_to <= row.blocked_from,
          );
          if (isClear) rows.push(row);
        }
        rows.sort((a, b) => a.blocked_from - b.blocked_from);
        const asked = wish(from, from + length, member_id, buffer_ms);
        const before = rows.findLast((each) => each.blocked_from < asked.ends_at) ?? null;
        const after = rows.find((each) => each.blocked_from >= asked.ends_at) ?? null;
        const isOwn = (each: Occupancy): boolean => each.member_id === member_id;
        const next = rows.find((each) => each.starts_at >= asked.ends_at);
        const naive =
          rows.every((each) => !overlaps(each, asked)) &&
          rows.every((each) => isOwn(each) || each.starts_at >= asked.ends_at || each.blocked_to <= asked.starts_at) &&
          (!next || isOwn(next) || asked.ends_at + buffer_ms <= next.starts_at);
        expect(fits(asked, before, after).ok).toBe(naive);
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("what the clock does next", () => {
  const booking = { starts_at: 100 * MINUTE, ends_at: 130 * MINUTE, expires_at: 50 * MINUTE };
  const policy = { ...defaultPolicy, grace_minutes: 10 };

  test("by status and check-in mode", () => {
    const step = (status: (typeof reservationStatuses)[number], check_in: "none" | "optional" | "required") =>
      clockStep({ ...booking, status }, { ...policy, check_in }, 0);
    expect(step("pending", "none")).toEqual({ kind: "expire", due_at: 50 * MINUTE });
    expect(step("approved", "none")).toEqual({ kind: "begin", due_at: 100 * MINUTE });
    expect(step("approved", "required")).toEqual({ kind: "miss", due_at: 110 * MINUTE });
    expect(step("approved", "optional")).toEqual({ kind: "lapse", due_at: 130 * MINUTE });
    expect(step("active", "none")).toEqual({ kind: "lapse", due_at: 130 * MINUTE });
    for (const status of ["completed", "rejected", "expired", "cancelled", "no_show"] as const) {
      expect(step(status, "required")).toBeNull();
    }
  });

  test("a grace longer than the booking ends with it", () => {
    const long = { ...policy, check_in: "required", grace_minutes: 600 } as const;
    expect(clockStep({ ...booking, status: "approved" }, long, 0)).toEqual({ kind: "miss", due_at: 130 * MINUTE });
  });
});

describe("the booking rules", () => {
  const now = at("2026-11-23T07:00:00Z");
  const zone = new Zone("UTC");
  const policy = { ...defaultPolicy, notice_minutes: 30, max_minutes: 120, horizon_days: 2 };
  const codes = (starts: string, ends: string, staff = false): string[] =>
    brokenRules({ starts_at: at(starts), ends_at: at(ends) }, { now, policy, zone, staff }).map((each) => each.code);

  test("a slot inside every rule breaks none", () => {
    expect(codes("2026-11-23T08:00:00Z", "2026-11-23T09:00:00Z")).toEqual([]);
  });

  test("every rule that says no is named", () => {
    expect(codes("2026-11-23T06:05:00Z", "2026-11-23T06:10:00Z")).toEqual(["in_the_past", "off_grid", "too_short"]);
    expect(codes("2026-11-23T07:15:00Z", "2026-11-23T09:30:00Z")).toEqual(["notice_too_short", "too_long"]);
    expect(codes("2026-11-26T08:00:00Z", "2026-11-26T09:00:00Z")).toEqual(["beyond_horizon"]);
    expect(codes("2026-11-23T09:00:00Z", "2026-11-23T09:00:00Z")).toEqual(["ends_before_start"]);
  });

  test("staff need no notice and have no horizon, but keep the rest", () => {
    expect(codes("2026-11-23T07:15:00Z", "2026-11-23T08:00:00Z", true)).toEqual([]);
    expect(codes("2026-11-26T08:00:00Z", "2026-11-26T12:00:00Z", true)).toEqual(["too_long"]);
  });
});

describe("walk-ups and overruns", () => {
  const me = { member_id: "ada", buffer_ms: 10 * MINUTE };

  test("a walk-up ends as planned, or a buffer before somebody else's next start", () => {
    expect(walkUpEnd(0, HOUR, me, null)).toBe(HOUR);
    expect(walkUpEnd(0, HOUR, me, held(30 * MINUTE, HOUR, { member_id: "bob" }))).toBe(20 * MINUTE);
    expect(walkUpEnd(0, HOUR, me, held(30 * MINUTE, HOUR))).toBe(30 * MINUTE);
  });

  test("less than a minute is no walk-up", () => {
    expect(walkUpEnd(0, HOUR, me, held(10 * MINUTE + 59_999, HOUR, { member_id: "bob" }))).toBeNull();
    expect(walkUpEnd(0, HOUR, me, held(11 * MINUTE, HOUR, { member_id: "bob" }))).toBe(MINUTE);
  });

  test("somebody else's booking is in the way of an overrun until it is over, and in reach an hour before it starts", () => {
    const session = { member_id: "ada" };
    const next = (from: number, more: Partial<Occupancy> = {}) =>
      held(from, from + HOUR, { member_id: "bob", ...more });
    expect(isInTheWay(session, next(5), 0)).toBe(true);
    expect(isInTheWay(session, next(5), HOUR + 5)).toBe(false);
    expect(isInTheWay(session, next(5, { member_id: "ada" }), 0)).toBe(false);
    expect(isInTheWay(session, next(5, { kind: "walk_up" }), 0)).toBe(false);
    expect(reachedAt(next(2 * HOUR))).toBe(HOUR + 1);
  });
});

describe("availability", () => {
  test("what changes underneath a booking does not cut it", () => {
    const cut = partition({ starts_at: 0, ends_at: 100 }, [
      { because: "reservation", intervals: [{ starts_at: 10, ends_at: 50 }] },
      { because: "notice", intervals: [{ starts_at: 0, ends_at: 30 }] },
      { because: "buffer", intervals: [{ starts_at: 20, ends_at: 60 }] },
    ]);
    expect(cut.busy).toEqual([
      { starts_at: 0, ends_at: 10, because: "notice" },
      { starts_at: 10, ends_at: 50, because: "reservation" },
      { starts_at: 50, ends_at: 60, because: "buffer" },
    ]);
    expect(cut.free).toEqual([{ starts_at: 60, ends_at: 100 }]);
  });

  test("takes time in proportion to what is held", () => {
    const stretches = Array.from({ length: 20_000 }, (_, index) => ({
      starts_at: index * 10,
      ends_at: index * 10 + 5,
    }));
    const begun = performance.now();
    const { free, busy } = partition({ starts_at: 0, ends_at: 200_000 }, [
      { because: "reservation", intervals: stretches },
      { because: "buffer", intervals: stretches.map((each) => ({ ...each, ends_at: each.ends_at + 2 })) },
    ]);
    expect([free.length, busy.length]).toEqual([20_000, 40_000]);
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  test("free and busy are the whole range, and the first cause is named", () => {
    const cut = partition({ starts_at: 0, ends_at: 100 }, [
      { because: "past", intervals: [{ starts_at: -50, ends_at: 10 }] },
      {
        because: "reservation",
        intervals: [
          { starts_at: 5, ends_at: 20 },
          { starts_at: 20, ends_at: 30 },
        ],
      },
      { because: "buffer", intervals: [{ starts_at: 20, ends_at: 35 }] },
      { because: "horizon", intervals: [{ starts_at: 90, ends_at: DAY }] },
    ]);
    expect(cut.free).toEqual([{ starts_at: 35, ends_at: 90 }]);
    expect(cut.busy).toEqual([
      { starts_at: 0, ends_at: 10, because: "past" },
      { starts_at: 10, ends_at: 20, because: "reservation" },
      { starts_at: 20, ends_at: 30, because: "reservation" },
      { starts_at: 30, ends_at: 35, because: "buffer" },
      { starts_at: 90, ends_at: 100, because: "horizon" },
    ]);
  });

  test("it never overlaps and never leaves a gap", () => {
    const interval = fc
      .tuple(fc.nat(100), fc.nat(30))
      .map(([from, long]) => ({ starts_at: from, ends_at: from + long }));
    const layer = fc.record({
      because: fc.constantFrom("past", "reservation", "buffer" as const),
      intervals: fc.array(interval),
    });
    fc.assert(
      fc.property(fc.array(layer, { maxLength: 4 }), (layers) => {
        const { free, busy } = partition({ starts_at: 0, ends_at: 100 }, layers);
        const all = [...free, ...busy].sort((a, b) => a.starts_at - b.starts_at);
        expect(all[0]?.starts_at).toBe(0);
        expect(all.at(-1)?.ends_at).toBe(100);
        for (const [index, each] of all.slice(1).entries()) expect(all[index]?.ends_at).toBe(each.starts_at);
      }),
    );
  });

  test("an empty range has nothing", () => {
    expect(partition({ starts_at: 5, ends_at: 5 }, [])).toEqual({ until: 5, free: [], busy: [] });
  });
});
