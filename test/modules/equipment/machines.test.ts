/** Machines: added, listed, changed and retired; their rules reach their objects, at once or soon. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { cronTasks } from "../../../src/background.ts";
import { MINUTE } from "../../../src/platform/time.ts";
import { awayNamespace, through } from "../../support/faults.ts";
import { makeSpace, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Equipment, Reservation, Session } from "../../support/wire.ts";

const input = (more: object = {}) => ({
  code: `M-${crypto.randomUUID().slice(0, 8)}`,
  name: "Laser",
  category: "laser_cutter",
  ...more,
});

const read = (space: TestSpace, { id }: { id: string }): Promise<Equipment> =>
  space.root.get<Equipment>(space.path(`/equipment/${id}`));

const change = (space: TestSpace, { id }: { id: string }, patch: object): Promise<Equipment> =>
  space.root.patch<Equipment>(space.path(`/equipment/${id}`), patch);

describe("a machine", () => {
  it("keeps what it is told, and starts from the makerspace's rules", async () => {
    const space = await makeSpace();
    const told = {
      ...input(),
      sub_category: "CO2",
      location: "Hall 2",
      requires_certification: true,
      certification_required: "Laser basics",
      last_maintenance_date: "2026-10-01",
      next_maintenance_date: "2027-04-01",
      maintenance_interval_hours: 200,
      manufacturer: "Trotec",
      model: "Speedy",
      serial_number: "S-1",
      purchase_date: "2024-02-29",
      warranty_expiry: "2027-02-28",
      hourly_rate: { amount_minor: 1250, currency: "EUR" },
      deposit_required: { amount_minor: 5000, currency: "EUR" },
      description: "Cuts.\nAnd engraves.",
      specifications: { bed_mm: "400x300", watts: 60, enclosed: true },
      manual_url: "https://example.org/manual.pdf",
      notes: "Lens is new.",
      metadata: { asset_tag: "L-17" },
      external_id: "erp-1",
      policy: { buffer_minutes: 10 },
    };
    const made = await space.root.post<Equipment>(space.path("/equipment"), told);
    expect(made).toMatchObject({ ...told, status: "available", in_use: false, retired_at: null, version: 1 });
    expect(made.effective_policy).toMatchObject({ buffer_minutes: 10, min_minutes: 15, horizon_days: 90 });
    expect(await read(space, made)).toEqual(made);
  });

  it("has a code and an external id of its own, and prices in one currency", async () => {
    const space = await makeSpace();
    await space.root.post(space.path("/equipment"), input({ code: "A", external_id: "1" }));
    const refused = async (more: object) =>
      (await space.root.refused("POST", space.path("/equipment"), { body: input(more) })).code;
    expect(await refused({ code: "A" })).toBe("code_taken");
    expect(await refused({ external_id: "1" })).toBe("external_id_taken");
    expect(await refused({ owner_member_id: crypto.randomUUID() })).toBe("unknown_reference");
    const prices = {
      hourly_rate: { amount_minor: 1, currency: "EUR" },
      deposit_required: { amount_minor: 1, currency: "INR" },
    };
    expect(await refused(prices)).toBe("invalid_body");
    expect(await refused({ policy: { min_minutes: 60, max_minutes: 30 } })).toBe("invalid_body");
    expect(await refused({ in_use: true })).toBe("invalid_body");
    expect(await refused({ status: "in_use" })).toBe("invalid_body");
  });

  it("shows its notes to those who manage it", async () => {
    const space = await makeSpace();
    const machine = await space.machine({}, { notes: "The key is under the mat." });
    const seenBy = async (who: "user" | "maintainer") =>
      (await (await space.as(who)).api.get<Equipment>(space.path(`/equipment/${machine.id}`))).notes;
    expect([await seenBy("user"), await seenBy("maintainer")]).toEqual([null, "The key is under the mat."]);
  });

  it("is in use while a session runs, and not a moment longer", async () => {
    const space = await makeSpace();
    const [machine, { api }] = [await space.machine(), await space.as("user")];
    const sessions = space.path(`/equipment/${machine.id}/sessions`);
    const session = await api.post<Session>(sessions, { planned_minutes: 30 });
    expect((await read(space, machine)).in_use).toBe(true);
    await api.post(`${sessions}/${session.id}/end`);
    expect(await read(space, machine)).toMatchObject({ in_use: false, usage_count: 1 });
  });

  it("is found by any combination of filters", async () => {
    const space = await makeSpace();
    const { member, api } = await space.as("service_provider");
    const categories = ["laser_cutter", "cnc_machine", "printer_3d"];
    const statuses = ["available", "under_maintenance", "offline"];
    for (let index = 0; index < 18; index++) {
      const owner_member_id = index % 4 === 0 ? member.id : null;
      const [category, status] = [categories[index % 3], statuses[Math.floor(index / 3) % 3]];
      await space.root.post(
        space.path("/equipment"),
        input({ category, status, owner_member_id, external_id: `x${index}` }),
      );
    }
    const [retired] = await space.root.all<Equipment>(space.path("/equipment"));
    await space.root.delete(space.path(`/equipment/${retired?.id}`));
    const rows = await space.root.all<Equipment>(space.path("/equipment?retired=include"));
    expect(rows).toHaveLength(18);
    const owners = [undefined, member.id];
    for (const category of [[], ["cnc_machine"], ["printer_3d", "laser_cutter"]]) {
      for (const status of [[], ["offline"], ["available", "under_maintenance"]]) {
        for (const owner of owners) {
          const query = [...category.map((one) => `category=${one}`), ...status.map((one) => `status=${one}`)];
          if (owner) query.push(`owner_member_id=${owner}`);
          const found = await api.all<Equipment>(space.path(`/equipment?limit=3&${query.join("&")}`));
          const naive = rows.filter(
            (row) =>
              row.retired_at === null &&
              (category.length === 0 || category.includes(row.category)) &&
              (status.length === 0 || status.includes(row.status)) &&
              (owner === undefined || row.owner_member_id === owner),
          );
          expect(found.map((row) => row.id)).toEqual(naive.map((row) => row.id));
        }
      }
    }
    const mine = await api.all<Equipment>(space.path("/equipment?owner_member_id=me&retired=include"));
    expect(mine).toHaveLength(5);
    expect(await api.all<Equipment>(space.path("/equipment?external_id=x7"))).toHaveLength(1);
  });

  it("changes by merging; If-Match is heeded when it is sent", async () => {
    const space = await makeSpace();
    const machine = await space.machine({ min_minutes: 30 }, { location: "Hall 1", metadata: { a: "1" } });
    const after = await change(space, machine, { name: "Renamed", policy: { max_minutes: 90 } });
    expect(after).toMatchObject({ name: "Renamed", location: "Hall 1", metadata: { a: "1" }, version: 2 });
    expect(after.policy).toEqual({ min_minutes: 30, max_minutes: 90 });
    expect((await change(space, machine, { location: null })).location).toBeNull();
    const path = space.path(`/equipment/${machine.id}`);
    const stale = await space.root.refused("PATCH", path, { body: { name: "Late" }, if_match: 1 });
    expect(stale).toMatchObject({ status: 412, code: "stale_version" });
    const refused = await space.root.refused("PATCH", path, { body: { policy: { max_minutes: 20 } } });
    expect(refused).toMatchObject({ code: "invalid_body", errors: [{ pointer: "/policy" }] });
  });
});

describe("the rules of a machine", () => {
  const longBooking = async (space: TestSpace, machine: Equipment) => {
    const { api } = await space.as("user");
    return (await space.book(api, machine, slotIn(48, 240))).problem?.reasons?.map((reason) => reason.code);
  };

  it("hold for the next booking", async () => {
    const space = await makeSpace();
    const machine = await space.machine();
    expect((await change(space, machine, { policy: { max_minutes: 60 } })).policy_applied).toBe(true);
    expect(await longBooking(space, machine)).toEqual(["too_long"]);
  });

  it("hold even when the object was away as they changed, and the minute cron brings them to it", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const space = await makeSpace();
    const [one, two] = [await space.machine(), await space.machine()];
    const away = space.root.by(through({ EQUIPMENT: awayNamespace(env.EQUIPMENT) }));
    const changes = [one, two].map(({ id }) =>
      away.patch<Equipment>(space.path(`/equipment/${id}`), { policy: { max_minutes: 60 } }),
    );
    expect((await Promise.all(changes)).map((machine) => machine.policy_applied)).toEqual([false, false]);
    const owed = () =>
      env.DB_000.prepare("SELECT equipment_id FROM policy_pushes WHERE makerspace_id = ?").bind(space.id).all();
    expect((await owed()).results).toHaveLength(2);
    // A booking brings its own machine up to date.
    expect(await longBooking(space, one)).toEqual(["too_long"]);
    const push = cronTasks.find((task) => task.name === "push_policies");
    await push?.run(Date.now() + MINUTE);
    await until("the end of the debt", async () => (await owed()).results.length === 0);
    expect(await longBooking(space, two)).toEqual(["too_long"]);
    vi.restoreAllMocks();
  });

  it("that change leave bookings alone", async () => {
    const space = await makeSpace();
    const [machine, { api }] = [await space.machine(), await space.as("user")];
    const booked = await space.booked(api, machine, slotIn(24, 240));
    await change(space, machine, { policy: { max_minutes: 60 }, status: "offline" });
    expect(await api.get<Reservation>(space.bookings(machine, `/${booked.id}`))).toMatchObject({ status: "approved" });
  });
});

describe("retirement", () => {
  it("waits for open bookings, then frees the code and keeps the history", async () => {
    const space = await makeSpace();
    const [machine, { api }] = [await space.machine({}, { code: "LASER-1" }), await space.as("user")];
    const booked = await space.booked(api, machine, slotIn(24));
    const path = space.path(`/equipment/${machine.id}`);
    expect(await space.root.refused("DELETE", path)).toMatchObject({ status: 409, code: "has_open_reservations" });
    await space.step(api, booked, "cancel");
    await space.root.delete(path);
    await space.root.delete(path);
    expect(await read(space, machine)).toMatchObject({ code: "LASER-1", retired_at: expect.any(String), version: 2 });
    expect(await space.root.all(space.path("/equipment"))).toEqual([]);
    expect(await api.get<Reservation>(space.path(`/reservations/${booked.id}`))).toMatchObject({ status: "cancelled" });
    expect((await space.book(api, machine, slotIn(24))).problem?.code).toBe("equipment_retired");
    expect((await space.root.refused("PATCH", path, { body: { name: "Back" } })).code).toBe("equipment_retired");
    expect((await space.machine({}, { code: "LASER-1" })).code).toBe("LASER-1");
  });
});

describe("a service provider", () => {
  it("adds machines of their own and manages no others", async () => {
    const space = await makeSpace();
    const [{ api, member }, other] = [await space.as("service_provider"), await space.machine()];
    const mine = await api.post<Equipment>(space.path("/equipment"), input());
    expect(mine.owner_member_id).toBe(member.id);
    const foreign = await api.refused("POST", space.path("/equipment"), {
      body: input({ owner_member_id: crypto.randomUUID() }),
    });
    expect(foreign.code).toBe("forbidden");
    const patch = async (machine: Equipment, body: object) =>
      (await api.send("PATCH", space.path(`/equipment/${machine.id}`), { body })).status;
    expect([await patch(mine, { name: "Mine" }), await patch(other, { name: "Mine" })]).toEqual([200, 403]);
    expect(await patch(mine, { owner_member_id: null })).toBe(403);
    expect((await api.send("DELETE", space.path(`/equipment/${other.id}`))).status).toBe(403);
    expect((await api.send("DELETE", space.path(`/equipment/${mine.id}`))).status).toBe(204);
  });

  it("decides about bookings of their own machines alone", async () => {
    const space = await makeSpace();
    const [{ api, member }, guest] = [await space.as("service_provider"), await space.as("user")];
    const mine = await space.machine({ approval: "staff" }, { owner_member_id: member.id });
    const other = await space.machine({ approval: "staff" });
    const [asked, elsewhere] = [
      await space.booked(guest.api, mine, slotIn(24)),
      await space.booked(guest.api, other, slotIn(24)),
    ];
    expect([asked.status, elsewhere.status]).toEqual(["pending", "pending"]);
    expect((await space.step(api, elsewhere, "approve")).problem?.code).toBe("forbidden");
    expect((await space.step(api, asked, "approve")).body).toMatchObject({ status: "approved" });
    // On their own machine they act for others, too; elsewhere only for themselves.
    const onBehalf = { ...slotIn(30), member_id: guest.member.id };
    expect((await space.book(api, mine, onBehalf)).body).toMatchObject({ status: "approved" });
    expect((await space.book(api, other, onBehalf)).problem?.code).toBe("forbidden");
    expect((await space.book(api, other, slotIn(40))).body).toMatchObject({ status: "pending" });
  });
});
