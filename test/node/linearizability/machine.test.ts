import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { overlaps } from "../../../src/modules/equipment/model.ts";
import { type Random, randomOf } from "../support/random.ts";
import { checkLinearizable, type Operation } from "./checker.ts";
import { machineModel } from "./machine.ts";
import { explain, shrink } from "./shrink.ts";
import type { Booking, MachineAnswer, MachineCall } from "./state.ts";

const HOUR = 3_600_000;
const rules = { approval: "none", buffer_minutes: 0, near_until: HOUR } as const;
const model = machineModel(rules);
const ada = { member_id: "ada", staff: false };
const bob = { member_id: "bob", staff: false };
const desk = { member_id: "desk", staff: true };

type Call = MachineCall extends infer C ? (C extends MachineCall ? Omit<C, "machine" | "key" | "by"> : never) : never;

const silent = {
  replayed: false,
  code: null,
  current_status: null,
  conflicts_with: null,
  reservation: null,
  session: null,
  hold: null,
  list: null,
};
const ok = (answer: Partial<MachineAnswer>): MachineAnswer => ({ ...silent, status: 200, ...answer });
const refused = (code: string, more: Partial<MachineAnswer> = {}): MachineAnswer => ({
  ...silent,
  status: 409,
  code,
  ...more,
});
const booking = (id: string, from: number, to: number, more: Partial<Booking> = {}): Booking => ({
  id,
  member_id: "ada",
  starts_at: from * HOUR,
  ends_at: to * HOUR,
  status: "approved",
  version: 1,
  ...more,
});

/** One after the other. */
function judge(...steps: [MachineCall["by"], Call, MachineAnswer?][]): string {
  const history = steps.map(([by, call, output], id): Operation<MachineCall, MachineAnswer> => {
    const input = { machine: "m", key: `k${id}`, by, ...call } as MachineCall;
    return { id, client: 0, called_at: id, returned_at: id + 0.5, input, output };
  });
  return checkLinearizable(history, model).outcome;
}

const reserve = (from: number, to: number): Call => ({ type: "reserve", starts_at: from * HOUR, ends_at: to * HOUR });
const move = (id: string, if_version: number, from: number, to: number): Call => ({
  type: "move",
  reservation_id: id,
  if_version,
  starts_at: from * HOUR,
  ends_at: to * HOUR,
});
const hold = { starts_at: 5 * HOUR, ends_at: 6 * HOUR };
const booked: [MachineCall["by"], Call, MachineAnswer] = [ada, reserve(5, 6), ok({ reservation: booking("r", 5, 6) })];

describe("the specification of a machine", () => {
  test("one slot has one winner; the loser is told when, and that must be true", () => {
    assert.equal(judge(booked, [bob, reserve(5, 7), refused("slot_taken", { conflicts_with: hold })]), "linearizable");
    assert.equal(
      judge(booked, [bob, reserve(5, 7), refused("slot_taken", { conflicts_with: { ...hold, ends_at: 0 } })]),
      "violation",
    );
    assert.equal(
      judge(booked, [bob, reserve(5, 7), ok({ reservation: booking("s", 5, 7, { member_id: "bob" }) })]),
      "violation",
    );
    assert.equal(judge([bob, reserve(5, 6), refused("slot_taken", { conflicts_with: hold })]), "violation");
  });

  test("a buffer is kept between different members, in both directions, and not between one member's own", () => {
    const buffered = machineModel({ ...rules, buffer_minutes: 30 });
    const after = { ...booking("s", 6.25, 7), member_id: "bob" };
    const tooClose: Call = reserve(6.25, 7);
    const history = (by: MachineCall["by"], answer: MachineAnswer): Operation<MachineCall, MachineAnswer>[] =>
      [booked, [by, tooClose, answer] as const].map(([who, call, output], id) => {
        const input = { machine: "m", key: `k${id}`, by: who, ...call } as MachineCall;
        return { id, client: 0, called_at: id, returned_at: id + 0.5, input, output };
      });
    const refusal = refused("slot_taken", { conflicts_with: hold });
    assert.equal(checkLinearizable(history(bob, refusal), buffered).outcome, "linearizable");
    assert.equal(checkLinearizable(history(bob, ok({ reservation: after })), buffered).outcome, "violation");
    assert.equal(
      checkLinearizable(history(ada, ok({ reservation: booking("s", 6.25, 7) })), buffered).outcome,
      "linearizable",
    );
    assert.equal(checkLinearizable(history(ada, refusal), buffered).outcome, "violation");
  });

  test("half-open: the next booking may start where one ends", () => {
    assert.equal(
      judge(booked, [bob, reserve(6, 7), ok({ reservation: booking("s", 6, 7, { member_id: "bob" }) })]),
      "linearizable",
    );
  });

  test("a cancelled slot is free, and cancelled only once", () => {
    const cancel = { type: "cancel", reservation_id: "r" } as const;
    const gone = ok({ reservation: booking("r", 5, 6, { status: "cancelled", version: 2 }) });
    const again = ok({ reservation: booking("s", 5, 6) });
    assert.equal(judge(booked, [ada, cancel, gone], [ada, reserve(5, 6), again]), "linearizable");
    assert.equal(judge(booked, [ada, cancel, gone], [ada, cancel, gone]), "violation");
    assert.equal(
      judge(booked, [ada, cancel, gone], [ada, cancel, refused("illegal_transition", { current_status: "cancelled" })]),
      "linearizable",
    );
    assert.equal(judge(booked, [bob, cancel, refused("forbidden")]), "linearizable");
    assert.equal(judge(booked, [desk, cancel, refused("forbidden")]), "violation");
  });

  test("a move needs the version it was based on", () => {
    const moved = ok({ reservation: booking("r", 7, 8, { version: 2 }) });
    assert.equal(judge(booked, [ada, move("r", 1, 7, 8), moved]), "linearizable");
    assert.equal(
      judge(booked, [ada, move("r", 1, 7, 8), moved], [ada, move("r", 1, 5, 6), refused("stale_version")]),
      "linearizable",
    );
    assert.equal(judge(booked, [ada, move("r", 1, 7, 8), refused("stale_version")]), "violation");
    assert.equal(
      judge(
        booked,
        [ada, move("r", 1, 7, 8), moved],
        [ada, move("r", 1, 9, 10), ok({ reservation: booking("r", 9, 10, { version: 2 }) })],
      ),
      "violation",
    );
  });

  test("a machine with open reservations is not retired, a retired one not booked", () => {
    assert.equal(judge(booked, [desk, { type: "retire" }, refused("has_open_reservations")]), "linearizable");
    assert.equal(judge(booked, [desk, { type: "retire" }, ok({ status: 204 })]), "violation");
    assert.equal(
      judge([desk, { type: "retire" }, ok({ status: 204 })], [ada, reserve(5, 6), refused("equipment_retired")]),
      "linearizable",
    );
    assert.equal(judge([desk, { type: "retire" }, ok({ status: 204 })], booked), "violation");
  });

  test("one session at a time; its end frees the slot", () => {
    const session = {
      id: "s",
      member_id: "ada",
      reservation_id: "r",
      started_at: 1,
      planned_end_at: HOUR / 2,
      ended_at: null,
    };
    const near = { starts_at: HOUR / 4, ends_at: HOUR / 2 };
    const took: [MachineCall["by"], Call, MachineAnswer] = [
      ada,
      { type: "reserve", ...near },
      ok({ reservation: { ...booking("r", 0, 0), ...near } }),
    ];
    const start: [MachineCall["by"], Call, MachineAnswer] = [
      ada,
      { type: "start_session", reservation_id: "r" },
      ok({ session }),
    ];
    const end: [MachineCall["by"], Call, MachineAnswer] = [
      ada,
      { type: "end_session", session_id: "s" },
      ok({ session: { ...session, ended_at: 2 } }),
    ];
    const walkUp: Call = { type: "walk_up", planned_minutes: 5 };
    const again = ok({ reservation: { ...booking("q", 0, 0), ...near } });
    assert.equal(
      judge(took, start, [bob, walkUp, refused("equipment_busy")], end, [ada, { type: "reserve", ...near }, again]),
      "linearizable",
    );
    assert.equal(judge(took, start, [ada, { type: "reserve", ...near }, again]), "violation");
    assert.equal(judge(took, start, end, [bob, walkUp, refused("equipment_busy")]), "violation");
  });

  test("a walk-up ends before the next start", () => {
    const near = { starts_at: HOUR / 4, ends_at: HOUR / 2 };
    const took: [MachineCall["by"], Call, MachineAnswer] = [
      ada,
      { type: "reserve", ...near },
      ok({ reservation: { ...booking("r", 0, 0), ...near } }),
    ];
    const session = { id: "s", member_id: "bob", reservation_id: null, started_at: 1, ended_at: null };
    const walkUp: Call = { type: "walk_up", planned_minutes: 60 };
    assert.equal(
      judge(took, [bob, walkUp, ok({ session: { ...session, planned_end_at: near.starts_at } })]),
      "linearizable",
    );
    assert.equal(judge(took, [bob, walkUp, ok({ session: { ...session, planned_end_at: HOUR + 1 } })]), "violation");
  });

  test("a list shows what is held; a booking that nobody heard of may be in it", () => {
    const list = { type: "list", starts_at: 0, ends_at: 24 * HOUR } as const;
    const row = booking("r", 5, 6);
    const shows = (...rows: Booking[]): MachineAnswer => ok({ list: { rows, starts_at: 0, ends_at: 24 * HOUR } });
    assert.equal(judge(booked, [desk, list, shows(row)]), "linearizable");
    assert.equal(judge(booked, [desk, list, shows()]), "violation");
    assert.equal(judge([ada, reserve(5, 6)], [desk, list, shows(row)]), "linearizable");
    assert.equal(judge([ada, reserve(5, 6)], [desk, list, shows()]), "linearizable");
    assert.equal(judge([ada, reserve(5, 6)], [desk, list, shows(row)], [desk, list, shows()]), "violation");
  });
});

/** A machine in memory whose requests take time: it looks at one instant and writes at another, or (right) at the same. */
function simulate(random: Random, isBroken: boolean): Operation<MachineCall, MachineAnswer>[] {
  const rows = new Map<string, Booking>();
  const history: Operation<MachineCall, MachineAnswer>[] = [];
  const moments: { at: number; act: () => void }[] = [];
  const free = Array.from({ length: 12 }, () => 0);
  for (let id = 0; id < 100; id++) {
    const client = id % free.length;
    const called_at = (free[client] ?? 0) + random.below(10);
    const look = called_at + random.below(30);
    const write = isBroken ? look + random.below(10) : look;
    const returned_at = write + 1 + random.below(20);
    free[client] = returned_at + 1;
    const by = { member_id: `member ${client}`, staff: false };
    const slot = { starts_at: (10 + random.below(8)) * HOUR, ends_at: 0 };
    slot.ends_at = slot.starts_at + 2 * HOUR;
    const op: Operation<MachineCall, MachineAnswer> = {
      id,
      client,
      called_at,
      returned_at,
      input: { machine: "m", key: `k${id}`, by, type: "reserve", ...slot },
      output: undefined,
    };
    history.push(op);
    moments.push({
      at: look,
      act: () => {
        const held = [...rows.values()].filter((row) => row.status === "approved");
        const mine = held.find((row) => row.member_id === by.member_id);
        if (mine && random.below(2) === 0) {
          const gone: Booking = { ...mine, status: "cancelled", version: mine.version + 1 };
          rows.set(mine.id, gone);
          op.input = { machine: "m", key: `k${id}`, by, type: "cancel", reservation_id: mine.id };
          op.output = ok({ reservation: gone });
          return;
        }
        const clash = held.find((row) => overlaps(row, slot));
        if (clash) {
          op.output = refused("slot_taken", { conflicts_with: { starts_at: clash.starts_at, ends_at: clash.ends_at } });
          return;
        }
        const row: Booking = { id: `r${id}`, ...slot, member_id: by.member_id, status: "approved", version: 1 };
        if (write === look) rows.set(row.id, row);
        else moments.push({ at: write, act: () => rows.set(row.id, row) });
        moments.sort((a, b) => a.at - b.at);
        op.output = ok({ reservation: row });
      },
    });
  }
  moments.sort((a, b) => a.at - b.at);
  for (let next = moments.shift(); next; next = moments.shift()) next.act();
  return history;
}

describe("simulated machines", () => {
  test("200 histories of a machine that looks and writes at one instant are linearizable", () => {
    for (let seed = 1; seed <= 200; seed++) {
      assert.equal(checkLinearizable(simulate(randomOf(seed), false), model).outcome, "linearizable", `seed ${seed}`);
    }
  });

  test("a machine that looks first and writes later is caught, and the reason fits on a screen", () => {
    let caught = 0;
    let shown = "";
    for (let seed = 1; seed <= 40; seed++) {
      const history = simulate(randomOf(seed), true);
      if (checkLinearizable(history, model).outcome !== "violation") continue;
      caught++;
      if (caught > 5) continue;
      const small = shrink(history, model);
      assert.equal(checkLinearizable(small, model).outcome, "violation");
      assert(small.length <= 12, `${small.length} operations left of seed ${seed}:\n${explain(small, model)}`);
      shown = explain(small, model);
    }
    assert(caught >= 30, `${caught} of 40 caught`);
    assert.match(shown, /no order explains all of these/);
  });
});
