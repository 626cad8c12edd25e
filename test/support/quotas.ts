/** What settings say of how much a member may book: each with its effect. */

import { expect } from "vitest";
import { MINUTE } from "../../src/platform/time.ts";
import { codes, makeScene, shiftClock } from "./scene.ts";
import { slotIn, type TestSpace, until } from "./space.ts";

type Set = (space: TestSpace, section: string, values: object) => Promise<void>;

/** Setting → what it changes. */
export const quotaBehaviour = (set: Set): Record<string, () => Promise<void>> => ({
  "access.member_quotas": async () => {
    const { space, machine, ada } = await makeScene();
    const none = { minutes_per_day: null, minutes_per_week: null, minutes_per_month: null };
    await space.booked(ada.api, machine, slotIn(24));
    await set(space, "access", { member_quotas: { open_bookings: 1, ...none } });
    expect(codes(await space.book(ada.api, machine, slotIn(26)))).toEqual(["quota_open_bookings"]);
    await set(space, "access", { member_quotas: { open_bookings: 2, ...none } });
    expect((await space.book(ada.api, machine, slotIn(26))).status).toBe(201);
  },
  "access.no_show_cool_down": async () => {
    const { space, machine, ada } = await makeScene({ check_in: "required", grace_minutes: 10 });
    const booking = await space.booked(ada.api, machine, slotIn(1));
    await shiftClock(space, machine, Date.parse(booking.starts_at) - Date.now() + 11 * MINUTE);
    expect((await space.book(ada.api, machine, slotIn(24))).status).toBe(201);
    await set(space, "access", { no_show_cool_down: { after: 1, within_days: 30, days: 7 } });
    await until("the list", async () => codes(await space.book(ada.api, machine, slotIn(48))).includes("cool_down"));
  },
});
