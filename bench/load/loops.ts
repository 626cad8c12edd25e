/** The two kinds of load: as fast as the server answers, and at a steady rate whatever it does. */
import { type Answer, Connection } from "./connection.ts";
import { ascending, percentile } from "./statistics.ts";

/** The next request of a connection. */
export type NextRequest = (connection: number) => string;

export interface Load {
  port: number;
  connections: number;
  /** Milliseconds that count. */
  ms: number;
  next: NextRequest;
}

/** What one run of a load saw. */
export interface Sample {
  /** Successful answers. */
  done: number;
  /** Successful answers per second. */
  rate: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Answers that were no success, by status; 0 for a broken connection. */
  failed: Record<string, number>;
}

/** Collects the answers of one run. */
class Tally {
  readonly #times: number[] = [];
  readonly #failed: Record<string, number> = {};

  note(answer: Answer, ms: number): void {
    if (answer.status >= 200 && answer.status < 300) this.#times.push(ms);
    else this.fail(answer.status);
  }

  fail(status: number): void {
    this.#failed[status] = (this.#failed[status] ?? 0) + 1;
  }

  sample(elapsed_ms: number): Sample {
    const sorted = ascending(this.#times);
    const done = sorted.length;
    return {
      done,
      rate: (done * 1000) / elapsed_ms,
      p50: percentile(sorted, 0.5),
      p99: percentile(sorted, 0.99),
      failed: this.#failed,
    };
  }
}

const openAll = (load: Load): Promise<Connection[]> =>
  Promise.all(Array.from({ length: load.connections }, () => Connection.open(load.port)));

/** Closed loop: each connection sends its next request when the last was answered. */
export async function fullLoad(load: Load): Promise<Sample> {
  const connections = await openAll(load);
  const tally = new Tally();
  const started = performance.now();
  const end = started + load.ms;
  await Promise.all(
    connections.map(async (connection, index) => {
      for (let now = performance.now(); now < end; ) {
        const answer = await connection.send(load.next(index)).catch(() => null);
        const answered = performance.now();
        if (!answer) return tally.fail(0);
        tally.note(answer, answered - now);
        now = answered;
      }
    }),
  );
  const sample = tally.sample(performance.now() - started);
  for (const connection of connections) connection.close();
  return sample;
}

/**
 * Open loop: `rate` requests per second, each at its own time. Latency counts from when a request was due, so that a
 * server that stalls cannot hide it by slowing the sender down.
 */
export async function steadyLoad(load: Load & { rate: number }): Promise<Sample> {
  const connections = await openAll(load);
  const free = connections.map((connection, index) => ({ connection, index }));
  const waiting: number[] = [];
  const tally = new Tally();
  const open = new Set<Promise<void>>();

  const serve = async (due: number): Promise<void> => {
    const taken = free.pop();
    if (!taken) return void waiting.push(due);
    const answer = await taken.connection.send(load.next(taken.index)).catch(() => null);
    if (answer) tally.note(answer, performance.now() - due);
    else tally.fail(0);
    free.unshift(taken);
    const next = waiting.shift();
    if (next !== undefined) await serve(next);
  };

  const started = performance.now();
  const total = Math.floor((load.ms / 1000) * load.rate);
  for (let sent = 0; sent < total; sent++) {
    const due = started + (sent * 1000) / load.rate;
    const wait = due - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    const work = serve(due).finally(() => open.delete(work));
    open.add(work);
  }
  while (open.size > 0) await Promise.all(open);
  const sample = tally.sample(performance.now() - started);
  for (const connection of connections) connection.close();
  return sample;
}
