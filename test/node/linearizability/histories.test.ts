/** The proof: what 24 concurrent clients saw over HTTP can always be explained by a machine that serves one at a time. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { World } from "../../support/http/world.ts";
import { isLong, report, startSystem } from "../support/system.ts";
import { checkLinearizable, partition } from "./checker.ts";
import { machineModel } from "./machine.ts";
import { type Recorded, record } from "./record.ts";
import { explain, shrink } from "./shrink.ts";
import type { MachineAnswer } from "./state.ts";
import { type Client, historyOf, makeSubject, type Subject } from "./workload.ts";

const CLIENTS = 24;
const STAFF = 8;
const OPERATIONS = 200;
const HISTORIES = isLong ? 200 : 50;
/** From everybody at one machine to three clients each. */
const SPREADS = [1, 2, 4, 8];

async function makeClients(world: World): Promise<Client[]> {
  const staff = await world.people(STAFF, { role: "makerspace_admin" });
  const members = await world.people(CLIENTS - STAFF);
  return [...staff.map((person) => ({ person, staff: true })), ...members.map((person) => ({ person, staff: false }))];
}

interface Judged {
  history: Recorded[];
  /** What happened where an answer should have come. */
  instead: string[];
  /** The violating part, per machine. */
  violations: { machine: Subject; history: Recorded[] }[];
  undecided: number;
  nodes: number;
  checker_ms: number;
}

async function recordAndJudge(world: World, clients: readonly Client[], seed: number): Promise<Judged> {
  const count = SPREADS[seed % SPREADS.length] ?? 1;
  const machines = await Promise.all(
    Array.from({ length: count }, (_, n) =>
      makeSubject(world, {
        approval: (seed + n) % 2 === 0 ? "none" : "staff",
        buffer_minutes: (seed + n) % 3 === 0 ? 5 : 0,
      }),
    ),
  );
  const instead: string[] = [];
  const retry = async (_call: unknown, _attempt: number, happened: string): Promise<boolean> => {
    instead.push(happened);
    return false;
  };
  const history = await record({ world, clients, machines, seed, mixAt: historyOf(OPERATIONS), retry });
  const started = performance.now();
  const judged: Judged = { history, instead, violations: [], undecided: 0, nodes: 0, checker_ms: 0 };
  for (const [id, part] of partition(history, (call) => call.machine)) {
    const machine = machines.find((each) => each.id === id);
    assert(machine);
    const verdict = checkLinearizable(part, machineModel(machine.rules));
    judged.nodes += verdict.nodes;
    if (verdict.outcome === "violation") judged.violations.push({ machine, history: part });
    if (verdict.outcome === "undecided") judged.undecided++;
  }
  judged.checker_ms = performance.now() - started;
  return judged;
}

const readable = ({ machine, history }: Judged["violations"][number]): string => {
  const model = machineModel(machine.rules);
  return explain(shrink(history, model), model);
};

const countBy = (answers: Iterable<MachineAnswer | undefined>): Record<string, number> => {
  const counts: Record<string, number> = {};
  for (const answer of answers) {
    const name = answer === undefined ? "unknown" : (answer.code ?? String(answer.status));
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
};

describe("the running system", () => {
  test(`${HISTORIES} histories of ${OPERATIONS} operations from ${CLIENTS} clients are linearizable`, async (t) => {
    const { url } = await startSystem(t);
    const world = await World.create(url);
    const clients = await makeClients(world);
    const all: Judged[] = [];
    const started = performance.now();
    for (let seed = 1; seed <= HISTORIES; seed++) {
      const judged = await recordAndJudge(world, clients, seed);
      const [violation] = judged.violations;
      assert(!violation, `history ${seed} cannot be explained:\n${violation && readable(violation)}`);
      assert.equal(judged.undecided, 0, `history ${seed} is too hard to judge`);
      all.push(judged);
    }
    const operations = all.flatMap((each) => each.history);
    const answers = countBy(operations.map((op) => op.output));
    const refusals = operations.filter((op) => (op.output?.status ?? 0) >= 400).length;
    report("linearizability", {
      histories: all.length,
      operations: operations.length,
      refusals,
      unknown: answers.unknown ?? 0,
      seconds: Math.round((performance.now() - started) / 100) / 10,
      checker_ms_total: Math.round(all.reduce((sum, each) => sum + each.checker_ms, 0)),
      checker_ms_worst: Math.round(Math.max(...all.map((each) => each.checker_ms))),
      checker_nodes: all.reduce((sum, each) => sum + each.nodes, 0),
      by_type: Object.fromEntries(
        [...Map.groupBy(operations, (op) => op.input.type)].map(([type, ops]) => [
          type,
          countBy(ops.map((op) => op.output)),
        ]),
      ),
    });
    assert(operations.length >= HISTORIES * OPERATIONS);
    // A history without clashes would prove nothing.
    assert((answers.slot_taken ?? 0) > operations.length / 20, JSON.stringify(answers));
    assert.deepEqual(all.flatMap((each) => each.instead).slice(0, 5), [], "requests without an answer");
  });
});

describe("mutants", () => {
  for (const mutant of ["no_overlap_check", "await_between"]) {
    test(`a machine with the fault ${mutant} is caught`, async (t) => {
      const { url } = await startSystem(t, { ENVIRONMENT: "test", MUTANT: mutant });
      const world = await World.create(url);
      const clients = await makeClients(world);
      const limit = 12;
      for (let seed = 1; seed <= limit; seed++) {
        const { violations } = await recordAndJudge(world, clients, seed * SPREADS.length);
        const [violation] = violations;
        if (!violation) continue;
        report(`mutant_${mutant}`, { caught_in_history: seed, violating_machines: violations.length });
        console.log(readable(violation));
        return;
      }
      assert.fail(`${mutant} survived ${limit} histories`);
    });
  }
});
