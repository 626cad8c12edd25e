import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { randomOf } from "../support/random.ts";
import { checkLinearizable, type Model, type Operation, partition } from "./checker.ts";

type RegisterInput = { type: "read" } | { type: "write"; value: number } | { type: "cas"; from: number; to: number };
type RegisterOutput = number | boolean;

/** A register that starts at 0. */
const register: Model<number, RegisterInput, RegisterOutput> = {
  initial: 0,
  step(state, input, output) {
    if (input.type === "read") return output === undefined || output === state ? state : null;
    if (input.type === "write") return input.value;
    const done = state === input.from;
    if (output !== undefined && output !== done) return null;
    return done ? input.to : state;
  },
  hash: String,
  changesNothing: (input, output) => input.type === "read" || output === false,
};

type QueueInput = { type: "put"; value: number } | { type: "take" };

/** First in, first out; taking from an empty queue answers null. */
const queue: Model<readonly number[], QueueInput, number | null> = {
  initial: [],
  step(state, input, output) {
    if (input.type === "put") return [...state, input.value];
    const [head = null, ...rest] = state;
    return output === undefined || output === head ? rest : null;
  },
  hash: (state) => state.join(),
  changesNothing: () => false,
};

/** `[called_at, returned_at, input, output]`; without an output nobody answered. */
function historyOf<I, O>(...rows: [number, number, I, O?][]): Operation<I, O>[] {
  return rows.map(([called_at, returned_at, input, output], id) => ({
    id,
    client: id,
    called_at,
    returned_at: output === undefined ? Number.POSITIVE_INFINITY : returned_at,
    input,
    output,
  }));
}

const read = { type: "read" } as const;
const take = { type: "take" } as const;
const write = (value: number): RegisterInput => ({ type: "write", value });
const put = (value: number): QueueInput => ({ type: "put", value });
const judge = (history: Operation<RegisterInput, RegisterOutput>[]) => checkLinearizable(history, register).outcome;
const judgeQueue = (history: Operation<QueueInput, number | null>[]) => checkLinearizable(history, queue).outcome;

describe("a register", () => {
  test("an empty history is linearizable", () => {
    assert.equal(judge([]), "linearizable");
  });

  test("a read during a write may see the old or the new value", () => {
    for (const seen of [0, 7]) {
      assert.equal(
        judge(historyOf<RegisterInput, RegisterOutput>([0, 10, write(7), 0], [1, 9, read, seen])),
        "linearizable",
      );
    }
  });

  test("a read after a write may not see the old value", () => {
    assert.equal(judge(historyOf<RegisterInput, RegisterOutput>([0, 10, write(7), 0], [11, 12, read, 0])), "violation");
  });

  test("two reads during one write may not go back", () => {
    const history = historyOf<RegisterInput, RegisterOutput>([0, 10, write(7), 0], [1, 2, read, 7], [3, 4, read, 0]);
    assert.equal(judge(history), "violation");
  });

  test("the order that it names is one that explains every answer", () => {
    const history = historyOf<RegisterInput, RegisterOutput>(
      [0, 9, write(1), 0],
      [0, 9, write(2), 0],
      [5, 20, read, 1],
      [0, 30, read, 2],
    );
    const verdict = checkLinearizable(history, register);
    assert(verdict.outcome === "linearizable");
    let state = register.initial;
    for (const id of verdict.order) {
      const op = history[id];
      assert(op);
      const next = register.step(state, op.input, op.output);
      assert(next !== null);
      state = next;
    }
    assert.equal(verdict.order.length, 4);
  });

  test("a write without an answer may happen late, or never", () => {
    const late = historyOf<RegisterInput, RegisterOutput>(
      [0, 0, write(7)],
      [10, 11, read, 0],
      [20, 21, read, 7],
      [30, 31, read, 7],
    );
    assert.equal(judge(late), "linearizable");
    assert.equal(judge(historyOf<RegisterInput, RegisterOutput>([0, 0, write(7)], [10, 11, read, 0])), "linearizable");
  });

  test("a write without an answer happens once, and not before it was asked for", () => {
    const twice = historyOf<RegisterInput, RegisterOutput>(
      [0, 0, write(7)],
      [10, 11, read, 7],
      [12, 13, write(1), 0],
      [20, 21, read, 7],
    );
    assert.equal(judge(twice), "violation");
    assert.equal(judge(historyOf<RegisterInput, RegisterOutput>([0, 1, read, 7], [10, 0, write(7)])), "violation");
  });

  test("two winners of one compare-and-set are caught", () => {
    const cas: RegisterInput = { type: "cas", from: 0, to: 1 };
    assert.equal(
      judge(historyOf<RegisterInput, RegisterOutput>([0, 9, cas, true], [0, 9, cas, false])),
      "linearizable",
    );
    assert.equal(judge(historyOf<RegisterInput, RegisterOutput>([0, 9, cas, true], [0, 9, cas, true])), "violation");
  });

  test("it gives up, and says so, when the budget is spent", () => {
    const history = historyOf<RegisterInput, RegisterOutput>(
      ...Array.from({ length: 12 }, (_, n): [number, number, RegisterInput, number] => [0, 9, write(n), 0]),
      [10, 11, read, 99],
    );
    assert.equal(checkLinearizable(history, register, 1000).outcome, "undecided");
    assert.equal(checkLinearizable(history, register).outcome, "violation");
  });
});

describe("a queue", () => {
  test("concurrent puts may come out in either order", () => {
    const history = historyOf<QueueInput, number | null>(
      [0, 9, put(1), null],
      [0, 9, put(2), null],
      [10, 11, take, 2],
      [12, 13, take, 1],
    );
    assert.equal(judgeQueue(history), "linearizable");
  });

  test("puts one after the other may not change places", () => {
    const history = historyOf<QueueInput, number | null>([0, 1, put(1), null], [2, 3, put(2), null], [10, 11, take, 2]);
    assert.equal(judgeQueue(history), "violation");
  });

  test("nothing is taken twice", () => {
    const history = historyOf<QueueInput, number | null>([0, 1, put(1), null], [2, 9, take, 1], [2, 9, take, 1]);
    assert.equal(judgeQueue(history), "violation");
  });

  test("a violation names the longest beginning that fits", () => {
    const history = historyOf<QueueInput, number | null>(
      [0, 1, put(1), null],
      [2, 3, take, 1],
      [4, 5, put(2), null],
      [6, 7, take, 1],
    );
    const verdict = checkLinearizable(history, queue);
    assert(verdict.outcome === "violation");
    assert.deepEqual(verdict.order, [0, 1, 2]);
    assert.deepEqual(verdict.state, [2]);
  });
});

/** Every subset of the unanswered, every order, real time respected: slow and plainly right. */
function isLinearizableByForce<S, I, O>(
  history: Operation<I, O>[],
  model: Model<S, I, O>,
  state = model.initial,
): boolean {
  if (history.every((op) => op.output === undefined)) return true;
  const firstReturn = Math.min(...history.map((op) => op.returned_at));
  return history.some((op) => {
    if (op.called_at > firstReturn) return false;
    const next = model.step(state, op.input, op.output);
    if (next === null) return false;
    return isLinearizableByForce(
      history.filter((other) => other !== op),
      model,
      next,
    );
  });
}

describe("against brute force", () => {
  test("3,000 small random register histories get the same verdict", () => {
    const counts = { linearizable: 0, violation: 0 };
    for (let seed = 1; seed <= 3000; seed++) {
      const { below: random } = randomOf(seed);
      const history = Array.from({ length: 6 }, (_, id): Operation<RegisterInput, RegisterOutput> => {
        const called_at = random(20);
        const kind = random(3);
        const input: RegisterInput =
          kind === 0 ? read : kind === 1 ? write(random(3)) : { type: "cas", from: random(3), to: random(3) };
        const output = random(6) === 0 ? undefined : kind === 0 ? random(3) : kind === 1 ? 0 : random(2) === 0;
        const returned_at = output === undefined ? Number.POSITIVE_INFINITY : called_at + random(12);
        return { id, client: id, called_at, returned_at, input, output };
      });
      const expected = isLinearizableByForce(history, register) ? "linearizable" : "violation";
      assert.equal(judge(history), expected, `seed ${seed}`);
      counts[expected]++;
    }
    assert(counts.linearizable > 300 && counts.violation > 300, JSON.stringify(counts));
  });

  test("3,000 small random queue histories get the same verdict", () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const { below: random } = randomOf(seed);
      const history = Array.from({ length: 6 }, (_, id): Operation<QueueInput, number | null> => {
        const called_at = random(20);
        const isPut = random(2) === 0;
        const output = random(6) === 0 ? undefined : isPut || random(4) === 0 ? null : random(3);
        const returned_at = output === undefined ? Number.POSITIVE_INFINITY : called_at + random(12);
        return { id, client: id, called_at, returned_at, input: isPut ? put(random(3)) : take, output };
      });
      assert.equal(judgeQueue(history) === "linearizable", isLinearizableByForce(history, queue), `seed ${seed}`);
    }
  });
});

describe("size", () => {
  test("400 operations of 8 clients on one register take well under a second", () => {
    const { below: random } = randomOf(42);
    const free = Array.from({ length: 8 }, () => 0);
    const calls: Operation<RegisterInput, RegisterOutput>[] = [];
    for (let id = 0; id < 400; id++) {
      const client = id % 8;
      const called_at = (free[client] ?? 0) + random(5);
      const returned_at = called_at + 1 + random(40);
      free[client] = returned_at + 1;
      const input: RegisterInput = random(2) === 0 ? read : write(random(50));
      calls.push({ id, client, called_at, returned_at, input, output: 0 });
    }
    // Each takes effect at some instant between its call and its return.
    const effects = calls.map((op) => ({ op, at: op.called_at + random(op.returned_at - op.called_at) }));
    effects.sort((a, b) => a.at - b.at);
    let value = 0;
    for (const { op } of effects) {
      if (op.input.type === "write") value = op.input.value;
      else op.output = value;
    }
    const started = performance.now();
    assert.equal(judge(calls), "linearizable");
    assert(performance.now() - started < 1000);
  });

  test("objects are judged apart", () => {
    const rows = historyOf<{ key: string }, number>(
      [0, 1, { key: "a" }, 1],
      [0, 1, { key: "b" }, 1],
      [2, 3, { key: "a" }, 2],
    );
    const parts = partition(rows, (input) => input.key);
    assert.deepEqual(
      [...parts].map(([key, ops]) => [key, ops.length]),
      [
        ["a", 2],
        ["b", 1],
      ],
    );
  });
});
