/** The results as text, one table after the other. */
import { aims } from "./aims.ts";
import type { Results } from "./results.ts";
import { figure, section, table } from "./table.ts";

function throughput({ cases }: Results): string {
  const rows = cases.map(({ title, rate, p50, p99, cpu, cpu_apart, failed }) => {
    const failures = Object.entries(failed).map(([status, count]) => `${count} × ${status}`);
    return [title, rate, p50, p99, cpu, cpu_apart > 0 ? cpu_apart : "", failures.join(", ")];
  });
  return section(
    "Throughput",
    "Medians of interleaved rounds, 32 connections. CPU: milliseconds per answer, of all processes of the server.",
    table(["", "per second", "p50 ms", "p99 ms", "CPU ms", "of it, database", "failed"], rows),
  );
}

function decisions(results: Results): string {
  const rows = results.decisions.map(({ reservations, p50, p99, max, over_1_ms, count }) => [
    reservations.toLocaleString("en"),
    p50,
    p99,
    max,
    `${over_1_ms} of ${count.toLocaleString("en")}`,
  ]);
  return section(
    "One decision",
    "How long a booking keeps the object busy, looking, deciding and writing, measured inside; by reservations held.",
    table(["reservations", "p50 ms", "p99 ms", "longest ms", "over 1 ms"], rows),
  );
}

function storage({ decisions: sizes }: Results): string {
  const titles = Object.keys(sizes[0]?.storage ?? {});
  const head = sizes.flatMap(({ reservations }) => [
    `at ${reservations.toLocaleString("en")}: statements`,
    "read",
    "written",
  ]);
  const rows = titles.map((title) => [
    title,
    ...sizes.flatMap(({ storage: counts }) => {
      const { statements = 0, rows_read = 0, rows_written = 0 } = counts[title] ?? {};
      return [statements, rows_read, rows_written].map((value) => figure(value));
    }),
  ]);
  return section("The object's own SQLite", "Statements and rows per command or read.", table(["", ...head], rows));
}

function endpoints({ endpoints: all, endpoint_sizes: sizes }: Results): string {
  const head = sizes.flatMap((size) => [`at ${size.toLocaleString("en")}: trips`, "read", "written"]);
  const rows = all.map(({ title, small, large, grows }) => [
    title,
    ...[small, large].flatMap((cost) => [cost.trips, cost.rows_read, cost.rows_written].map(String)),
    grows ? "grows" : "",
  ]);
  const why = all.flatMap(({ title, heaviest }) =>
    heaviest ? [`\n${title}: ${heaviest.rows_read} rows by\n${heaviest.sql}\n  ${heaviest.plan.join("\n  ")}`] : [],
  );
  return section(
    "D1 per call",
    "Trips, rows read and rows written by number of reservations, projection and deferred work included; pages of 10.",
    [table(["", ...head, ""], rows), ...why].join("\n"),
  );
}

function fanOut(results: Results): string {
  const rows = results.fan_out.map(({ title, sockets, opening, last, worst, commands }) => [
    `${title}, ${sockets.toLocaleString("en")} sockets`,
    opening,
    last,
    worst,
    String(commands),
  ]);
  return section(
    "Live sockets",
    "From the command to the last delivery.",
    table(["", "all open ms", "median ms", "worst ms", "commands"], rows),
  );
}

function size({ size: { bytes, gzip_bytes, load_ms, loads } }: Results): string {
  const kib = (count: number): string => `${Math.round(count / 1024)} KiB`;
  return section(
    "The bundle",
    "As `wrangler deploy --minify` makes it; loading is compiling the script and running its top level.",
    table(["size", "gzip", "loads in ms", "of"], [[kib(bytes), kib(gzip_bytes), figure(load_ms), `${loads} runs`]]),
  );
}

/** Everything, for a terminal. */
export function report(results: Results): string {
  const { machine, kind, seconds } = results;
  const { cores, model, memory_gb, node, workerd, postgres, load_before } = machine;
  const about = [
    `${cores} cores (${model}), ${memory_gb} GB, load ${figure(load_before)} before the run`,
    `Node ${node}, workerd ${workerd}, ${postgres ?? "no PostgreSQL: the peer was left out"}`,
    `${kind} run, ${Math.round(seconds)} s`,
  ];
  const parts = [throughput, aims, decisions, storage, endpoints, fanOut, size];
  return [about.join("\n"), ...parts.map((part) => part(results))].join("\n");
}
