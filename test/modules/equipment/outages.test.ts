/** Machines taken out of service over HTTP: who is met, what becomes of them, and that no half of a move survives. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { openGates } from "../../../src/modules/equipment/model.ts";
import type { CommandCall } from "../../../src/modules/equipment/port.ts";
import { HOUR } from "../../../src/platform/time.ts";
import type { Page } from "../../support/api.ts";
import { makeScene, type Scene, shiftClock } from "../../support/scene.ts";
import { slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Equipment, Notification, Outage, OutagePlan, Reservation } from "../../support/wire.ts";

const outagesOf = (space: TestSpace, { id }: { id: string }): string => space.path(`/equipment/${id}/outages`);
const allDay = { starts_at: slotIn(20).starts_at, ends_at: slotIn(44).starts_at };

const read = async ({ space, desk }: Scene, { equipment_id, id }: Reservation): Promise<Reservation> =>
  desk.api.get<Reservation>(space.bookings({ id: equipment_id }, `/${id}`));

/** What somebody was told of one booking. */
const toldOf = (scene: Scene, who: Scene["ada"], type: string): Promise<Notification> =>
  until(type, async () => {
    const { data } = await who.api.get<Page<Notification>>(scene.space.path("/notifications"));
    return data.find((one) => one.type === type);
  });

describe("taking a machine out", () => {
  it("is for those who look after it, ends what is in the way, and tells why", async () => {
    const scene = await makeScene();
    const { space, machine, ada, ben, desk } = scene;
    const maintainer = await space.as("maintainer");
    const other = await space.machine();
    const elsewhere = await space.person({ duties: [{ duty: "maintainer", equipment_ids: [other.id] }] });
    const booked = await space.booked(ada.api, machine, slotIn(24));
    const body = { ...allDay, reason: "New tube", affected: "cancel" };
    for (const { api } of [ada, desk, elsewhere])
      expect((await api.send("POST", outagesOf(space, machine), { body })).status).toBe(403);
    const { status, body: outage } = await maintainer.api.send<Outage>("POST", outagesOf(space, machine), { body });
    expect([status, outage?.status, outage?.displaced, outage?.weekly]).toEqual([201, "open", 1, null]);
    expect(await read(scene, booked)).toMatchObject({
      status: "cancelled",
      cancelled_by: "outage",
      outage_id: outage?.id,
      note: "New tube",
      counted_minutes: 0,
    });
    expect((await toldOf(scene, ada, "reservation.cancelled")).subject.id).toBe(booked.id);
    const refused = await space.book(ben.api, machine, slotIn(30));
    expect([refused.status, refused.problem?.code, refused.problem?.reasons?.[0]?.code]).toEqual([
      409,
      "equipment_unavailable",
      "outage",
    ]);

    // Members see when, not who.
    const one = `${outagesOf(space, machine)}/${outage?.id}`;
    expect((await ben.api.get<Outage>(one)).created_by).toBeNull();
    expect((await maintainer.api.get<Outage>(one)).created_by).toBe(maintainer.member.id);
    const stale = await maintainer.api.send("PATCH", one, { body: { reason: "x" }, if_match: 9 });
    expect(stale.status).toBe(412);
    const shorter = await maintainer.api.patch<Outage>(one, { ends_at: slotIn(28).starts_at }, 1);
    expect([shorter.version, shorter.displaced]).toEqual([2, 0]);
    expect((await space.book(ben.api, machine, slotIn(30))).status).toBe(201);
    const longer = await maintainer.api.send<Outage>("PATCH", one, { body: { ends_at: allDay.ends_at }, if_match: 2 });
    expect(longer.body?.displaced).toBe(1);
    const backwards = { ends_at: slotIn(19).starts_at };
    expect((await maintainer.api.send("PATCH", one, { body: backwards, if_match: 3 })).status).toBe(422);
    expect((await ada.api.send("DELETE", one)).status).toBe(403);
    expect((await maintainer.api.send("DELETE", one)).status).toBe(204);
    expect((await maintainer.api.send("DELETE", one)).status).toBe(204);
    expect((await maintainer.api.get<Outage>(one)).status).toBe("lifted");
    expect((await maintainer.api.send("GET", `${outagesOf(space, machine)}/none`)).status).toBe(404);
  });

  it("shows first who is met, and then meets these or nobody", async () => {
    const scene = await makeScene();
    const { space, machine, ada, ben } = scene;
    const { api } = await space.as("maintainer");
    const first = await space.booked(ada.api, machine, slotIn(24));
    const body = { ...allDay, reason: "New tube", affected: "cancel" };
    const path = outagesOf(space, machine);
    const look = () => api.send<OutagePlan>("POST", `${path}?dry_run=true`, { body });
    const { status, body: plan } = await look();
    expect([status, plan?.affected.map((one) => [one.reservation_id, one.fate])]).toEqual([
      200,
      [[first.id, "cancel"]],
    ]);
    const inBody = await api.send<OutagePlan>("POST", path, { body: { ...body, dry_run: true } });
    expect(inBody.body?.affected).toEqual(plan?.affected);
    expect((await api.get<Page<Outage>>(path)).data).toEqual([]);

    const second = await space.booked(ben.api, machine, slotIn(26));
    const carryOut = (plan_token?: string, more = {}) =>
      api.send<Outage>("POST", path, { body: { ...body, ...more, plan_token } });
    const stale = await carryOut(plan?.plan_token);
    expect([stale.status, stale.problem?.code]).toEqual([409, "plan_stale"]);
    expect((await read(scene, first)).status).toBe("approved");
    const fresh = (await look()).body?.plan_token;
    // Of another time, or made up, it is no plan at all.
    expect((await carryOut(fresh, { ends_at: slotIn(43).starts_at })).problem?.code).toBe("plan_stale");
    expect((await carryOut("x")).problem?.code).toBe("plan_stale");
    expect((await carryOut(fresh)).body?.displaced).toBe(2);
    expect((await read(scene, second)).cancelled_by).toBe("outage");
  });

  it("moves those who agreed to a machine of the kind that they may use and that costs no more; the others are cancelled", async () => {
    const scene = await makeScene();
    const { space, machine, ada, ben } = scene;
    const { api } = await space.as("maintainer");
    const price = { hourly_rate: { amount_minor: 500, currency: "EUR" } };
    await Promise.all([
      space.machine({}, { category: "printer_3d" }),
      space.machine({}, price),
      space.machine({}, { status: "offline" }),
      space.machine({ max_minutes: 30 }),
    ]);
    const like = await space.machine();
    const willing = await space.booked(ada.api, machine, { ...slotIn(24), may_move: true, purpose: "Gears" });
    const unwilling = await space.booked(ben.api, machine, slotIn(26));
    // The one that may move is in use there at this time.
    const unlucky = await space.booked(ben.api, machine, { ...slotIn(28), may_move: true });
    await space.booked(ada.api, like, slotIn(28));
    const body = { ...allDay, reason: "New tube", affected: "move" };
    const plan = (await api.send<OutagePlan>("POST", outagesOf(space, machine), { body: { ...body, dry_run: true } }))
      .body;
    expect(plan?.affected.map((one) => [one.reservation_id, one.fate, one.equipment_ids])).toEqual([
      [willing.id, "move", [like.id]],
      [unwilling.id, "cancel", []],
      [unlucky.id, "cancel", []],
    ]);
    const outage = await api.post<Outage>(outagesOf(space, machine), { ...body, plan_token: plan?.plan_token });
    expect(outage.displaced).toBe(3);
    const gone = await read(scene, willing);
    expect(gone).toMatchObject({ status: "cancelled", cancelled_by: "outage", outage_id: outage.id });
    const { data } = await ada.api.get<Page<Reservation>>(space.bookings(like));
    const moved = data.find((one) => one.moved_from === willing.id);
    expect(moved).toMatchObject({
      id: gone.moved_to,
      status: "approved",
      starts_at: willing.starts_at,
      ends_at: willing.ends_at,
      purpose: "Gears",
      member_id: ada.member.id,
    });
    for (const one of [unwilling, unlucky])
      expect(await read(scene, one)).toMatchObject({ cancelled_by: "outage", moved_to: null });
    expect((await toldOf(scene, ada, "reservation.moved")).data).toMatchObject({ moved_to_equipment_id: like.id });
  });

  it("moves nobody to what costs more than they booked for, and what they use there has its price", async () => {
    const { space, machine, ada } = await makeScene();
    const { api } = await space.as("maintainer");
    const [dear, cheap] = [await space.machine(), await space.machine()];
    for (const [{ id }, amount_minor] of [
      [machine, 500],
      [dear, 600],
      [cheap, 400],
    ] as const) {
      const rule = { rule_type: "hourly", amount: { amount_minor, currency: "EUR" }, priority: 1 };
      await space.root.post(space.path(`/equipment/${id}/cost_rules`), rule);
    }
    await space.booked(ada.api, machine, { ...slotIn(24), may_move: true });
    await api.post<Outage>(outagesOf(space, machine), { ...allDay, reason: "New tube", affected: "move" });
    expect((await ada.api.get<Page<Reservation>>(space.bookings(dear))).data).toEqual([]);
    const [moved] = (await ada.api.get<Page<Reservation>>(space.bookings(cheap))).data;
    expect(moved?.price?.total).toEqual({ amount_minor: 400, currency: "EUR" });
  });

  it("offers the machines that are free, and leaves what the holder keeps for themselves alone", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const { api } = await space.as("maintainer");
    const like = await space.machine();
    const booked = await space.booked(ada.api, machine, slotIn(24));
    await api.post<Outage>(outagesOf(space, machine), { ...allDay, reason: "New tube", affected: "offer" });
    const told = await toldOf(scene, ada, "reservation.cancelled");
    expect([told.subject.id, told.data.alternatives]).toEqual([booked.id, like.id]);
  });
});

describe("a move that is cut off", () => {
  const system = { kind: "system", id: "outages", authority: "any" } as const;

  /** Holds the target, ends the source, and goes no further: as a worker that dies there. */
  async function halfAMove({ space, machine, ada }: Scene, like: Equipment, booked: Reservation) {
    const facts: CommandCall["facts"] = {
      decide_before: Date.now() + 10_000,
      policy_versions: { makerspace: 0, equipment: 0, hours: 0 },
      holder: { member_id: ada.member.id, first_name: "Ada", last_name: "Byron", hide_name: false },
      gates: openGates,
    };
    const send = ({ id }: { id: string }, command: CommandCall["command"]) =>
      env.EQUIPMENT.getByName(`${space.id}:${id}`).execute({
        command,
        actor: system,
        facts,
        key: null,
        request_id: "r",
      });
    const times = { starts_at: Date.parse(booked.starts_at), ends_at: Date.parse(booked.ends_at) };
    const [hold_id, reservation_id] = [crypto.randomUUID(), crypto.randomUUID()];
    expect((await send(like, { type: "hold", hold_id, ...times, moves: booked.id })).ok).toBe(true);
    return {
      hold_id,
      reservation_id,
      decide: () =>
        send(machine, {
          type: "take_out",
          outage_id: crypto.randomUUID(),
          ...times,
          weekly: null,
          reason: "New tube",
          displaced: [
            {
              reservation_id: booked.id,
              version: booked.version,
              moved_to: { equipment_id: like.id, reservation_id, hold_id },
            },
          ],
        }),
    };
  }

  it("after the decision is carried on by its event, once; before it nothing is left when the hold has run out", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const like = await space.machine();
    const booked = await space.booked(ada.api, machine, { ...slotIn(24), may_move: true });
    const half = await halfAMove(scene, like, booked);
    // What Ada keeps for herself stays beside it.
    const mine = await ada.api.post<{ hold_token: string }>(space.path(`/equipment/${like.id}/holds`), slotIn(30));
    expect((await half.decide()).ok).toBe(true);
    const there = () => ada.api.send<Reservation>("GET", space.bookings(like, `/${half.reservation_id}`));
    await until("the other half", async () => (await there()).status === 200);
    expect((await ada.api.get<Page<Reservation>>(space.bookings(like))).data).toHaveLength(1);
    expect((await ada.api.send("GET", space.path(`/equipment/${like.id}/holds/${mine.hold_token}`))).status).toBe(200);

    const other = await space.booked(ada.api, like, { ...slotIn(40), may_move: true });
    const spare = await space.machine();
    const undecided = await halfAMove({ ...scene, machine: like }, spare, other);
    await shiftClock(space, spare, HOUR);
    expect((await ada.api.send("GET", space.path(`/equipment/${spare.id}/holds/${undecided.hold_id}`))).status).toBe(
      404,
    );
    expect([
      (await read(scene, other)).status,
      (await ada.api.get<Page<Reservation>>(space.bookings(spare))).data,
    ]).toEqual(["approved", []]);
  });

  it("and comes too late for the other machine, is cancelled, and its holder is told so", async () => {
    const scene = await makeScene();
    const { space, machine, ada, ben } = scene;
    const like = await space.machine();
    const booked = await space.booked(ada.api, machine, { ...slotIn(24), may_move: true });
    const half = await halfAMove(scene, like, booked);
    await shiftClock(space, like, HOUR);
    await space.booked(ben.api, like, slotIn(24));
    expect((await half.decide()).ok).toBe(true);
    expect((await toldOf(scene, ada, "reservation.move_failed")).subject.id).toBe(booked.id);
    expect((await read(scene, booked)).status).toBe("cancelled");
    expect((await ada.api.send("GET", space.bookings(like, `/${half.reservation_id}`))).status).toBe(404);
  });
});

describe("outages in lists", () => {
  it("are found by machine, status and start, page by page", async () => {
    const { space, machine, ada } = await makeScene();
    const { api } = await space.as("maintainer");
    const other = await space.machine();
    const made: Outage[] = [];
    for (const [on, hours] of [
      [machine, 24],
      [other, 26],
      [machine, 28],
      [other, 30],
    ] as const)
      made.push(await api.post<Outage>(outagesOf(space, on), { ...slotIn(hours), reason: `At ${hours}` }));
    await api.delete(`${outagesOf(space, machine)}/${made[2]?.id}`);
    const list = async (query: string) =>
      (await ada.api.get<Page<Outage>>(space.path(`/outages?${query}`))).data.map(({ reason }) => reason);
    await until(
      "the projection",
      async () => (await list("status=lifted")).length === 1 && (await list("")).length === 4,
    );
    expect(await list("")).toEqual(["At 24", "At 26", "At 28", "At 30"]);
    expect(await list("sort=-starts_at&status=open")).toEqual(["At 30", "At 26", "At 24"]);
    expect(await list(`equipment_id=${machine.id}`)).toEqual(["At 24", "At 28"]);
    expect(await list(`starts_from=${slotIn(26).starts_at}&starts_to=${slotIn(30).starts_at}`)).toEqual([
      "At 26",
      "At 28",
    ]);
    const first = await ada.api.get<Page<Outage>>(space.path("/outages?limit=3"));
    const rest = await ada.api.get<Page<Outage>>(space.path(`/outages?limit=3&cursor=${first.next_cursor}`));
    expect([...first.data, ...rest.data].map(({ id }) => id)).toEqual(made.map(({ id }) => id));
    expect((await ada.api.get<Page<Outage>>(outagesOf(space, other))).data).toHaveLength(2);
    expect((await ada.api.send("GET", space.path("/outages?orphans=include"))).status).toBe(403);
  });
});
