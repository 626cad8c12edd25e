/**
 * Is there one order, true to real time, in which a sequential object would have given these very answers?
 * The search of Wing and Gong with Lowe's memo: try every operation that may come first, remember (what was placed, state) pairs that led nowhere.
 * Histories of independent objects are judged one by one (linearizability is local), which keeps the search small.
 */

/** One request and its answer. Times are milliseconds on any one clock. */
export interface Operation<I, O> {
  id: number;
  /** Who asked: for reading only, the order comes from the times. */
  client: number;
  called_at: number;
  /** Infinity when no answer came: it may have happened at any time since, or never. */
  returned_at: number;
  input: I;
  /** Undefined when no answer came. */
  output: O | undefined;
}

/** The object as if it served one request after the other. */
export interface Model<S, I, O> {
  readonly initial: S;
  /** The state afterwards, or null when this answer is impossible in this state. With an undefined output any answer is fine. */
  step(state: S, input: I, output: O | undefined): S | null;
  /** Equal for equal states only. */
  hash(state: S): string;
  /** True when an operation with this answer leaves every state as it is: a read, or a refusal. */
  changesNothing(input: I, output: O): boolean;
}

export type Verdict<S> =
  | { outcome: "linearizable"; order: number[]; nodes: number }
  /** `order` is the longest beginning that fits, `state` what it leads to: the next answer cannot be explained there. */
  | { outcome: "violation"; order: number[]; state: S; nodes: number }
  | { outcome: "undecided"; nodes: number };

interface Link<I, O> {
  prev: Link<I, O> | null;
  next: Entry<I, O> | null;
}

/** A call or its return, in order of time; a node of a list from which placed operations are lifted and put back. */
interface Entry<I, O> extends Link<I, O> {
  op: Operation<I, O>;
  index: number;
  /** The matching return of a call; null on a return. */
  match: Entry<I, O> | null;
}

interface Placed<S, I, O> {
  entry: Entry<I, O>;
  state: S;
  /** It changes nothing in any state, so putting it first loses nothing: when the rest fails, this node has failed. */
  neutral: boolean;
}

/** Judges the history of one object; gives up as `undecided` after `budget` nodes. */
export function checkLinearizable<S, I, O>(
  history: readonly Operation<I, O>[],
  model: Model<S, I, O>,
  budget = 5_000_000,
): Verdict<S> {
  const head = entriesOf(history);
  const failed = new Set<string>();
  const placed: Placed<S, I, O>[] = [];
  let open = history.filter((op) => op.output !== undefined).length;
  let bits = 0n;
  let state = model.initial;
  let hash = model.hash(state);
  let best = { order: [] as number[], state };
  let nodes = 0;
  let entry = head.next;
  while (open > 0) {
    if (++nodes > budget) return { outcome: "undecided", nodes };
    if (entry?.match) {
      const after = model.step(state, entry.op.input, entry.op.output);
      const next = after === null ? null : model.hash(after);
      // An unanswered operation without effect need not be placed at all.
      if (after === null || next === null || (entry.op.output === undefined && next === hash)) {
        entry = entry.next;
        continue;
      }
      const placing = bits | (1n << BigInt(entry.index));
      const key = `${placing.toString(36)} ${next}`;
      const neutral = entry.op.output !== undefined && model.changesNothing(entry.op.input, entry.op.output);
      if (!failed.has(key)) {
        failed.add(key);
        placed.push({ entry, state, neutral });
        lift(entry);
        [bits, state, hash] = [placing, after, next];
        if (entry.op.output !== undefined) open--;
        if (placed.length > best.order.length) best = { order: placed.map((p) => p.entry.op.id), state };
        entry = head.next;
        continue;
      }
      entry = neutral ? null : entry.next;
      continue;
    }
    // An operation has returned (or a neutral one led nowhere) and nothing fits: take back the last choice that had an alternative.
    let last: Placed<S, I, O> | undefined;
    do {
      last = placed.pop();
      if (!last) return { outcome: "violation", ...best, nodes };
      putBack(last.entry);
      bits &= ~(1n << BigInt(last.entry.index));
      state = last.state;
      if (last.entry.op.output !== undefined) open++;
    } while (last.neutral);
    hash = model.hash(state);
    entry = last.entry.next;
  }
  return { outcome: "linearizable", order: placed.map((p) => p.entry.op.id), nodes };
}

/** Groups operations by the object they touch. */
export function partition<I, O>(
  history: readonly Operation<I, O>[],
  keyOf: (input: I) => string,
): Map<string, Operation<I, O>[]> {
  return Map.groupBy(history, (op) => keyOf(op.input));
}

/** The list of calls and returns; at the same instant calls come first (they count as concurrent). */
function entriesOf<I, O>(history: readonly Operation<I, O>[]): Link<I, O> {
  const timed: { at: number; entry: Entry<I, O> }[] = [];
  for (const [index, op] of history.entries()) {
    const back: Entry<I, O> = { op, index, match: null, prev: null, next: null };
    const call: Entry<I, O> = { op, index, match: back, prev: null, next: null };
    timed.push({ at: op.called_at, entry: call });
    timed.push({ at: op.output === undefined ? Number.POSITIVE_INFINITY : op.returned_at, entry: back });
  }
  timed.sort((a, b) => (a.at === b.at ? Number(a.entry.match === null) - Number(b.entry.match === null) : a.at - b.at));
  const head: Link<I, O> = { prev: null, next: null };
  let tail = head;
  for (const { entry } of timed) {
    tail.next = entry;
    entry.prev = tail;
    tail = entry;
  }
  return head;
}

/** Takes a call and its return out of the list; both remember their place. */
function lift<I, O>(call: Entry<I, O>): void {
  for (const entry of [call, call.match]) {
    if (entry?.prev) entry.prev.next = entry.next;
    if (entry?.next) entry.next.prev = entry.prev;
  }
}

/** Undoes `lift`; only ever called in the reverse order. */
function putBack<I, O>(call: Entry<I, O>): void {
  for (const entry of [call.match, call]) {
    if (entry?.prev) entry.prev.next = entry;
    if (entry?.next) entry.next.prev = entry;
  }
}
