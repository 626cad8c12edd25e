/** Cron triggers, which wrangler does not fire locally. */
import { parseCron, type Schedule } from "./cron.ts";

const MINUTE = 60_000;

/** The expressions due in the minute that `time` belongs to. */
export const dueAt = (schedules: ReadonlyMap<string, Schedule>, time: Date): string[] =>
  [...schedules].filter(([, matches]) => matches(time)).map(([expression]) => expression);

const fire = async (url: string, expression: string, minute: number): Promise<void> => {
  const query = new URLSearchParams({ cron: expression, time: String(minute) });
  const response = await fetch(`${url}/cdn-cgi/local/scheduled?${query}`, { signal: AbortSignal.timeout(50_000) });
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`answered ${response.status}`);
};

/**
 * Fires each cron expression at its own minutes, in UTC, until the returned function is called.
 * A tick that fails is told and left: the next one comes by itself, as on Cloudflare.
 */
export const startTicking = (
  url: string,
  expressions: readonly string[],
  tell: (line: string) => void,
): (() => void) => {
  const schedules = new Map(expressions.map((expression) => [expression, parseCron(expression)]));
  let timer: NodeJS.Timeout | undefined;
  const waitForNextMinute = (): void => {
    timer = setTimeout(tick, MINUTE - (Date.now() % MINUTE) + 5);
    timer.unref();
  };
  const tick = (): void => {
    const minute = Math.floor(Date.now() / MINUTE) * MINUTE;
    for (const expression of dueAt(schedules, new Date(minute))) {
      fire(url, expression, minute).catch((error: unknown) => {
        tell(`cron "${expression}" failed: ${error instanceof Error ? error.message : String(error)}`);
      });
    }
    waitForNextMinute();
  };
  waitForNextMinute();
  return () => clearTimeout(timer);
};
