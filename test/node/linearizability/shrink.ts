/** Makes a violating history small enough to read, and prints it. */

import { holdsSlot } from "../../../src/modules/equipment/model.ts";
import { checkLinearizable, type Model, type Operation } from "./checker.ts";
import type { Booking, MachineAnswer, MachineCall, MachineState } from "./state.ts";

type Step = Operation<MachineCall, MachineAnswer>;
type MachineModel = Model<MachineState, MachineCall, MachineAnswer>;

const BUDGET = 500_000;
const violates = (history: readonly Step[], model: MachineModel): boolean =>
  checkLinearizable(history, model, BUDGET).outcome === "violation";

/** What an observer knew at one instant: later answers have not come yet, later calls have not been made. */
const knownAt = (history: readonly Step[], instant: number): Step[] =>
  history
    .filter((op) => op.called_at <= instant)
    .map((op) =>
      op.returned_at <= instant ? op : { ...op, returned_at: Number.POSITIVE_INFINITY, output: undefined },
    );

/** The beginning of a violating history up to the first answer that cannot be explained (a longer one violates, too). */
export function firstViolation(history: readonly Step[], model: MachineModel): Step[] {
  const instants = history
    .filter((op) => op.output !== undefined)
    .map((op) => op.returned_at)
    .sort((a, b) => a - b);
  let [low, high] = [0, instants.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (violates(knownAt(history, instants[middle] ?? 0), model)) high = middle;
    else low = middle + 1;
  }
  return knownAt(history, instants[low] ?? Number.POSITIVE_INFINITY);
}

/** Leaves out whatever the violation does not need: first what changed nothing, then whole bookings. */
export function shrink(history: readonly Step[], model: MachineModel): Step[] {
  let kept = firstViolation(history, model);
  const without = (gone: (op: Step) => boolean): void => {
    const rest = kept.filter((op) => !gone(op));
    if (rest.length < kept.length && violates(rest, model)) kept = rest;
  };
  for (const op of [...kept].reverse()) {
    if (op.output === undefined || model.changesNothing(op.input, op.output)) without((each) => each === op);
  }
  // Without refusals left, a booking can go with everything that was done to it, out of lists, too: it explained nothing but itself.
  if (kept.some((op) => (op.output?.status ?? 0) >= 400)) return kept;
  for (const subject of new Set(kept.map(subjectOf))) {
    const rest = kept.filter((op) => subjectOf(op) !== subject).map((op) => withoutRow(op, subject));
    if (violates(rest, model)) kept = rest;
  }
  return kept;
}

function withoutRow(op: Step, id: string): Step {
  const list = op.output?.list;
  if (!op.output || !list) return op;
  return { ...op, output: { ...op.output, list: { ...list, rows: list.rows.filter((row) => row.id !== id) } } };
}

const subjectOf = ({ input, output, id }: Step): string => {
  if ("reservation_id" in input) return input.reservation_id;
  if ("session_id" in input) return input.session_id;
  if ("hold_id" in input && input.hold_id) return input.hold_id;
  return output?.reservation?.id ?? output?.session?.id ?? output?.hold?.id ?? String(id);
};

/** The history as a table with a time line, bookings as R1, R2, …; with the state in which the search got stuck. */
export function explain(history: readonly Step[], model: MachineModel): string {
  const names = new Map<string, string>();
  const nameOf = (id: string): string => {
    if (!names.has(id)) names.set(id, `R${names.size + 1}`);
    return names.get(id) ?? id;
  };
  const sorted = [...history].sort((a, b) => a.called_at - b.called_at);
  const from = sorted[0]?.called_at ?? 0;
  const until = Math.max(...sorted.map((op) => (op.output === undefined ? op.called_at : op.returned_at)));
  const lines = sorted.map((op) => {
    const asked = `${askedText(op.input, nameOf)} → ${op.output ? answerText(op.output, nameOf) : "no answer yet"}`;
    const times = `${(op.called_at - from).toFixed(1).padStart(7)} ${op.output ? (op.returned_at - from).toFixed(1).padStart(7) : "      …"}`;
    return `  #${String(op.id).padEnd(4)} client ${String(op.client).padEnd(3)}${times} ms ${bar(op, from, until)} ${asked}`;
  });
  const verdict = checkLinearizable(history, model, BUDGET);
  if (verdict.outcome !== "violation") return [...lines, `  (${verdict.outcome})`].join("\n");
  const stuck = verdict.state.bookings
    .filter((each) => holdsSlot(each.status))
    .map((each) => bookingText(each, nameOf));
  return [
    ...lines,
    `  no order explains all of these; the longest that fits: ${verdict.order.map((id) => `#${id}`).join(" ") || "none"}`,
    `  then the machine holds: ${stuck.join("; ") || "nothing"}`,
  ].join("\n");
}

const WIDTH = 30;

function bar(op: Step, from: number, until: number): string {
  const column = (at: number): number => Math.round(((at - from) / Math.max(until - from, 1)) * (WIDTH - 1));
  const [start, end] = [column(op.called_at), op.output ? column(op.returned_at) : WIDTH - 1];
  return `|${" ".repeat(start)}${"=".repeat(end - start + 1)}${" ".repeat(WIDTH - 1 - end)}|`;
}

const time = (at: number): string => new Date(at).toISOString().slice(5, 16).replace("T", " ");
const span = (of: { starts_at: number; ends_at: number }): string =>
  `${time(of.starts_at)}–${time(of.ends_at).slice(6)}`;
const bookingText = (b: Booking, nameOf: (id: string) => string): string =>
  `${nameOf(b.id)} ${span(b)} ${b.status} v${b.version}`;

function askedText(call: MachineCall, nameOf: (id: string) => string): string {
  const who = call.by.staff ? "staff" : "member";
  if (call.type === "reserve" && call.hold_id) {
    return `reserve ${span(call)} held as ${nameOf(call.hold_id)} (${who})`;
  }
  if (call.type === "release") return `release ${nameOf(call.hold_id)} (${who})`;
  if (call.type === "reserve" || call.type === "hold" || call.type === "list")
    return `${call.type} ${span(call)} (${who})`;
  if (call.type === "move") return `move ${nameOf(call.reservation_id)} v${call.if_version} to ${span(call)} (${who})`;
  if ("reservation_id" in call) return `${call.type} ${nameOf(call.reservation_id)} (${who})`;
  if (call.type === "walk_up") return `walk_up ${call.planned_minutes} min (${who})`;
  return `${call.type} (${who})`;
}

function answerText(answer: MachineAnswer, nameOf: (id: string) => string): string {
  const parts = [String(answer.status), answer.code, answer.current_status && `is ${answer.current_status}`];
  if (answer.conflicts_with) parts.push(`with ${span(answer.conflicts_with)}`);
  if (answer.reservation) parts.push(bookingText(answer.reservation, nameOf));
  if (answer.session)
    parts.push(`session ${span({ starts_at: answer.session.started_at, ends_at: answer.session.planned_end_at })}`);
  if (answer.hold) parts.push(`${nameOf(answer.hold.id)} keeps ${span(answer.hold)}`);
  if (answer.list) parts.push(`[${answer.list.rows.map((each) => bookingText(each, nameOf)).join(", ")}]`);
  return parts.filter(Boolean).join(" ");
}
