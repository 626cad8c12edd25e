/** Memberships: each step with its transaction, each race with one winner. */

import { afterEach, describe, expect, it, vi } from "vitest";
import {
  type MembershipState,
  type MembershipStep,
  mayTake,
  membershipStates,
  membershipTransitions,
} from "../../../src/modules/members/memberships/model.ts";
import { newId } from "../../../src/platform/ids.ts";
import { DAY } from "../../../src/platform/time.ts";
import { deliver } from "../../support/background.ts";
import { clockwork, makeClub } from "../../support/club.ts";
import { iso, type Person } from "../../support/space.ts";
import type { Membership, Plan } from "../../support/wire.ts";

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const codesOf = (answers: readonly { status: number; problem: { code: string } | null }[]): string[] =>
  answers.map(({ status, problem }) => problem?.code ?? String(status)).sort();

describe("the table of transitions", () => {
  it("leads where it says, and nowhere else", () => {
    const steps = Object.keys(membershipTransitions) as MembershipStep[];
    const allowed = steps.flatMap((step) =>
      membershipStates.filter((state) => mayTake(step, state)).map((state) => `${state} ${step}`),
    );
    expect(allowed.sort()).toEqual(
      [
        ...["pending approve", "pending decline", "pending cancel"],
        ...["active renew", "active change", "active plan_ahead", "active continue", "active pause", "active cancel"],
        ...["active expire", "paused resume", "paused cancel", "expired renew"],
      ].sort(),
    );
  });

  it("is kept over HTTP: every step from every state", async () => {
    const { space, plan, join, step, at } = await makeClub();
    const [a, other] = [await plan(1_000), await plan(2_000)];
    const gated = await plan(1_000, { requires_approval: true });
    const bodies: Record<string, object> = {
      approve: {},
      decline: { reason: "No" },
      renew: {},
      change_plan: { plan_id: other.id, when: "now" },
      continue: {},
      pause: {},
      resume: {},
      cancel: { when: "now" },
    };
    const named: Record<string, MembershipStep> = { change_plan: "change" };
    const reach: Record<MembershipState, (person: Person) => Promise<Membership>> = {
      pending: (person) =>
        person.api.post(space.path(`/members/${person.member.id}/memberships`), { plan_id: gated.id }),
      active: (person) => join(person, a),
      paused: async (person) => step(await join(person, a), "pause"),
      expired: async (person) => {
        const row = await join(person, a);
        await clockwork(space, row.ends_at ?? "");
        return row;
      },
      cancelled: async (person) => step(await join(person, a), "cancel", { when: "now" }),
      changed: async (person) => {
        const row = await join(person, a);
        await step(row, "change_plan", { plan_id: other.id, when: "now" });
        return row;
      },
      declined: async (person) => {
        const row = await reach.pending(person);
        return step(row, "decline", { reason: "No" });
      },
    };
    for (const state of membershipStates) {
      for (const [name, body] of Object.entries(bodies)) {
        const row = await reach[state](await space.person());
        const answer = await space.root.send<Membership>("POST", at(row, `/${name}`), { body });
        const due = mayTake(named[name] ?? (name as MembershipStep), state) && name !== "continue";
        const told = `${name} from ${state}: ${answer.status} ${answer.problem?.code}`;
        expect(answer.status, told).toBe(due ? 200 : 409);
        if (!due) expect(answer.problem?.code, told).toBe("illegal_transition");
      }
    }
  }, 120_000);
});

describe("joining", () => {
  it("begins a period on the wall clock, states what is due, and is answered once under its key", async () => {
    const { space, ada, plan, own, transactions, read } = await makeClub({ timezone: "Asia/Kolkata", currency: "INR" });
    const maker = await plan(9_900, { setup_fee_minor: 500, grace_days: 3, contract_months: 12 });
    // 20:00 UTC is half past one on the next day there.
    const now = Date.parse("2026-11-21T20:00:00Z");
    const options = { body: { plan_id: maker.id, starts_at: iso(now) }, key: "join-1" };
    const answer = await space.root.send<Membership>("POST", own(ada), options);
    expect(answer.status).toBe(201);
    const row = answer.body as Membership;
    expect(answer.headers.get("location")).toBe(space.path(`/memberships/${row.id}`));
    expect(row).toMatchObject({
      member_id: ada.member.id,
      plan_id: maker.id,
      status: "active",
      starts_at: "2026-11-21T20:00:00.000Z",
      ends_at: "2026-12-21T18:30:00.000Z",
      lapses_at: "2026-12-24T18:30:00.000Z",
      contract_ends_at: "2027-11-21T18:30:00.000Z",
      is_trial: false,
      version: 1,
    });
    expect(await read(row)).toEqual(row);
    const again = await space.root.send<Membership>("POST", own(ada), options);
    expect([again.headers.get("idempotency-replayed"), again.body]).toEqual(["true", row]);
    expect((await space.root.refused("POST", own(ada), { body: { plan_id: maker.id }, key: null })).code).toBe(
      "idempotency_key_missing",
    );
    const [joined, ...rest] = await transactions(`member_id=${ada.member.id}`);
    expect(rest).toEqual([]);
    expect(joined).toMatchObject({
      membership_id: row.id,
      kind: "join",
      amount: { amount_minor: 10_400, currency: "INR" },
      breakdown: { price_minor: 9_900, setup_fee_minor: 500, discount_minor: 0, credit_minor: 0 },
      payment_status: "due",
      period_from: row.starts_at,
      period_to: row.ends_at,
    });
  });

  it("takes discounts off the first price, by code or for everybody, rounded half up, also where there are no cents", async () => {
    const { space, plan, own, transactions } = await makeClub({ currency: "JPY" });
    const coded = await plan(1_005, { promo: { code: "HALF", percent_basis_points: 5_000 } });
    const open = await plan(1_000, { promo: { amount_minor: 300 } });
    const over = await plan(1_000, { promo: { amount_minor: 300, ends_at: "2020-01-01T00:00:00Z" } });
    const paid = async (target: Plan, more: object = {}): Promise<number | string> => {
      const person = await space.person();
      const answer = await space.root.send<Membership>("POST", own(person), { body: { plan_id: target.id, ...more } });
      if (answer.problem) return answer.problem.code;
      const [first] = await transactions(`member_id=${person.member.id}`);
      return first?.amount.amount_minor ?? Number.NaN;
    };
    expect(await paid(coded)).toBe(1_005);
    // Half of 1,005 is 502.5; the discount is 503.
    expect(await paid(coded, { promo_code: " half " })).toBe(502);
    expect(await paid(coded, { promo_code: "OTHER" })).toBe("promo_invalid");
    expect(await paid(open)).toBe(700);
    expect(await paid(over)).toBe(1_000);
    expect(await paid(over, { promo_code: "HALF" })).toBe("promo_invalid");
  });

  it("is for members themselves on public plans, now, as they are", async () => {
    const { space, ada, plan, own } = await makeClub();
    const ben = await space.person();
    const [open, secret] = [await plan(100), await plan(100, { visibility: "staff" })];
    const code = async (path: string, body: object) => (await ada.api.refused("POST", path, { body })).code;
    expect(await code(own(ben), { plan_id: open.id })).toBe("not_found");
    expect(await code(own(ada), { plan_id: secret.id })).toBe("unknown_reference");
    expect(await code(own(ada), { plan_id: crypto.randomUUID() })).toBe("unknown_reference");
    expect(await code(own(ada), { plan_id: open.id, starts_at: iso(Date.now() + DAY) })).toBe("forbidden");
    const soon = await plan(100, { valid_from: "2090-01-01T00:00:00Z" });
    expect(await code(own(ada), { plan_id: soon.id })).toBe("plan_unavailable");
    const row = await ada.api.post<Membership>(own(ada), { plan_id: open.id, auto_renew: true });
    expect(row).toMatchObject({ status: "active", auto_renew: true });
    expect(await code(own(ada), { plan_id: open.id })).toBe("membership_exists");
    await space.root.post(space.path(`/members/${ben.member.id}/suspend`), { reason: "Unpaid" });
    const refused = await space.root.refused("POST", own(ben), { body: { plan_id: open.id } });
    expect([refused.code, refused.current_status]).toEqual(["illegal_transition", "suspended"]);
  });

  it("begins with a trial; the setup fee waits for the first paid period, and is not paid again", async () => {
    const { space, ada, plan, join, step, amounts, read } = await makeClub();
    const maker = await plan(9_900, { trial_days: 14, setup_fee_minor: 500, auto_renew: true });
    const row = await join(ada, maker, { starts_at: "2026-11-22T10:00:00Z" });
    expect(row).toMatchObject({ is_trial: true, ends_at: "2026-12-05T23:00:00.000Z" });
    expect(await amounts(row)).toEqual([["join", 0]]);
    await clockwork(space, row.ends_at ?? "");
    expect(await read(row)).toMatchObject({ is_trial: false, ends_at: "2027-01-05T23:00:00.000Z", version: 2 });
    expect(await amounts(row)).toEqual([
      ["join", 0],
      ["renewal", 10_400],
    ]);
    await step(row, "cancel", { when: "now" });
    const second = await join(ada, maker);
    expect([second.is_trial, await amounts(second)]).toEqual([false, [["join", 9_900]]]);
  });

  it("where staff approve is an application: it costs nothing, takes no place, and begins when they say yes", async () => {
    const { space, ada, plan, own, step, at, amounts } = await makeClub();
    const club = await plan(9_900, { requires_approval: true, max_members: 1 });
    const row = await ada.api.post<Membership>(own(ada), { plan_id: club.id });
    expect(row).toMatchObject({ status: "pending", version: 1 });
    expect((await ada.api.refused("POST", own(ada), { body: { plan_id: club.id } })).code).toBe("membership_exists");
    expect((await ada.api.refused("POST", at(row, "/approve"), { body: {} })).code).toBe("forbidden");
    expect((await space.root.get<Plan>(space.path(`/plans/${club.id}`))).current_members).toBe(0);
    const desk = await space.as("desk");
    const begun = await desk.api.post<Membership>(at(row, "/approve"));
    expect(begun).toMatchObject({ id: row.id, status: "active", version: 2 });
    expect(await amounts(row)).toEqual([["join", 9_900]]);
    const ben = await space.person();
    const late = await ben.api.post<Membership>(own(ben), { plan_id: club.id });
    expect((await desk.api.refused("POST", at(late, "/approve"))).code).toBe("plan_full");
    expect(await step(late, "decline", { reason: "No place" })).toMatchObject({
      status: "declined",
      status_reason: "No place",
    });
    const other = await space.person();
    const waits = await other.api.post<Membership>(own(other), { plan_id: club.id });
    expect((await other.api.post<Membership>(at(waits, "/cancel"))).status).toBe("cancelled");
    expect(await amounts(waits)).toEqual([]);
  });

  it("comes with accepting an invite that names a plan", async () => {
    const { space, ada, plan, own } = await makeClub();
    const maker = await plan(9_900);
    const subject = { type: "invite", id: newId(), version: 2 };
    const data = { member_id: ada.member.id, plan_id: maker.id };
    const more = { actor_id: ada.member.id, request_id: newId(), occurred_at: Date.now() };
    const event = { id: newId(), type: "invite.accepted", v: 1, makerspace_id: space.id, subject, data, ...more };
    await deliver([event, event]);
    const rows = await ada.api.all<Membership>(own(ada));
    expect(rows.map(({ plan_id, status }) => [plan_id, status])).toEqual([[maker.id, "active"]]);
  });

  it("a plan with three places: fifty at once, three are in", async () => {
    const { space, plan, own } = await makeClub();
    const small = await plan(100, { max_members: 3 });
    const people = await Promise.all(Array.from({ length: 50 }, () => space.person()));
    const answers = await Promise.all(
      people.map((person) => person.api.send<Membership>("POST", own(person), { body: { plan_id: small.id } })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(codesOf(answers).filter((code) => code === "plan_full")).toHaveLength(47);
    expect((await space.root.get<Plan>(space.path(`/plans/${small.id}`))).current_members).toBe(3);
    // A place that becomes free is taken by one of those who want it.
    const [gone] = answers.flatMap(({ body }) => body ?? []);
    await space.root.post(space.path(`/memberships/${gone?.id}/cancel`), { when: "now" });
    const rest = people.filter((_, index) => answers[index]?.status !== 201).slice(0, 10);
    const again = await Promise.all(
      rest.map((person) => person.api.send("POST", own(person), { body: { plan_id: small.id } })),
    );
    expect(again.filter(({ status }) => status === 201)).toHaveLength(1);
  }, 60_000);

  it("one member on two plans at once: one of them, one amount", async () => {
    const { space, plan, own, transactions } = await makeClub();
    const [a, b] = [await plan(100), await plan(200)];
    for (let round = 0; round < 5; round += 1) {
      const person = await space.person();
      const wishes = [a, b, a, b].map(({ id }) => person.api.send("POST", own(person), { body: { plan_id: id } }));
      expect(codesOf(await Promise.all(wishes))).toEqual(["201", ...Array(3).fill("membership_exists")]);
      expect(await transactions(`member_id=${person.member.id}`)).toHaveLength(1);
    }
  });
});
