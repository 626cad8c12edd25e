/** The equipment object alone on bare workerd. */
import { requestText } from "../load/connection.ts";
import type { NextRequest } from "../load/loops.ts";
import { bundle } from "./bundle.ts";
import type { Subject } from "./child.ts";
import { startWorkerd } from "./workerd.ts";

/** "at_once": the projection is accepted at once; "slow": after 5 ms. */
export type Projection = "at_once" | "slow";

export interface ObjectServer extends Subject {
  /** GET, expects JSON. */
  ask<T>(path: string): Promise<T>;
  /** Requests that go round `machines` machines that were configured. */
  bookings(machines: number, projection: Projection): Promise<NextRequest>;
  /** Requests for what no object can do faster, going round `objects` of them. */
  limit(verb: "empty" | "insert", objects: number): NextRequest;
}

export const machineName = (index: number): string => `bench:machine-${index}`;

/** One after the other, round and round. */
function rounds(texts: readonly string[]): NextRequest {
  let turn = 0;
  return () => texts[turn++ % texts.length] ?? "";
}

export async function startObject(folder: string): Promise<ObjectServer> {
  const { path } = await bundle("bench/workers/object.ts", folder);
  const objects = { MACHINES: "BenchMachine", SLOW_MACHINES: "SlowMachine", LIMITS: "Limit" };
  // A thousand watchers of the fan-out are one and the same.
  const bindings = ['(name = "ENVIRONMENT", text = "production")', '(name = "RATE_LIMITS", text = "load")'];
  const subject = await startWorkerd(
    { workers: { main: { module: path, objects, bindings } }, listens: ["main"] },
    folder,
  );
  const ask = async <T>(asked: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${subject.port}${asked}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`${asked} answered ${response.status} ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  };
  return {
    ...subject,
    ask,
    async bookings(machines, projection) {
      const names = Array.from({ length: machines }, (_, index) => machineName(index));
      for (const name of names) await ask(`/configure/${projection}/${name}`);
      return rounds(names.map((name) => requestText("GET", `/book/${projection}/${name}`, {})));
    },
    limit(verb, objects) {
      const names = Array.from({ length: objects }, (_, index) => machineName(index));
      return rounds(names.map((name) => requestText("GET", `/${verb}/limit/${name}`, {})));
    },
  };
}
