/** The door to a strict counter: one object per thing that could be guessed. */

export interface Attempt {
  allowed: boolean;
  /** Seconds until the next attempt is allowed; 0 when this one was. */
  retry_after: number;
}

export interface AttemptsPort {
  /** Counts an attempt, unless `limit` were allowed within the last `window_ms`. Attempts that were refused do not count. */
  take(limit: number, window_ms: number): Promise<Attempt>;
  /** True when storage answers: for readiness. */
  ping(): Promise<boolean>;
}
