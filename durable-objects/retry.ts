/** When something that failed is tried again: each time later, up to a bound. By the wall clock. */

const NEVER = Number.POSITIVE_INFINITY;

export class Retry {
  readonly #first: number;
  readonly #last: number;
  #failures = 0;
  #dueAt = NEVER;

  /** Milliseconds after the first failure, and at most. */
  constructor(first: number, last: number) {
    this.#first = first;
    this.#last = last;
  }

  /** When to try; Infinity when there is nothing to. */
  get dueAt(): number {
    return this.#dueAt;
  }

  /** In a row. */
  get failures(): number {
    return this.#failures;
  }

  /** Something is to be done by `wall`, unless it waits after a failure already. */
  expect(wall: number): void {
    if (this.#failures === 0) this.#dueAt = Math.min(this.#dueAt, wall);
  }

  /** It is being tried. */
  begin(): void {
    this.#dueAt = NEVER;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#dueAt = NEVER;
  }

  failed(wall: number): void {
    this.#failures++;
    this.#dueAt = wall + Math.min(this.#first * 2 ** (this.#failures - 1), this.#last);
  }
}
