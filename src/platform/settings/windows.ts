/** Weekly windows over the wire: opening hours, and the access windows of plans. */

import { z } from "@hono/zod-openapi";
import { sinceMidnight } from "./hours.ts";

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be HH:MM");

const Window = z
  .strictObject({
    from: clock.openapi({ example: "09:00" }),
    to: z
      .string()
      .regex(/^(([01]\d|2[0-3]):[0-5]\d|24:00)$/, "must be HH:MM, at most 24:00")
      .openapi({ example: "18:00" }),
  })
  .refine(({ from, to }) => sinceMidnight(from) < sinceMidnight(to), "must end after it starts")
  .openapi("DayWindow");

const WINDOWS_PER_DAY = 8;

/** What is open on one day; empty: closed. */
export const DayWindows = z
  .array(Window)
  .max(WINDOWS_PER_DAY)
  .refine(
    (windows) =>
      windows.every((window, index) => {
        const before = windows[index - 1];
        return before === undefined || sinceMidnight(before.to) <= sinceMidnight(window.from);
      }),
    "must be sorted and must not overlap",
  );

const day = DayWindows.optional();

/** Windows by weekday on the makerspace's wall clock. A day that is missing is closed; over midnight: until 24:00 and on from 00:00. */
export const WeeklyWindows = z
  .strictObject({ mon: day, tue: day, wed: day, thu: day, fri: day, sat: day, sun: day })
  .openapi("WeeklyWindows", {
    description:
      "Wall clock of the makerspace's zone. A day that is missing is closed; over midnight, end at 24:00 and go on at 00:00.",
    example: { mon: [{ from: "09:00", to: "18:00" }], sat: [{ from: "10:00", to: "24:00" }] },
  });

/** The same, or null for "always". */
export const WeeklyWindowsOrNull = WeeklyWindows.nullable().openapi("WeeklyWindowsOrNull");
