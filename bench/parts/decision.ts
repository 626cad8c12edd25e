/** How long a decision keeps an object busy, in an empty calendar and in one of 100,000 bookings, and what it asks of storage. */
import type { StorageCounts } from "../load/counts.ts";
import { ascending, median, percentile } from "../load/statistics.ts";
import { machineName, type ObjectServer } from "../servers/object.ts";

/** One calendar's size. */
export interface DecisionResult {
  reservations: number;
  /** Milliseconds; medians over the batches of each batch's percentile. */
  p50: number;
  p99: number;
  /** The slowest of all, and how many took longer than a millisecond. */
  max: number;
  over_1_ms: number;
  count: number;
  storage: Record<string, StorageCounts>;
}

const TOGETHER = 500;

async function fill(server: ObjectServer, path: string, upTo: number): Promise<void> {
  for (let booked = 0; booked < upTo; ) booked = await server.ask<number>(`/fill/${path}?count=${TOGETHER}`);
}

async function time(server: ObjectServer, path: string, batches: number, count: number): Promise<number[][]> {
  const all: number[][] = [];
  for (let batch = 0; batch < batches; batch++) {
    all.push(ascending(await server.ask<number[]>(`/time/${path}?count=${count}`)));
  }
  return all;
}

/** Measures machines that hold `sizes` reservations. */
export async function measureDecisions(
  server: ObjectServer,
  sizes: readonly number[],
  batches: number,
  note: (text: string) => void,
): Promise<DecisionResult[]> {
  const results: DecisionResult[] = [];
  for (const [index, reservations] of sizes.entries()) {
    const path = `at_once/${machineName(1000 + index)}`;
    await server.ask(`/configure/${path}`);
    note(`an object with ${reservations.toLocaleString("en")} reservations: filling`);
    await fill(server, path, reservations);
    note(`an object with ${reservations.toLocaleString("en")} reservations: deciding`);
    await time(server, path, 1, 200);
    const all = await time(server, path, batches, 400);
    const times = all.flat();
    results.push({
      reservations,
      p50: median(all.map((batch) => percentile(batch, 0.5))),
      p99: median(all.map((batch) => percentile(batch, 0.99))),
      max: Math.max(...times),
      over_1_ms: times.filter((each) => each > 1).length,
      count: times.length,
      storage: await server.ask(`/count/${path}`),
    });
  }
  return results;
}
