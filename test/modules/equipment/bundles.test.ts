/** Several machines in one request, over HTTP: all of them or none. */

import { describe, expect, it } from "vitest";
import { codes, inObject, makeScene } from "../../support/scene.ts";
import { makeTwoSpaces, slotIn, until } from "../../support/space.ts";
import type { Availability, Bundle, CancelledBundle, Equipment, Reservation } from "../../support/wire.ts";

type Times = ReturnType<typeof slotIn>;

const itemsOf = (machines: readonly Equipment[], slot: Times) =>
  machines.map(({ id: equipment_id }) => ({ equipment_id, ...slot }));

describe("machines that are booked together", () => {
  it("are all booked under one id, answered again under the same key, read and cancelled as one", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    const machines = [machine, await space.machine(), await space.machine()];
    const path = space.path("/bookings");
    const body = { items: itemsOf(machines, slotIn(24)), purpose: "Frames" };
    const key = crypto.randomUUID();
    const first = await ada.api.send<Bundle>("POST", path, { body, key });
    expect(first.status).toBe(201);
    const bundle = first.body as Bundle;
    expect(bundle.reservations.map(({ equipment_id }) => equipment_id)).toEqual(machines.map(({ id }) => id));
    expect(new Set(bundle.reservations.map((one) => `${one.status} ${one.bundle_id} ${one.purpose}`))).toEqual(
      new Set([`approved ${bundle.id} Frames`]),
    );
    const again = await ada.api.send<Bundle>("POST", path, { body, key });
    expect([again.status, again.headers.get("idempotency-replayed"), again.body]).toEqual([201, "true", bundle]);
    const other = { ...body, purpose: "Something else" };
    expect((await ada.api.refused("POST", path, { body: other, key })).code).toBe("idempotency_mismatch");

    const one = `${path}/${bundle.id}`;
    await until("the rows", async () => (await desk.api.send<Bundle>("GET", one)).body?.reservations.length === 3);
    expect((await ben.api.refused("GET", one)).status).toBe(404);
    const [{ id } = { id: "" }] = bundle.reservations;
    await ada.api.post(space.path(`/equipment/${machine.id}/reservations/${id}/cancel`));
    await until("the row", async () =>
      (await ada.api.get<Bundle>(one)).reservations.some(({ status }) => status === "cancelled"),
    );
    const { reservations, refused } = await ada.api.post<CancelledBundle>(`${one}/cancel`, { note: "Wood is out" });
    expect(reservations.map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled"]);
    expect(refused.map(({ code }) => code)).toEqual(["illegal_transition"]);
  });

  it("are none of them booked when one says no, which is named; the others are free at once", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const [second, third] = [await space.machine(), await space.machine({ max_minutes: 30 })];
    const slot = slotIn(24);
    await space.booked(ben.api, second, slot);
    const path = space.path("/bookings");
    const send = (items: object[]) => ada.api.send<Bundle>("POST", path, { body: { items } });
    const taken = await send(itemsOf([machine, second], slot));
    expect([taken.status, taken.problem?.code, taken.problem?.errors?.[0]?.pointer]).toEqual([
      409,
      "slot_taken",
      "/items/1",
    ]);
    const tooLong = await send(itemsOf([third, machine], slot));
    expect([tooLong.status, tooLong.problem?.errors?.[0]?.pointer, codes(tooLong)]).toEqual([
      422,
      "/items/0",
      ["too_long"],
    ]);
    const unknown = await send([...itemsOf([machine], slot), { equipment_id: crypto.randomUUID(), ...slot }]);
    expect([unknown.problem?.code, unknown.problem?.errors?.[0]?.pointer]).toEqual([
      "unknown_reference",
      "/items/1/equipment_id",
    ]);
    for (const items of [[], itemsOf([machine, machine], slot)]) expect((await send(items)).status).toBe(422);
    const { busy } = await ben.api.get<Availability>(
      space.path(`/equipment/${machine.id}/availability?from=${slot.starts_at}&to=${slot.ends_at}`),
    );
    expect(busy).toEqual([]);
    await space.booked(ben.api, machine, slot);
  });

  it("never deadlock and never leave a half, whoever asks for which at once", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    const machines = [machine, await space.machine(), await space.machine()];
    const slot = slotIn(24);
    const pairs = [
      [0, 1],
      [1, 2],
      [2, 0],
      [1, 0],
      [2, 1],
      [0, 2],
    ];
    const asked = await Promise.all(
      [...pairs, ...pairs].map((pair, turn) => {
        const items = itemsOf(
          pair.map((index) => machines[index] as Equipment),
          slot,
        );
        return (turn % 2 ? ada : ben).api.send<Bundle>("POST", space.path("/bookings"), { body: { items } });
      }),
    );
    const won = asked.filter(({ status }) => status === 201);
    // Two pairs of three machines meet: one wins, or everybody was in everybody's way.
    expect(won.length).toBeLessThanOrEqual(1);
    expect(asked.filter(({ status }) => status !== 201).every(({ problem }) => problem?.code === "slot_taken")).toBe(
      true,
    );
    const held = await Promise.all(
      machines.map(async ({ id }) => {
        const { data } = await desk.api.get<{ data: Reservation[] }>(space.path(`/equipment/${id}/reservations`));
        return data.length;
      }),
    );
    expect(held.reduce((sum, count) => sum + count, 0)).toBe(won.length * 2);
    const kept = await Promise.all(
      machines.map((each) =>
        inObject(space, each, async (object) =>
          object.availability(Date.parse(slot.starts_at), Date.parse(slot.ends_at)),
        ),
      ),
    );
    expect(kept.flatMap(({ busy }) => busy).filter(({ because }) => because === "hold")).toEqual([]);
  });

  it("count each for themselves under a plan, and one too many is refused with all", async () => {
    const { space, machine, ada, root } = await withPlan(2);
    const [second, third] = [await space.machine(), await space.machine()];
    const path = space.path("/bookings");
    const three = { items: itemsOf([machine, second, third], slotIn(24)) };
    const refused = await ada.api.refused("POST", path, { body: three });
    expect(refused.reasons?.map(({ code }) => code)).toEqual(["open_bookings_used_up"]);
    // What the refused one had claimed is given back at once.
    const two = { items: itemsOf([machine, second], slotIn(24)) };
    await until("the claims", async () => (await ada.api.send("POST", path, { body: two })).status === 201);
    expect((await root.get<{ data: unknown[] }>(space.path("/reservations"))).data.length).toBeLessThanOrEqual(2);
  });

  it("belong to one makerspace", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [ours, theirs] = [await home.machine(), await abroad.machine()];
    const ada = await home.person();
    const items = itemsOf([ours, theirs], slotIn(24));
    expect((await ada.api.refused("POST", home.path("/bookings"), { body: { items } })).code).toBe("unknown_reference");
  });
});

/** A member whose plan holds so many open bookings. */
async function withPlan(max_open_bookings: number) {
  const scene = await makeScene();
  const { space, ada } = scene;
  const plan = await space.root.post<{ id: string }>(space.path("/plans"), {
    name: "Few",
    price: { amount_minor: 0, currency: "EUR" },
    max_open_bookings,
  });
  await space.root.post(space.path(`/members/${ada.member.id}/memberships`), { plan_id: plan.id });
  return { ...scene, root: space.root };
}
