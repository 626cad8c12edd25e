/** What machines cost: rules and their versions, estimates, and the price that a booking keeps. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { faulty, through } from "../../support/faults.ts";
import { onPlan } from "../../support/plans.ts";
import { addRule, estimated, euro, hourly, priced, rulesOf } from "../../support/prices.ts";
import { rowsReadIn } from "../../support/reads.ts";
import { iso, makeSpace, makeTwoSpaces, type Person, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { CostRule, Equipment, Reservation } from "../../support/wire.ts";

let space: TestSpace;
let ada: Person;
beforeAll(async () => {
  space = await makeSpace();
  ada = await space.as("user");
});

describe("cost rules", () => {
  it("are made, listed, changed with If-Match and archived, each change a version of the price", async () => {
    const machine = await space.machine();
    const made = await addRule(space, machine, hourly(1_000, { name: "Day", priority: 5 }));
    expect(made).toMatchObject({ status: "active", rule_type: "hourly", amount: euro(1_000), priority: 5, version: 1 });
    const path = rulesOf(space, machine, `/${made.id}`);
    expect(await space.root.get<CostRule>(path)).toEqual(made);
    const send = (headers: Record<string, string>, body: object) =>
      space.root.send<CostRule>("PATCH", path, { body, headers });
    expect((await send({}, { priority: 1 })).status).toBe(428);
    expect((await send({ "if-match": '"9"' }, { priority: 1 })).problem?.code).toBe("stale_version");
    const changed = await send({ "if-match": '"1"' }, { amount: euro(2_000) });
    expect(changed.body).toMatchObject({ amount: euro(2_000), priority: 5, version: 2 });
    expect((await estimated(space, ada.api, machine, slotIn(24))).price_version).toBe(2);
    await space.root.delete(path);
    expect(await estimated(space, ada.api, machine, slotIn(24))).toMatchObject({
      lines: [],
      total: euro(0),
      price_version: 0,
    });
    expect((await space.root.get<{ data: CostRule[] }>(rulesOf(space, machine))).data).toEqual([]);
    const all = await space.root.get<{ data: CostRule[] }>(rulesOf(space, machine, "?status=archived&status=active"));
    expect(all.data.map(({ id, status }) => [id, status])).toEqual([[made.id, "archived"]]);
  });

  it("say what is wrong with them", async () => {
    const machine = await space.machine();
    const refused: [object, string][] = [
      [{ rule_type: "hourly" }, "/amount"],
      [{ rule_type: "hourly", percent: -10 }, "/percent"],
      [hourly(100, { tiers: [{ after_minutes: 5, amount: euro(1) }] }), "/tiers"],
      [{ rule_type: "tiered", amount: euro(1) }, "/tiers"],
      [{ rule_type: "time_of_day", amount: euro(1) }, "/hours"],
      [{ rule_type: "weekday", amount: euro(1) }, "/weekdays"],
      [{ rule_type: "plan", percent: -10 }, "/plan_ids"],
      [{ rule_type: "skill", percent: -10 }, "/skill_id"],
      [{ rule_type: "flat", amount: euro(1), weekdays: ["mon"] }, "/hours"],
      [{ ...hourly(1), valid_from: iso(2_000_000_000_000), valid_to: iso(1_900_000_000_000) }, "/valid_to"],
      [{ rule_type: "hourly", amount: { amount_minor: 1, currency: "INR" } }, "/amount/currency"],
    ];
    for (const [body, pointer] of refused) {
      const answer = await space.root.send("POST", rulesOf(space, machine), { body });
      expect([answer.status, answer.problem?.errors?.map((error) => error.pointer)], JSON.stringify(body)).toEqual([
        422,
        expect.arrayContaining([pointer]),
      ]);
    }
    const nowhere = { rule_type: "skill", percent: 5, skill_id: crypto.randomUUID() };
    expect((await space.root.send("POST", rulesOf(space, machine), { body: nowhere })).problem?.code).toBe(
      "unknown_reference",
    );
  });

  it("are the business of whoever is named for it, in their own makerspace", async () => {
    const machine = await priced(space);
    const treasurer = await space.as("treasurer");
    await treasurer.api.post<CostRule>(rulesOf(space, machine), hourly(1));
    for (const who of ["user", "desk", "trainer"] as const) {
      const answer = await (await space.as(who)).api.send("POST", rulesOf(space, machine), { body: hourly(1) });
      expect([who, answer.status]).toEqual([who, 403]);
    }
    const { home, abroad } = await makeTwoSpaces();
    const theirs = await abroad.machine();
    const admin = await home.as("makerspace_admin");
    const across = home.path(`/equipment/${theirs.id}`);
    expect((await admin.api.send("POST", `${across}/cost_rules`, { body: hourly(1) })).status).toBe(404);
    expect((await admin.api.send("POST", `${across}/estimate`, { body: slotIn(24) })).status).toBe(404);
  });

  it("of many who change at once are all in the newest version, and no machine has more than a hundred", async () => {
    const machine = await space.machine();
    await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        addRule(space, machine, { rule_type: "flat", amount: euro(100 + at), priority: at }),
      ),
    );
    const versions = await env.DB_000.prepare(
      "SELECT version, json_array_length(body, '$.rules') AS rules FROM price_versions WHERE equipment_id = ? ORDER BY version",
    )
      .bind(machine.id)
      .all();
    expect(versions.results).toEqual(Array.from({ length: 12 }, (_, at) => ({ version: at + 1, rules: at + 1 })));
    const copy = env.DB_000.prepare(
      "INSERT INTO cost_rules SELECT makerspace_id, id || ?1, equipment_id, name, status, rule_type, priority, amount_minor, currency, percent, tiers, hours, weekdays, plan_ids, skill_id, min_level, member_ids, project_ids, valid_from, valid_to, version, created_at, updated_at FROM cost_rules WHERE equipment_id = ?2 LIMIT 8",
    );
    for (let batch = 0; batch < 11; batch += 1) await copy.bind(`-${batch}`, machine.id).run();
    expect((await space.root.send("POST", rulesOf(space, machine), { body: hourly(1) })).problem?.code).toBe(
      "too_many_cost_rules",
    );
  });
});

describe("an estimate", () => {
  it("is line by line, for oneself, and for others by staff", async () => {
    const { member } = ada;
    const ben = await space.person();
    const plan = await onPlan(space, ada);
    const { plan_id } = (await env.DB_000.prepare("SELECT plan_id FROM memberships WHERE id = ?")
      .bind(plan)
      .first<{ plan_id: string }>()) ?? { plan_id: "" };
    const machine = await priced(space);
    await addRule(space, machine, { rule_type: "plan", percent: -20, plan_ids: [plan_id] });
    await addRule(space, machine, { rule_type: "deposit", amount: euro(5_000) });
    const body = slotIn(24, 90);
    const mine = await estimated(space, ada.api, machine, body);
    expect(mine).toMatchObject({ total: euro(1_200), deposit: euro(5_000) });
    expect(mine.lines.map(({ rule_type, minutes, amount }) => [rule_type, minutes, amount.amount_minor])).toEqual([
      ["hourly", 90, 1_500],
      ["plan", null, -300],
    ]);
    expect((await estimated(space, ben.api, machine, body)).total).toEqual(euro(1_500));
    const desk = await space.as("desk");
    expect((await estimated(space, desk.api, machine, { ...body, member_id: member.id })).total).toEqual(euro(1_200));
    expect((await estimated(space, space.root, machine, body)).total).toEqual(euro(1_500));
    const nosy = await ben.api.send("POST", space.path(`/equipment/${machine.id}/estimate`), {
      body: { ...body, member_id: member.id },
    });
    expect(nosy.status).toBe(403);
  });

  it("counts the machine's own rate and deposit, which every rule goes before", async () => {
    const machine = await space.machine({}, { hourly_rate: euro(800), deposit_required: euro(100) });
    expect(await estimated(space, ada.api, machine, slotIn(24))).toMatchObject({
      total: euro(800),
      deposit: euro(100),
    });
    await addRule(space, machine, hourly(500, { priority: -100 }));
    expect((await estimated(space, ada.api, machine, slotIn(24))).total).toEqual(euro(500));
    const other = { hourly_rate: { amount_minor: 1, currency: "INR" }, deposit_required: null };
    const answer = await space.root.send("PATCH", space.path(`/equipment/${machine.id}`), { body: other });
    expect(answer.problem?.code).toBe("currency_mismatch");
  });
});

describe("the price of a booking", () => {
  it("is kept as it was made, also when it moves, while new bookings have the new price", async () => {
    const machine = await space.machine();
    const rule = await addRule(space, machine, hourly(1_000));
    const old = await space.booked(ada.api, machine, slotIn(24));
    expect(old.price).toMatchObject({ total: euro(1_000), price_version: 1, bill_by: "reserved" });
    await space.root.must("PATCH", rulesOf(space, machine, `/${rule.id}`), {
      body: { amount: euro(9_000) },
      headers: { "if-match": '"1"' },
    });
    expect((await space.booked(ada.api, machine, slotIn(48))).price).toMatchObject({
      total: euro(9_000),
      price_version: 2,
    });
    const longer = slotIn(24, 120);
    const moved = await ada.api.must<Reservation>("PATCH", space.bookings(machine, `/${old.id}`), {
      body: { ends_at: longer.ends_at },
      headers: { "if-match": `"${old.version}"` },
    });
    expect(moved.price).toMatchObject({ total: euro(2_000), price_version: 1 });
    const row = () =>
      env.DB_000.prepare("SELECT price ->> '$.total_minor' AS total FROM reservations WHERE id = ?")
        .bind(old.id)
        .first<{ total: number }>();
    await until("the row", async () => (await row())?.total === 2_000);
    const stranger = await space.person();
    expect((await stranger.api.get<Reservation>(space.bookings(machine, `/${old.id}`))).price).toBeNull();
  });

  it("costs a booking no trip to D1, and no row where a machine costs nothing", async () => {
    const [free, dear] = [await space.machine(), await priced(space)];
    const rows = (machine: Equipment) =>
      rowsReadIn(ada.api, (by) => space.booked(by, machine, slotIn(24)), /price_versions/);
    expect(await rows(free)).toBe(0);
    expect(await rows(dear)).toBeGreaterThan(0);
    const trips = async (machine: Equipment): Promise<number> => {
      let count = 0;
      const DB_000 = faulty(env.DB_000, {
        before: () => {
          count += 1;
        },
      });
      await space.booked(ada.api.by(through({ DB_000 })), machine, slotIn(48));
      return count;
    };
    await trips(free);
    expect(await trips(dear)).toBe(await trips(await space.machine()));
  });

  it("is that of the version which the transaction of the booking saw, however rules change meanwhile", async () => {
    const machine = await priced(space);
    const rule = (await space.root.get<{ data: CostRule[] }>(rulesOf(space, machine))).data[0];
    const change = space.root.must("PATCH", rulesOf(space, machine, `/${rule?.id}`), {
      body: { amount: euro(7_000) },
      headers: { "if-match": '"1"' },
    });
    const booked = await Promise.all(
      Array.from({ length: 8 }, (_, at) => space.booked(ada.api, machine, slotIn(24 + at))),
    );
    await change;
    for (const { price } of booked) expect(price?.total.amount_minor).toBe(price?.price_version === 1 ? 1_000 : 7_000);
  });
});
