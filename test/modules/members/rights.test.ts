/** What the gates of a booking learn of a plan, in the authorisation trip and beside it. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import {
  type BookingRights,
  bookingRights,
  bookingRightsOfUser,
  isCovered,
} from "../../../src/modules/members/index.ts";
import { ENDLESS } from "../../../src/modules/members/memberships/cycles.ts";
import { memberships } from "../../../src/modules/members/memberships/tables.ts";
import { plans } from "../../../src/modules/members/plans/tables.ts";
import { readTogether } from "../../../src/platform/db/ready.ts";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { newId } from "../../../src/platform/ids.ts";
import { DAY } from "../../../src/platform/time.ts";
import { makeSpace, makeTwoSpaces, type Person, type TestSpace } from "../../support/space.ts";

const stamps = { version: 1, created_at: 1, updated_at: 1 };

async function planIn(store: SpaceStore, more: Partial<typeof plans.$inferInsert> = {}): Promise<string> {
  const id = newId();
  await store.db.insert(plans).values(
    store.row({
      id,
      name: id,
      name_key: id,
      plan_type: "standard" as const,
      price_minor: 9_900,
      setup_fee_minor: 0,
      early_termination_fee_minor: 0,
      currency: "EUR",
      billing_cycle: "monthly" as const,
      contract_months: 0,
      excluded_equipment_ids: [],
      cancellation_hours: 24,
      priority: 0,
      trial_days: 0,
      grace_days: 0,
      auto_renew: true,
      visibility: "public" as const,
      requires_approval: false,
      features: [],
      status: "active" as const,
      ...stamps,
      ...more,
    }),
  );
  return id;
}

const from = Date.UTC(2026, 10, 22);

const membershipIn = async (
  store: SpaceStore,
  member_id: string,
  plan_id: string,
  more: Partial<typeof memberships.$inferInsert> = {},
): Promise<string> => {
  const id = newId();
  await store.db.insert(memberships).values(
    store.row({
      id,
      member_id,
      plan_id,
      status: "active" as const,
      starts_at: from,
      ends_at: from + 30 * DAY,
      lapses_at: from + 33 * DAY,
      billing_cycle: "monthly" as const,
      anchor_on: "2026-11-22",
      is_trial: false,
      auto_renew: true,
      paid_from: from,
      paid_minor: 9_900,
      currency: "EUR",
      ...stamps,
      ...more,
    }),
  );
  return id;
};

const rightsOf = async (space: TestSpace, person: Person): Promise<(BookingRights | null)[]> => {
  const values = { user_id: person.sub, member_id: person.member.id };
  const { member } = person;
  const store = new SpaceStore(space.id, "000");
  const user_id = member.user_id ?? "";
  const rows = await readTogether(store, [bookingRightsOfUser.build, bookingRights.build], { ...values, user_id });
  return [bookingRightsOfUser.read(rows[0]), bookingRights.read(rows[1])];
};

describe("booking rights", () => {
  it("are the current membership with the limits of its plan, asked by person or by member", async () => {
    const space = await makeSpace();
    const [ada, ben] = [await space.person(), await space.person()];
    const store = new SpaceStore(space.id, "000");
    const access_windows = { mon: [{ from: "09:00", to: "18:00" }] };
    const plan_id = await planIn(store, {
      access_windows,
      included_equipment_ids: ["a"],
      excluded_equipment_ids: ["b"],
      advance_days: 14,
      max_open_bookings: 3,
      minutes_per_cycle: 600,
      priority: 5,
    });
    await membershipIn(store, ada.member.id, plan_id, { status: "expired" });
    const membership_id = await membershipIn(store, ada.member.id, plan_id);
    const expected = {
      membership_id,
      plan_id,
      status: "active",
      period: { from, to: from + 30 * DAY },
      lapses_at: from + 33 * DAY,
      renews: true,
      billing_cycle: "monthly",
      anchor_on: "2026-11-22",
      anchor_at: from,
      stretched: null,
      advance_days: 14,
      max_duration_minutes: null,
      max_open_bookings: 3,
      minutes_per_cycle: 600,
      cancellation_hours: 24,
      priority: 5,
      access_windows,
      included_equipment_ids: ["a"],
      excluded_equipment_ids: ["b"],
    };
    expect(await rightsOf(space, ada)).toEqual([expected, expected]);
    expect(await rightsOf(space, ben)).toEqual([null, null]);
  });

  it("end with the period and its days of grace, unless the membership renews by itself", () => {
    const rights = { status: "active", period: { from, to: from + DAY }, lapses_at: from + 3 * DAY, renews: false };
    const covered = (more: object, begin: number, end: number) =>
      isCovered({ ...rights, ...more } as BookingRights, { from: begin, to: end });
    expect(covered({}, from, from + 3 * DAY)).toBe(true);
    expect(covered({}, from - 1, from + DAY)).toBe(false);
    expect(covered({}, from, from + 3 * DAY + 1)).toBe(false);
    expect(covered({ renews: true }, from, from + 99 * DAY)).toBe(true);
    expect(covered({ lapses_at: null }, from, ENDLESS)).toBe(true);
    expect(covered({ status: "paused" }, from, from + DAY)).toBe(false);
  });
});

describe("the database", () => {
  it("lets a member have one current membership, and a plan no more than its places", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [ada, ben, eve] = [await home.person(), await home.person(), await abroad.person()];
    const store = new SpaceStore(home.id, "000");
    const plan_id = await planIn(store, { max_members: 1 });
    const failure = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => "nothing",
        (error: Error) => String((error.cause as Error | undefined)?.message ?? error.message),
      );
    const id = await membershipIn(store, ada.member.id, plan_id);
    const other = await planIn(store);
    expect(await failure(membershipIn(store, ada.member.id, other, { status: "paused", paused_at: 1 }))).toMatch(
      /UNIQUE constraint failed: memberships.makerspace_id, memberships.member_id/,
    );
    expect(await failure(membershipIn(store, ben.member.id, plan_id))).toMatch(/expect:plan_full/);
    const set = (change: string) =>
      env.DB_000.prepare(`UPDATE memberships SET ${change} WHERE makerspace_id = ? AND id = ?`).bind(home.id, id).run();
    await set("status = 'paused', paused_at = 1");
    expect(await failure(membershipIn(store, ben.member.id, plan_id))).toMatch(/expect:plan_full/);
    await set("status = 'expired', paused_at = NULL");
    await membershipIn(store, ben.member.id, plan_id);
    expect(await failure(set("status = 'active'"))).toMatch(/expect:plan_full/);
    const archived = await planIn(store, { status: "archived" });
    expect(await failure(membershipIn(store, ada.member.id, archived))).toMatch(/expect:plan_unavailable/);
    expect(await failure(set(`plan_id = '${other}'`))).toMatch(/keeps its plan/);
    expect(await failure(env.DB_000.prepare("DELETE FROM memberships WHERE id = ?").bind(id).run())).toMatch(/kept/);
    // Another makerspace's plan and member are nothing here.
    expect(await failure(membershipIn(store, eve.member.id, other))).toMatch(/FOREIGN KEY/);
    const theirs = await planIn(new SpaceStore(abroad.id, "000"));
    expect(await failure(membershipIn(store, ada.member.id, theirs))).toMatch(/FOREIGN KEY/);
  });
});
