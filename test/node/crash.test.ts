/** The proof that nothing confirmed is lost: SIGKILL under load, again and again, on the same state. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunningServer } from "../../scripts/lib/server.ts";
import { holdsSlot, overlaps } from "../../src/modules/equipment/model.ts";
import { iso } from "../support/http/client.ts";
import { type WireReservation, type WireSession, World } from "../support/http/world.ts";
import { checkLinearizable, partition } from "./linearizability/checker.ts";
import { machineModel } from "./linearizability/machine.ts";
import { type Recorded, record } from "./linearizability/record.ts";
import { explain, shrink } from "./linearizability/shrink.ts";
import { type Client, type Mix, makeSubject, reachOf, type Subject } from "./linearizability/workload.ts";
import { Pairs } from "./support/pairs.ts";
import { eventually, isLong, pause, report, startSystem } from "./support/system.ts";

const ROUNDS = isLong ? 20 : 5;
const MACHINES = 8;
const CLIENTS = 24;
const MINUTE = 60_000;
const DRAIN_MS = 30_000;
/** Requests between two crashes, so that a slow machine proves as much as a fast one. */
const OPERATIONS = 120;

const mix: Mix = {
  reserve: 45,
  move: 8,
  cancel: 22,
  approve: 5,
  check_in: 3,
  start_session: 3,
  walk_up: 5,
  hold: 6,
  release: 2,
  end_session: 6,
  list: 3,
  retire: 0,
};

interface Row extends WireReservation {
  purpose: string | null;
}

/** What is there in the end: each machine's own word, and the copy that lists are read from. */
interface Found {
  objects: Map<string, Row>;
  copies: Map<string, Row>;
  sessions: Map<string, WireSession>;
}

/** An answer of which only the reservation is looked at. */
const nothing = {
  status: 201,
  replayed: false,
  code: null,
  current_status: null,
  conflicts_with: null,
  session: null,
  hold: null,
  list: null,
};

async function makeClients(world: World): Promise<Client[]> {
  const staff = await world.people(4, { duties: ["desk"] });
  const members = await world.people(CLIENTS - staff.length);
  return [...staff.map((person) => ({ person, staff: true })), ...members.map((person) => ({ person, staff: false }))];
}

/** A machine with room for many bookings, so that most of them succeed. */
async function makeRoomyMachine(world: World, index: number): Promise<Subject> {
  const subject = await makeSubject(world, { approval: index % 2 === 0 ? "none" : "staff", buffer_minutes: 0 });
  const [first] = subject.slots.far;
  assert(first);
  subject.slots.far = Array.from({ length: 400 }, (_, n) => {
    const starts_at = first.starts_at + n * 20 * MINUTE;
    return { starts_at, ends_at: starts_at + 30 * MINUTE };
  });
  return subject;
}

/** Kills in turn the runtimes alone (wrangler starts them again) and every process; resolves when the system answers again. */
async function crash(server: RunningServer, round: number): Promise<number> {
  const started = performance.now();
  if (round % 2 === 1) {
    const pids = server.workerdPids();
    assert(pids.length > 0, "no workerd to kill");
    for (const pid of pids) process.kill(pid, "SIGKILL");
    await pause(200);
    await server.ready();
  } else {
    await server.kill();
    await server.restart();
  }
  return performance.now() - started;
}

async function look(world: World, machines: readonly Subject[]): Promise<Found> {
  const window = ({ slots }: Subject): string => {
    const { starts_at, ends_at } = reachOf([...slots.far, ...slots.near]);
    return `starts_from=${iso(starts_at)}&starts_to=${iso(ends_at)}&limit=100`;
  };
  const objects: Row[] = [];
  const copies: Row[] = [];
  for (const machine of machines) {
    objects.push(...(await world.root.all<Row>(world.machinePath(machine.id, `/reservations?${window(machine)}`))));
    copies.push(...(await world.root.all<Row>(world.path(`reservations?equipment_id=${machine.id}&limit=100`))));
  }
  const sessions = await world.root.all<WireSession>(world.path("sessions?limit=100"));
  const byId = <T extends { id: string }>(rows: T[]): Map<string, T> => new Map(rows.map((row) => [row.id, row]));
  return { objects: byId(objects), copies: byId(copies), sessions: byId(sessions) };
}

/** Ids whose rows are not the same on both sides. */
function differing({ objects, copies }: Found): string[] {
  const text = (row: Row | undefined): string =>
    row === undefined
      ? "missing"
      : [row.equipment_id, row.member_id, row.starts_at, row.ends_at, row.status, row.version, row.purpose].join();
  return [...new Set([...objects.keys(), ...copies.keys()])].filter(
    (id) => text(objects.get(id)) !== text(copies.get(id)),
  );
}

/** Answers that promised something which is not there any more. */
function lost(history: readonly Recorded[], { objects, sessions }: Found): string[] {
  return history.flatMap(({ id, output }) => {
    if (output === undefined || output.status >= 300) return [];
    const { reservation, session } = output;
    const row = reservation && objects.get(reservation.id);
    if (reservation && (!row || row.version < reservation.version)) return [`#${id} reservation ${reservation.id}`];
    if (row && row.version === reservation?.version && row.status !== reservation.status)
      return [`#${id} ${row.status}`];
    const found = session && sessions.get(session.id);
    if (session && (!found || (found.status === "active" && session.ended_at !== null)))
      return [`#${id} session ${session.id}`];
    return [];
  });
}

/** Pairs that hold the same machine at the same time. */
function doubleBooked(rows: Iterable<Row>): string[] {
  const holding = [...rows]
    .filter((row) => holdsSlot(row.status))
    .map((row) => ({ ...row, starts_at: Date.parse(row.starts_at), ends_at: Date.parse(row.ends_at) }));
  return holding.flatMap((a, n) =>
    holding
      .slice(n + 1)
      .filter((b) => a.equipment_id === b.equipment_id && overlaps(a, b))
      .map((b) => `${a.id} and ${b.id}`),
  );
}

/** Bookings lost from sight by a crash get the id under which they turned up; then each machine's history must have an order. */
function judge(
  history: readonly Recorded[],
  machines: readonly Subject[],
  found: Found,
): { linearizable: number; undecided: number } {
  const bornAs = new Map([...found.objects.values()].map((row) => [row.purpose, row.id]));
  const whole = history.map((op): Recorded => {
    const id = bornAs.get(op.input.key);
    return op.input.type === "reserve" && id !== undefined ? { ...op, input: { ...op.input, born_as: id } } : op;
  });
  const counts = { linearizable: 0, undecided: 0 };
  for (const [id, part] of partition(whole, (call) => call.machine)) {
    const machine = machines.find((each) => each.id === id);
    assert(machine);
    const model = machineModel(machine.rules);
    const { outcome } = checkLinearizable(part, model, 2_000_000);
    assert(outcome !== "violation", outcome === "violation" ? explain(shrink(part, model), model) : "");
    counts[outcome]++;
  }
  return counts;
}

/** What the system's own comparison of every row, sessions included, finds left to do. */
async function reconciled({ root, makerspace_id }: World): Promise<Record<string, number | undefined>> {
  const space = `/api/v1/makerspaces/${makerspace_id}`;
  const { id } = await root.post<{ id: string }>(`${space}/reconciliations`);
  const read = () => root.get<{ status: string; result: Record<string, number> | null }>(`${space}/jobs/${id}`);
  await eventually("the reconciliation", async () => (await read()).status === "succeeded", DRAIN_MS);
  const { repaired, orphans, parked, failed } = (await read()).result ?? {};
  return { repaired, orphans, parked, failed };
}

test("the comparisons see a lost, a doubled and a differing booking", () => {
  const slot = { starts_at: "2030-01-01T10:00:00.000Z", ends_at: "2030-01-01T11:00:00.000Z" };
  const row: Row = {
    id: "r",
    equipment_id: "e",
    member_id: "m",
    ...slot,
    status: "approved",
    version: 2,
    purpose: null,
  };
  const later: Row = { ...row, id: "s", starts_at: "2030-01-01T10:30:00.000Z", ends_at: "2030-01-01T12:00:00.000Z" };
  const found = (objects: Row[], copies: Row[]): Found => ({
    objects: new Map(objects.map((each) => [each.id, each])),
    copies: new Map(copies.map((each) => [each.id, each])),
    sessions: new Map(),
  });
  const promise = { id: "r", member_id: "m", starts_at: 0, ends_at: 1, status: "approved", version: 2 } as const;
  const output = { ...nothing, reservation: promise };
  const by = { member_id: "m", staff: false };
  const input = { machine: "e", key: "k", by, type: "reserve", starts_at: 0, ends_at: 1 } as const;
  const history = [{ id: 0, client: 0, called_at: 0, returned_at: 1, input, output }];
  assert.deepEqual(lost(history, found([row], [row])), []);
  assert.equal(lost(history, found([], [])).length, 1);
  assert.equal(lost(history, found([{ ...row, version: 1 }], [])).length, 1);
  assert.equal(lost(history, found([{ ...row, status: "cancelled" }], [])).length, 1);
  assert.equal(doubleBooked([row, later]).length, 1);
  assert.deepEqual(doubleBooked([row, { ...later, equipment_id: "f" }, { ...later, status: "cancelled" }]), []);
  assert.deepEqual(differing(found([row, later], [row, { ...later, status: "active" }])), ["s"]);
  assert.deepEqual(differing(found([row], [row, later])), ["s"]);
});

test(`${ROUNDS} crashes under load lose nothing, double nothing, and leave no difference`, async (t) => {
  const server = await startSystem(t);
  const world = await World.create(server.url);
  const clients = await makeClients(world);
  const machines = await Promise.all(Array.from({ length: MACHINES }, (_, n) => makeRoomyMachine(world, n)));
  const pairs = await Pairs.make(world);

  const started = performance.now();
  let isOver = false;
  let issued = 0;
  let retries = 0;
  let back = Promise.resolve(0);
  const load = record({
    world,
    clients,
    machines,
    seed: 7,
    mixAt(count) {
      issued = count;
      return isOver ? null : mix;
    },
    async retry(call, attempt) {
      await pause(50 * Math.min(attempt, 10));
      await back;
      assert(attempt < 100, `no answer to ${call.type} after ${attempt} tries`);
      // One in five gives up, as people do. A session that nobody could end would block its machine, so those go on.
      const givesUp = call.key.endsWith("0") || call.key.endsWith("1") || call.key.endsWith("2");
      if (givesUp && call.type !== "walk_up" && call.type !== "start_session") return false;
      retries++;
      return true;
    },
  });

  const paired = pairs.run(
    () => isOver,
    () => back,
  );
  const recoveries: number[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const enough = issued + OPERATIONS;
    await eventually(`${OPERATIONS} requests`, () => issued >= enough, 60_000);
    back = crash(server, round);
    recoveries.push(await back);
  }
  await eventually("a few more requests", () => issued >= OPERATIONS * (ROUNDS + 1), 60_000);
  isOver = true;
  const [history] = await Promise.all([load, paired]);

  let found = await look(world, machines);
  const drained = await eventually(
    "lists equal to the machines' own word",
    async () => {
      found = await look(world, machines);
      return differing(found).length === 0;
    },
    DRAIN_MS,
  ).catch(() => null);

  const rows = [...found.objects.values()];
  const acknowledged = history.filter((op) => op.output && op.output.status < 300 && op.input.type !== "list");
  const byKey = Map.groupBy(rows, (row) => row.purpose);
  const judged = judge(history, machines, found);
  const figures = {
    rounds: ROUNDS,
    operations: history.length,
    acknowledged: acknowledged.length,
    refused: history.filter((op) => (op.output?.status ?? 0) >= 400).length,
    unknown: history.filter((op) => op.output === undefined).length,
    retries,
    replayed: history.filter((op) => op.output?.replayed).length,
    reservations: rows.length,
    sessions: found.sessions.size,
    lost: lost(history, found).length,
    doubled: [...byKey].filter(([key, same]) => key !== null && same.length > 1).length,
    overlaps: doubleBooked(rows).length + doubleBooked(found.copies.values()).length,
    differing: differing(found).length,
    ...judged,
    drained_ms: drained === null ? null : Math.round(drained),
    seconds: Math.round((performance.now() - started) / 1000),
    recovery_ms_worst: Math.round(Math.max(...recoveries)),
  };
  const bundles = await pairs.settled();
  report("crash", { ...figures, bundles });
  assert.deepEqual([bundles.halves, bundles.lost, bundles.kept], [0, 0, 0]);
  assert(bundles.acknowledged > ROUNDS, "too few bundles to prove anything");
  assert.deepEqual(await reconciled(world), { repaired: 0, orphans: 0, parked: 0, failed: 0 });
  assert.deepEqual(lost(history, found), []);
  assert.deepEqual(doubleBooked(rows), []);
  assert.deepEqual(doubleBooked(found.copies.values()), []);
  assert.deepEqual(differing(found), []);
  assert.equal(figures.doubled, 0);
  assert(figures.acknowledged > ROUNDS * 20, "too little happened to prove anything");
  assert.equal(figures.undecided, 0);
});
