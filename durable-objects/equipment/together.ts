/** Commands that come thick and fast share a commit: one after the other they would wait for storage each. */

/** Closer than this is a rush: far above what people do to one machine, so that a command on its own never waits. */
const RUSH_MS = 5;

export class Together {
  #last = Number.NEGATIVE_INFINITY;
  #tick: Promise<void> | null = null;

  /** Notes a command; true when it comes in a rush and should wait for `tick`. */
  isRush(wall: number): boolean {
    const isRush = this.#tick !== null || wall - this.#last < RUSH_MS;
    this.#last = wall;
    return isRush;
  }

  /** The next turn of the event loop. Whoever waits for it goes on by itself, one after the other; only their commit is one. */
  tick(): Promise<void> {
    this.#tick ??= new Promise((resolve) => {
      setTimeout(() => {
        this.#tick = null;
        resolve();
      });
    });
    return this.#tick;
  }
}
