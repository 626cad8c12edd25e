/** The aims beside what was reached. Both sides of a ratio were measured in the same rounds. */
import { type CaseResult, type Run, ratio } from "../parts/throughput.ts";
import type { Results } from "./results.ts";
import { figure, section, table } from "./table.ts";

type Row = [what: string, reached: string, aim: string];

const rate = (run: Run): number => run.rate;
const cpu = (run: Run): number => run.cpu;
const cpuApart = (run: Run): number => run.cpu_apart;

const cpuWithout = (run: Run): number => run.cpu - run.cpu_apart;

const percent = (share: number): string => (Number.isFinite(share) ? `${Math.round(share * 100)} %` : "–");

export function aims({ cases, decisions, endpoints }: Results): string {
  const find = (id: string): CaseResult | undefined => cases.find((each) => each.id === id);
  const share = (above: string, below: string, pick: (run: Run) => number, pickBelow = pick): string => {
    const [one, other] = [find(above), find(below)];
    return one && other ? percent(ratio(one, other, pick, pickBelow)) : "–";
  };
  const less = (id: string, empty: string, pick: (each: CaseResult) => number): string => {
    const [one, other] = [find(id), find(empty)];
    return one && other ? `${figure(pick(one) - pick(other))} ms` : "–";
  };
  const lessCall = (peer: string): string => {
    const [one, empty, other] = [find("object-one"), find("empty"), find(peer)];
    return one && empty && other ? percent((one.cpu - empty.cpu) / other.cpu_apart) : "–";
  };
  const largest = decisions.at(-1);
  const growing = endpoints.filter((each) => each.grows).length;
  const rows: Row[] = [
    ["decisions per second on one machine, of the bare insert", share("object-one", "insert", rate), "≥ 80 %"],
    [
      "  spread over 50 machines, of the bare insert into 50 objects",
      share("object-spread", "insert-spread", rate),
      "",
    ],
    ["  with a D1 that answers after 5 ms", share("object-slow", "insert", rate), ""],
    ["  of an empty call", share("object-one", "empty", rate), ""],
    [
      "CPU per decision, of PostgreSQL's processes alone (same duties)",
      share("object-one", "peer-full", cpu, cpuApart),
      "≤ 100 %",
    ],
    ["  of PostgreSQL's processes alone (reservation only)", share("object-one", "peer-lean", cpu, cpuApart), ""],
    ["  less the empty call, of PostgreSQL's processes alone (same duties)", lessCall("peer-full"), ""],
    [
      "CPU per booking, whole path on bare workerd, of the peer's (same duties)",
      share("app-one", "peer-full", cpu),
      "≤ 100 %",
    ],
    ["  of the peer's (reservation only)", share("app-one", "peer-lean", cpu), ""],
    ["  without the databases on either side (same duties)", share("app-one", "peer-full", cpuWithout), ""],
    [
      "bookings per second, whole path on bare workerd, of the peer's (same duties)",
      share("app-one", "peer-full", rate),
      "",
    ],
    ["  under wrangler", share("dev-one", "peer-full", rate), ""],
    [
      "under wrangler, less an empty route: p50 at a steady 50/s",
      less("dev-steady", "dev-health-steady", (each) => each.p50),
      "",
    ],
    ["  CPU at full load", less("dev-one", "dev-health", (each) => each.cpu), ""],
    [
      `p99 of a decision among ${largest?.reservations.toLocaleString("en")} reservations`,
      largest ? `${figure(largest.p99)} ms` : "–",
      "≤ 1 ms",
    ],
    ["endpoints whose trips or rows grow with the tables", `${growing} of ${endpoints.length}`, "0"],
  ];
  return section(
    "Aims",
    "Ratios are medians over the rounds; under 100 % of somebody's CPU is cheaper.",
    table(["", "reached", "aim"], rows),
  );
}
