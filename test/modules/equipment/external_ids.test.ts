/** What integrators keep with a reservation: metadata, and an id of their own that one reservation of the makerspace has. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { MINUTE } from "../../../src/platform/time.ts";
import type { Page } from "../../support/api.ts";
import { makeScene } from "../../support/scene.ts";
import { makeTwoSpaces, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Reservation } from "../../support/wire.ts";

/** The claims of a makerspace grow older. */
const age = (space: TestSpace) =>
  env.DB_000.prepare("UPDATE reservation_external_ids SET claimed_at = claimed_at - ? WHERE makerspace_id = ?")
    .bind(2 * MINUTE, space.id)
    .run();

describe("metadata and external_id of a reservation", () => {
  it("are kept by the machine and the list, changed by PATCH, and found by filter", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const extras = { metadata: { order: "77" }, external_id: "erp-1" };
    const made = await space.booked(ada.api, machine, { ...slotIn(24), ...extras });
    expect(made).toMatchObject(extras);
    expect(await ada.api.get(space.bookings(machine, `/${made.id}`))).toMatchObject(extras);
    const found = async (api = ada.api, id = "erp-1") =>
      (await api.get<Page<Reservation>>(space.path(`/reservations?external_id=${id}`))).data.map((one) => one.id);
    await until("the row", async () => (await found()).length > 0);
    expect(await found()).toEqual([made.id]);
    expect(await found(ben.api)).toEqual([]);
    const both = await ada.api.send("GET", space.path("/reservations?external_id=erp-1&status=approved"));
    expect(both.problem?.code).toBe("invalid_parameter");

    const path = space.bookings(machine, `/${made.id}`);
    const patch = { metadata: { order: "78" }, external_id: "erp-2" };
    expect(await ada.api.patch(path, patch, made.version)).toMatchObject({ ...patch, starts_at: made.starts_at });
    await until("the other id", async () => (await found(ada.api, "erp-2")).length > 0);
    await until("the former id to be free", async () => {
      const again = await space.book(ada.api, machine, { ...slotIn(30), external_id: "erp-1" });
      return again.status === 201 && again.body?.id !== made.id;
    });
    const busy = await ben.api.get<Page<Reservation>>(space.bookings(machine));
    expect(busy.data[0]).toMatchObject({ metadata: {}, external_id: null });
  });

  it("are taken once in a makerspace, by one of many machines that are asked at once", async () => {
    const { space, ada } = await makeScene();
    const machines = await Promise.all(Array.from({ length: 8 }, () => space.machine()));
    const body = { ...slotIn(24), external_id: "same" };
    const answers = await Promise.all(machines.map((machine) => space.book(ada.api, machine, body)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ problem }) => problem?.code === "external_id_taken")).toHaveLength(7);
  });

  it("belong to one makerspace", async () => {
    const { home, abroad } = await makeTwoSpaces();
    for (const space of [home, abroad]) {
      const machine = await space.machine();
      const { api } = await space.as("user");
      expect((await space.book(api, machine, { ...slotIn(24), external_id: "x" })).status).toBe(201);
    }
  });

  it("are free again when the machine refuses", async () => {
    const { space, machine, ada } = await makeScene();
    await space.booked(ada.api, machine, slotIn(24));
    const refused = await space.book(ada.api, machine, { ...slotIn(24), external_id: "late" });
    expect(refused.problem?.code).toBe("slot_taken");
    await until("the id", async () => {
      const answer = await space.book(ada.api, machine, { ...slotIn(26), external_id: "late" });
      return answer.status === 201 || answer.problem?.code !== "external_id_taken";
    });
  });

  it("are one's own when the request is repeated with its key", async () => {
    const { space, machine, ada } = await makeScene();
    const body = { ...slotIn(24), external_id: "twice" };
    const key = crypto.randomUUID();
    const first = await space.book(ada.api, machine, body, { key });
    const again = await space.book(ada.api, machine, body, { key });
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
  });

  it("give way when their reservation never came to be, and stay while it is there", async () => {
    const { space, machine, ada } = await makeScene();
    const claim = "INSERT INTO reservation_external_ids VALUES (?, 'lost', ?, ?, 'nobody', ?)";
    await env.DB_000.prepare(claim).bind(space.id, crypto.randomUUID(), machine.id, Date.now()).run();
    const ask = () => space.book(ada.api, machine, { ...slotIn(24), external_id: "lost" });
    expect((await ask()).problem?.code).toBe("external_id_taken");
    await age(space);
    expect((await ask()).status).toBe(201);
    await age(space);
    const other = await space.book(ada.api, machine, { ...slotIn(28), external_id: "lost" });
    expect(other.problem?.code).toBe("external_id_taken");
  });
});
