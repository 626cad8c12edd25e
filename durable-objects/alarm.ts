/** The one alarm of an object. */

const NEVER = Number.POSITIVE_INFINITY;

export class Alarm {
  readonly #storage: DurableObjectStorage;
  /** What it is set to, by the wall clock. */
  #at = NEVER;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Asks storage what the alarm is set to; once, at birth. */
  async load(): Promise<void> {
    this.#at = (await this.#storage.getAlarm()) ?? NEVER;
  }

  /** It went off, so it is not set any more. */
  fired(): void {
    this.#at = NEVER;
  }

  /**
   * Sets the alarm for whatever is due first (Infinity for nothing), part of the write that made it due when called in the same tick.
   * Earlier at once; later only when `isExact`, because a needless alarm costs less than a write on every command.
   */
  arm(due: number, isExact: boolean): void {
    if (due === this.#at || (due > this.#at && !isExact)) return;
    this.#at = due;
    if (due === NEVER) void this.#storage.deleteAlarm();
    else void this.#storage.setAlarm(due);
  }
}
