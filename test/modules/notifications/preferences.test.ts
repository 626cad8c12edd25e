/** What members want to be told. */

import { describe, expect, it } from "vitest";
import {
  channelsFor,
  mailWaitsUntil,
  noPreferences,
  type Preferences,
} from "../../../src/modules/notifications/model.ts";
import { makeScene } from "../../support/scene.ts";
import { makeSpace, slotIn, until } from "../../support/space.ts";
import type { Notification, NotificationPreferences } from "../../support/wire.ts";

const at = (text: string): number => Date.parse(text);
const wants = (more: Partial<Preferences>): Preferences => ({ ...noPreferences, ...more });

describe("preferences", () => {
  it("start from the catalogue, merge by category and type, and are taken back by null", async () => {
    const space = await makeSpace();
    const { api } = await space.person();
    const path = space.path("/members/me/notification_preferences");
    const initial = await api.get<NotificationPreferences>(path);
    expect(initial).toMatchObject({ quiet_hours: null, digest: "off", timezone: "Europe/Berlin", version: 0 });
    const of = ({ types }: NotificationPreferences, name: string) => types.find(({ type }) => type === name);
    expect(of(initial, "reservation.created")).toMatchObject({ in_app: true, email: false, own: false });
    expect(of(initial, "equipment.down")).toMatchObject({ in_app: true, email: true, urgent: true });
    const changed = await api.patch<NotificationPreferences>(path, {
      categories: [{ category: "booking", email: false }],
      types: [{ type: "reservation.created", in_app: false, email: true }],
      quiet_hours: { from: "22:00", to: "07:00" },
      digest: "weekly",
    });
    expect(of(changed, "reservation.created")).toMatchObject({ in_app: false, email: true, own: true });
    expect(of(changed, "reservation.approved")).toMatchObject({ in_app: true, email: false, own: false });
    const kept = await api.patch<NotificationPreferences>(path, {
      types: [{ type: "reservation.created", in_app: null, email: null }],
      quiet_hours: null,
    });
    expect(of(kept, "reservation.created")).toMatchObject({ in_app: true, email: false, own: false });
    expect(kept).toMatchObject({ quiet_hours: null, digest: "weekly", version: 2 });
    expect(await api.get(path)).toEqual(kept);
  });

  it("refuse stale versions, and what must stay in the inbox", async () => {
    const space = await makeSpace();
    const { api } = await space.person();
    const path = space.path("/members/me/notification_preferences");
    await api.patch(path, { digest: "daily" }, 0);
    expect((await api.refused("PATCH", path, { body: { digest: "off" }, if_match: 0 })).code).toBe("stale_version");
    const body = { types: [{ type: "projection.orphans_found", in_app: false }] };
    expect((await api.refused("PATCH", path, { body })).errors?.[0]?.pointer).toBe("/types/0/in_app");
    expect((await space.root.refused("GET", path)).code).toBe("forbidden");
  });

  it("of ten changes at once lose none silently", async () => {
    const space = await makeSpace();
    const { api } = await space.person();
    const path = space.path("/members/me/notification_preferences");
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => api.send("PATCH", path, { body: { digest: "daily" }, if_match: 0 })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(9).fill(412)]);
  });

  it("keep a type out of the inbox", async () => {
    const { space, machine, ada, desk } = await makeScene();
    await ada.api.patch(space.path("/members/me/notification_preferences"), {
      types: [{ type: "reservation.created", in_app: false }],
    });
    const booked = await space.booked(desk.api, machine, { ...slotIn(24), member_id: ada.member.id });
    await space.step(desk.api, booked, "cancel");
    const told = await until("the cancellation", async () => {
      const found = await ada.api.all<Notification>(space.path("/notifications"));
      return found.length > 0 && found;
    });
    expect(told.map(({ type }) => type)).toEqual(["reservation.cancelled"]);
  });
});

describe("mail", () => {
  const quiet = wants({ quiet_hours: { from: "22:00", to: "07:00" } });
  const waits = (name: Parameters<typeof mailWaitsUntil>[0], now: string, preferences: Preferences, data = {}) => {
    const due = mailWaitsUntil(name, data, preferences, "Europe/Berlin", at(now));
    return due === null ? null : new Date(due).toISOString();
  };

  it("waits for the end of quiet hours on the member's wall clock, over midnight and over a change of clocks", () => {
    expect(waits("reservation.cancelled", "2026-11-22T20:59:00Z", quiet)).toBeNull();
    expect(waits("reservation.cancelled", "2026-11-22T21:00:00Z", quiet)).toBe("2026-11-23T06:00:00.000Z");
    expect(waits("reservation.cancelled", "2026-11-23T05:59:59Z", quiet)).toBe("2026-11-23T06:00:00.000Z");
    expect(waits("reservation.cancelled", "2026-11-23T06:00:00Z", quiet)).toBeNull();
    // Clocks go back in this night: seven o'clock is an hour later.
    expect(waits("reservation.cancelled", "2026-10-24T21:00:00Z", quiet)).toBe("2026-10-25T06:00:00.000Z");
    const noon = wants({ quiet_hours: { from: "12:00", to: "14:00" } });
    expect(waits("reservation.cancelled", "2026-11-22T12:30:00Z", noon)).toBe("2026-11-22T13:00:00.000Z");
  });

  it("waits neither for quiet hours nor for a digest when a machine is down, a session overruns, or it starts within two hours", () => {
    const both = wants({ quiet_hours: { from: "22:00", to: "07:00" }, digest: "daily" });
    const night = "2026-11-22T23:00:00Z";
    expect(waits("equipment.down", night, both)).toBeNull();
    expect(waits("session.overrun", night, both)).toBeNull();
    // Nor for what is offered from a waitlist, and for what somebody may be hurt by.
    for (const type of ["offer.assigned", "fault_report.unsafe", "session.of_suspended"] as const)
      expect(waits(type, night, both)).toBeNull();
    expect(waits("reservation.cancelled", night, both, { starts_at: at("2026-11-23T01:00:00Z") })).toBeNull();
    expect(waits("reservation.cancelled", night, both, { starts_at: at("2026-11-23T01:00:01Z") })).not.toBeNull();
    expect(waits("reservation.cancelled", night, both, { starts_at: at("2026-11-22T22:00:00Z") })).not.toBeNull();
  });

  it("waits for a digest at eight, daily or on Monday, and past quiet hours that last longer", () => {
    const sunday = "2026-11-22T12:00:00Z";
    expect(waits("reservation.cancelled", sunday, wants({ digest: "daily" }))).toBe("2026-11-23T07:00:00.000Z");
    expect(waits("reservation.cancelled", "2026-11-23T07:00:00Z", wants({ digest: "weekly" }))).toBe(
      "2026-11-30T07:00:00.000Z",
    );
    const late = wants({ digest: "daily", quiet_hours: { from: "22:00", to: "10:00" } });
    expect(waits("reservation.cancelled", sunday, late)).toBe("2026-11-23T09:00:00.000Z");
  });

  it("goes by what was said of the type, else of the category, else by the catalogue", () => {
    const said = wants({
      categories: { booking: { email: false } },
      types: { "reservation.rejected": { email: true } },
    });
    expect(channelsFor("reservation.cancelled", noPreferences).email).toBe(true);
    expect(channelsFor("reservation.cancelled", said)).toEqual({ in_app: true, email: false });
    expect(channelsFor("reservation.rejected", said)).toEqual({ in_app: true, email: true });
    expect(channelsFor("projection.orphans_found", wants({ categories: { system: { in_app: false } } })).in_app).toBe(
      true,
    );
  });
});
