/** Cron tasks by schedule. A task never works on makerspaces itself: it enqueues one message for each. Running twice changes nothing. */

import { describeError, log } from "./log.ts";
import { DAY, MINUTE } from "./time.ts";

/** The schedules of wrangler.toml. */
export const schedules = { minute: "* * * * *", quarter: "*/15 * * * *", night: "17 2 * * *" } as const;

/** From one tick of a schedule to the next, in milliseconds. */
export const periods = { minute: MINUTE, quarter: 15 * MINUTE, night: DAY } as const satisfies Record<
  keyof typeof schedules,
  number
>;

export interface CronTask {
  name: string;
  schedule: keyof typeof schedules;
  /** @returns how many things it touched, for the log. */
  run(now: number): Promise<number>;
}

/** Runs the tasks of a schedule; one that fails does not keep the others from running. */
export async function runCron(
  tasks: readonly CronTask[],
  cron: string,
  now: number,
  request_id: string,
): Promise<void> {
  const due = tasks.filter((task) => schedules[task.schedule] === cron);
  if (due.length === 0) log.warn("cron_unknown", { cron });
  await Promise.all(
    due.map(async (task) => {
      try {
        const touched = await task.run(now);
        if (touched > 0) log.info("cron_ran", { task: task.name, touched, request_id });
      } catch (error) {
        log.error("cron_failed", { task: task.name, request_id, error: describeError(error) });
      }
    }),
  );
}
