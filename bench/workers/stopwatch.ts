/**
 * Measures synchronous work on a clock that only shows whole milliseconds, to a few microseconds.
 * It starts on a tick and afterwards counts how often the clock can be read before the next tick: so much was left of
 * the last millisecond. An interruption while it counts makes the work look longer, never shorter.
 */
export class Stopwatch {
  readonly #reads_per_ms = readsPerMillisecond();
  #tick = 0;

  start(): void {
    this.#tick = nextTick(Date.now()).tick;
  }

  /** Milliseconds since `start`. */
  stop(): number {
    const now = Date.now();
    const { reads } = nextTick(now);
    const left = Math.min(reads / this.#reads_per_ms, 1);
    return now - this.#tick + 1 - left;
  }
}

function nextTick(after: number): { tick: number; reads: number } {
  for (let reads = 1; ; reads++) {
    const now = Date.now();
    if (now !== after) return { tick: now, reads };
  }
}

/** The upper quartile of some ticks: a disturbed tick has fewer reads. */
function readsPerMillisecond(): number {
  let { tick } = nextTick(Date.now());
  const counts: number[] = [];
  while (counts.length < 40) {
    const next = nextTick(tick);
    if (next.tick === tick + 1) counts.push(next.reads);
    tick = next.tick;
  }
  counts.sort((a, b) => a - b);
  return counts[30] ?? 1;
}
