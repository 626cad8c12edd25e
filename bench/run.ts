/**
 * `npm run bench`: measures the object, the whole path and the peer in one run on one machine, prints the tables and
 * writes bench/.results.json. `-- --quick` for a first look in under three minutes, `-- --write` to put the tables into
 * docs/performance.md, which says what they mean.
 */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root } from "../scripts/lib/env.ts";
import { MACHINES, objectCases, pathCases, peerCases } from "./parts/cases.ts";
import { measureDecisions } from "./parts/decision.ts";
import { measureEndpoints } from "./parts/endpoints.ts";
import { measureSize } from "./parts/size.ts";
import { measureFanOut } from "./parts/sockets.ts";
import { type Effort, measureCases } from "./parts/throughput.ts";
import { writeFigures } from "./report/document.ts";
import { describeMachine } from "./report/machine.ts";
import { report } from "./report/report.ts";
import type { Results } from "./report/results.ts";
import { startApp } from "./servers/app.ts";
import type { Subject } from "./servers/child.ts";
import { startDev } from "./servers/dev.ts";
import { type Issuer, startIssuer } from "./servers/issuer.ts";
import { startObject } from "./servers/object.ts";
import { startPeer } from "./servers/peer.ts";
import { createWorld } from "./servers/world.ts";

interface Plan {
  effort: Effort;
  decision_sizes: readonly number[];
  decision_batches: number;
  endpoint_sizes: readonly [number, number];
  sockets: number;
  commands: number;
  loads: number;
}

const plans: Record<Results["kind"], Plan> = {
  full: {
    effort: { rounds: 5, full_ms: 2_500, steady_ms: 4_000 },
    decision_sizes: [1_000, 100_000],
    decision_batches: 7,
    endpoint_sizes: [1_000, 100_000],
    sockets: 1_000,
    commands: 15,
    loads: 9,
  },
  quick: {
    effort: { rounds: 2, full_ms: 700, steady_ms: 800 },
    decision_sizes: [1_000, 10_000],
    decision_batches: 2,
    endpoint_sizes: [1_000, 10_000],
    sockets: 200,
    commands: 5,
    loads: 3,
  },
};

const begin = performance.now();
const seconds = (): number => (performance.now() - begin) / 1000;
const note = (text: string): void => console.error(`${seconds().toFixed(0).padStart(5)} s  ${text}`);

async function measure(kind: Results["kind"], issuer: Issuer, folder: string, started: Subject[]): Promise<Results> {
  const plan = plans[kind];
  const keep = <S extends Subject>(subject: S): S => {
    started.push(subject);
    return subject;
  };
  const machine = await describeMachine();
  note("the bundle");
  const size = await measureSize(issuer, folder, plan.loads);
  note("starting everybody");
  const object = keep(await startObject(folder));
  const app = keep(await startApp(issuer, folder));
  const dev = keep(await startDev(issuer, folder));
  const peer = await startPeer(issuer, folder, MACHINES);
  if (peer) keep(peer);
  else note("PostgreSQL is not installed: the peer is left out");
  const world = (subject: Subject) => createWorld(`http://127.0.0.1:${subject.port}`, issuer, MACHINES + 1);
  const [appWorld, devWorld] = [await world(app), await world(dev)];
  const cases = await measureCases(
    [
      ...(await objectCases(object)),
      ...pathCases("app", "whole path on bare workerd", app, appWorld),
      ...pathCases("dev", "whole path under wrangler", dev, devWorld),
      ...(peer ? peerCases(peer) : []),
    ],
    plan.effort,
    note,
  );
  const system = { url: `http://127.0.0.1:${dev.port}`, world: devWorld };
  const fan_out = await measureFanOut(system, object, plan.sockets, plan.commands, note);
  const decisions = await measureDecisions(object, plan.decision_sizes, plan.decision_batches, note);
  const endpoints = await measureEndpoints(issuer, folder, plan.endpoint_sizes, note);
  const { endpoint_sizes } = plan;
  const at = new Date().toISOString();
  return { at, kind, seconds: seconds(), machine, cases, decisions, endpoints, endpoint_sizes, fan_out, size };
}

const options = new Set(process.argv.slice(2));
const isQuick = options.delete("--quick");
const isWritten = options.delete("--write");
if (options.size > 0) {
  console.error(`npm run bench takes --quick and --write after "--", not ${[...options].join(" ")}`);
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), "makrcave-bench-"));
// PostgreSQL runs as another user when we are root.
chmodSync(folder, 0o755);
const started: Subject[] = [];
const issuer = await startIssuer();
const stop = async (): Promise<void> => {
  issuer.stop();
  await Promise.all(started.splice(0).map((subject) => subject.stop()));
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
};
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => void stop().finally(() => process.exit(1)));
}
try {
  const results = await measure(isQuick ? "quick" : "full", issuer, folder, started);
  writeFileSync(join(root, "bench/.results.json"), `${JSON.stringify(results, null, 1)}\n`);
  console.log(report(results));
  if (isWritten) writeFigures(report(results), results.at);
} finally {
  await stop();
}
process.exit();
