/** Decisions and bookings per second, latency and CPU: every case in every round, so that a noisy machine hits all alike. */
import { cpuMs } from "../load/cpu.ts";
import { fullLoad, type NextRequest, type Sample, steadyLoad } from "../load/loops.ts";
import { median } from "../load/statistics.ts";
import type { Subject } from "../servers/child.ts";

/** Something that is loaded. */
export interface Case {
  id: string;
  title: string;
  subject: Subject;
  next: NextRequest;
  /** Requests per second of a steady load; left out: as fast as it answers. */
  rate?: number;
  /** More processes whose time is told apart. */
  apart?: () => number[];
}

/** One run of a case. */
export interface Run extends Sample {
  /** CPU milliseconds of the subject's processes per successful answer. */
  cpu: number;
  /** The part of it that `apart` names. */
  cpu_apart: number;
}

/** What a case showed: medians over its rounds. */
export interface CaseResult {
  id: string;
  title: string;
  rate: number;
  p50: number;
  p99: number;
  cpu: number;
  cpu_apart: number;
  failed: Record<string, number>;
  runs: Run[];
}

export interface Effort {
  rounds: number;
  /** Milliseconds of a run under full load. */
  full_ms: number;
  /** Milliseconds of a run under steady load. */
  steady_ms: number;
}

/** Simultaneous connections, full and steady load alike. */
export const CONNECTIONS = 32;

async function run({ subject, next, rate, apart }: Case, effort: Effort): Promise<Run> {
  const load = { port: subject.port, connections: CONNECTIONS, next };
  await fullLoad({ ...load, connections: rate === undefined ? CONNECTIONS : 1, ms: 400 });
  const pids = subject.pids();
  const others = apart?.() ?? [];
  const before = [cpuMs(pids), cpuMs(others)] as const;
  const sample =
    rate === undefined
      ? await fullLoad({ ...load, ms: effort.full_ms })
      : await steadyLoad({ ...load, ms: effort.steady_ms, rate });
  const cpu = (cpuMs(pids) - before[0]) / sample.done;
  return { ...sample, cpu, cpu_apart: (cpuMs(others) - before[1]) / sample.done };
}

function summarise({ id, title }: Case, runs: Run[]): CaseResult {
  const failed: Record<string, number> = {};
  for (const each of runs) {
    for (const [status, count] of Object.entries(each.failed)) failed[status] = (failed[status] ?? 0) + count;
  }
  const of = (pick: (run: Run) => number): number => median(runs.map(pick));
  return {
    id,
    title,
    rate: of((each) => each.rate),
    p50: of((each) => each.p50),
    p99: of((each) => each.p99),
    cpu: of((each) => each.cpu),
    cpu_apart: of((each) => each.cpu_apart),
    failed,
    runs,
  };
}

/** Runs every case once per round, every second round backwards. */
export async function measureCases(
  cases: readonly Case[],
  effort: Effort,
  note: (text: string) => void,
): Promise<CaseResult[]> {
  const runs = new Map<string, Run[]>(cases.map((each) => [each.id, []]));
  for (let round = 0; round < effort.rounds; round++) {
    for (const each of round % 2 === 0 ? cases : [...cases].reverse()) {
      note(`round ${round + 1} of ${effort.rounds}: ${each.title}`);
      runs.get(each.id)?.push(await run(each, effort));
    }
  }
  return cases.map((each) => summarise(each, runs.get(each.id) ?? []));
}

/** One case's figure as a share of another's in the same round: the median over the rounds. */
export function ratio(
  above: CaseResult,
  below: CaseResult,
  pick: (run: Run) => number,
  pickBelow: (run: Run) => number = pick,
): number {
  const shares = above.runs.flatMap((run, round) => {
    const other = below.runs[round];
    return other ? [pick(run) / pickBelow(other)] : [];
  });
  return median(shares);
}
