/** Bookings over HTTP: who may, what is refused and why, and what others get to see. */

import { describe, expect, it } from "vitest";
import { MINUTE } from "../../../src/platform/time.ts";
import type { Api, Page } from "../../support/api.ts";
import { codes, enter, makeScene } from "../../support/scene.ts";
import { iso, makeTwoSpaces, slotIn, type TestSpace } from "../../support/space.ts";
import type { Availability, Reservation } from "../../support/wire.ts";

describe("a booking", () => {
  it("is answered in full, and read alike from the machine and from the list", async () => {
    const { space, machine, ada } = await makeScene();
    const slot = slotIn(24);
    const answer = await space.book(ada.api, machine, { ...slot, purpose: "Sign for the door", project_id: "p-1" });
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({
      ...slot,
      status: "approved",
      member_id: ada.member.id,
      created_by: ada.member.id,
      makerspace_id: space.id,
      purpose: "Sign for the door",
      project_id: "p-1",
      mine: true,
      version: 1,
    });
    const [id, path] = [answer.body?.id, answer.headers.get("location")];
    expect(path).toBe(space.bookings(machine, `/${id}`));
    expect(await ada.api.get(path ?? "")).toEqual(answer.body);
    expect(await ada.api.get(space.path(`/reservations/${id}`))).toEqual(answer.body);
  });

  it("is refused where the machine is held, saying when and never by whom", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const held = slotIn(24, 120);
    await space.booked(ada.api, machine, held);
    const answer = await space.book(ben.api, machine, slotIn(25, 120));
    expect(answer.problem).toMatchObject({ status: 409, code: "slot_taken", conflicts_with: held });
    expect(codes(answer)).toEqual(["slot_taken"]);
    expect(JSON.stringify(answer.problem)).not.toMatch(new RegExp(`Ada|Byron|${ada.member.id}`));
    expect((await space.book(ben.api, machine, slotIn(26, 60))).status).toBe(201);
  });

  it("is won by one of fifty who ask for the same slot at once", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const askers = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? ada : ben).api);
    const answers = await Promise.all(askers.map((api) => space.book(api, machine, slotIn(24))));
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1);
    expect(answers.filter((answer) => answer.problem?.code === "slot_taken")).toHaveLength(49);
  });

  it("that breaks rules is told all of them at once", async () => {
    const { space, machine, ada } = await makeScene({ min_minutes: 30, max_minutes: 60, notice_minutes: 120 });
    const at = (minutes: number) => iso(Date.parse(slotIn(0).starts_at) + minutes * MINUTE);
    const soon = await space.book(ada.api, machine, { starts_at: at(7), ends_at: at(17) });
    expect(soon.problem).toMatchObject({ status: 422, code: "booking_refused" });
    expect(codes(soon).sort()).toEqual(["notice_too_short", "off_grid", "too_short"]);
    const far = await space.book(ada.api, machine, slotIn(24 * 200, 90));
    expect(codes(far).sort()).toEqual(["beyond_horizon", "too_long"]);
    expect(codes(await space.book(ada.api, machine, slotIn(-48, 60)))).toContain("in_the_past");
  });

  it("that cannot be is refused by shape", async () => {
    const { space, machine, ada } = await makeScene();
    const { starts_at, ends_at } = slotIn(24);
    for (const body of [
      { starts_at: ends_at, ends_at: starts_at },
      { starts_at, ends_at: starts_at },
      { starts_at, ends_at: "tomorrow" },
      { starts_at: "1999-01-01T00:00:00Z", ends_at },
      { starts_at, ends_at, status: "approved" },
      { starts_at },
    ]) {
      expect((await space.book(ada.api, machine, body)).problem).toMatchObject({ status: 422, code: "invalid_body" });
    }
    expect((await space.book(ada.api, { id: crypto.randomUUID() }, slotIn(24))).problem?.code).toBe("not_found");
  });

  it("is answered once for a key, however often it is sent", async () => {
    const { space, machine, ada } = await makeScene();
    const send = (body: object) => space.book(ada.api, machine, body, { key: "my-booking" });
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => send(slotIn(24))));
    expect(new Set(answers.map((answer) => `${answer.status} ${answer.body?.id}`)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get("idempotency-replayed") === "true")).toHaveLength(4);
    expect((await send(slotIn(30))).problem?.code).toBe("idempotency_mismatch");
  });

  it("is made for others by staff alone", async () => {
    const { space, machine, ada, ben, desk } = await makeScene({ notice_minutes: 60 * 48, approval: "staff" });
    const forAda = { ...slotIn(3), member_id: ada.member.id };
    expect((await space.book(ben.api, machine, forAda)).problem?.code).toBe("forbidden");
    const booked = await space.booked(desk.api, machine, forAda);
    // Staff need no notice and no approval of their own.
    expect(booked).toMatchObject({ status: "approved", member_id: ada.member.id, created_by: desk.member.id });
    expect(await ada.api.get<Reservation>(space.bookings(machine, `/${booked.id}`))).toMatchObject({ mine: true });
    const unknown = await space.book(desk.api, machine, { ...slotIn(9), member_id: crypto.randomUUID() });
    expect(unknown.problem).toMatchObject({ status: 422, code: "unknown_reference" });
    await space.root.post(space.path(`/members/${ben.member.id}/suspend`), { reason: "x" });
    const gone = await space.book(desk.api, machine, { ...slotIn(9), member_id: ben.member.id });
    expect([gone.problem?.code, codes(gone)]).toEqual(["booking_refused", ["member_not_active"]]);
    const whom = await space.book(space.root, machine, slotIn(9));
    expect(whom.problem).toMatchObject({ code: "invalid_body", errors: [{ pointer: "/member_id" }] });
  });

  it("of others is a busy time: no name, no purpose", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    const slot = slotIn(24);
    const { id } = await space.booked(ada.api, machine, { ...slot, purpose: "Secret" });
    const hidden = { id, ...slot, status: "approved", mine: false, member_id: null, purpose: null, created_by: null };
    const schedule = await ben.api.get<Page<Reservation>>(space.bookings(machine));
    const listed = await ben.api.get<Page<Reservation>>(space.path("/reservations"));
    const one = await ben.api.get<Reservation>(space.bookings(machine, `/${id}`));
    const shown = await ben.api.get<Reservation>(space.path(`/reservations/${id}`));
    for (const found of [schedule.data[0], listed.data[0], one, shown]) {
      expect(found).toMatchObject(hidden);
      expect(JSON.stringify(found)).not.toMatch(new RegExp(`Secret|${ada.member.id}`));
    }
    const seen = await desk.api.get<Reservation>(space.path(`/reservations/${id}`));
    expect(seen).toMatchObject({ member_id: ada.member.id, purpose: "Secret", mine: false });
    const asked = await ben.api.refused("GET", space.path(`/reservations?member_id=${ada.member.id}`));
    expect(asked.code).toBe("forbidden");
  });

  it("is seen by its holder in every makerspace at once", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const { api, sub } = await home.as("user");
    const member = { user_id: sub, email: `${sub}@example.net`, first_name: "Ada", last_name: "B", role: "user" };
    await abroad.root.post(abroad.path("/members"), member);
    const spaces = [home, abroad];
    const machines = await Promise.all(spaces.map((space) => space.machine()));
    const made: Reservation[] = [];
    for (let hour = 0; hour < 7; hour++) {
      const [space, machine] = [spaces[hour % 2], machines[hour % 2]];
      if (space && machine) made.push(await space.booked(api, machine, slotIn(24 + hour)));
    }
    const [first] = made;
    if (first) await home.step(api, first, "cancel");
    const ids = async (query: string) =>
      (await api.all<Reservation>(`/api/v1/me/reservations?limit=2${query}`)).map((row) => row.id);
    const expected = made.map((row) => row.id);
    expect(await ids("")).toEqual(expected);
    expect(await ids("&sort=-starts_at")).toEqual([...expected].reverse());
    expect(await ids("&status=approved&status=pending")).toEqual(expected.slice(1));
    expect(await ids(`&starts_from=${slotIn(26).starts_at}&starts_to=${slotIn(29).starts_at}`)).toEqual(
      expected.slice(2, 5),
    );
    const seen = await api.all<Reservation>("/api/v1/me/reservations");
    expect(seen.every((row) => row.mine)).toBe(true);
    expect(new Set(seen.map((row) => row.makerspace_id))).toEqual(new Set([home.id, abroad.id]));
  });

  it("leaves the rest of the time free", async () => {
    const { space, machine, ada } = await makeScene({ buffer_minutes: 30 });
    const [from, to] = [slotIn(24).starts_at, slotIn(27).ends_at];
    await space.booked(ada.api, machine, slotIn(25));
    const path = space.path(`/equipment/${machine.id}/availability`);
    const answer = await ada.api.get<Availability>(`${path}?from=${from}&to=${to}`);
    expect([answer.from, answer.to]).toEqual([from, to]);
    const end = Date.parse(slotIn(25).ends_at);
    expect(answer.free).toEqual([
      { starts_at: from, ends_at: slotIn(24, 30).ends_at },
      { starts_at: iso(end + 30 * MINUTE), ends_at: to },
    ]);
    expect(answer.busy.map((stretch) => stretch.because)).toEqual(["buffer", "reservation", "buffer"]);
    for (const query of [`from=${to}&to=${from}`, `from=${from}&to=${slotIn(24 * 100).ends_at}`, "from=x&to=y"]) {
      expect((await ada.api.refused("GET", `${path}?${query}`)).code).toBe("invalid_parameter");
    }
  });
});

describe("the life of a booking", () => {
  const statusAfter = async (space: TestSpace, api: Api, booking: Reservation, step: string, body = {}) => {
    const answer = await space.step(api, booking, step, { body });
    return answer.body?.status ?? answer.problem?.code;
  };

  it("that needs approval: pending holds the slot, staff decide, members do not", async () => {
    const { space, machine, ada, ben, desk } = await makeScene({ approval: "staff" });
    const [one, two] = [
      await space.booked(ada.api, machine, slotIn(24)),
      await space.booked(ada.api, machine, slotIn(26)),
    ];
    expect(one).toMatchObject({ status: "pending", expires_at: expect.any(String) });
    expect((await space.book(ben.api, machine, slotIn(24))).problem?.code).toBe("slot_taken");
    expect(await statusAfter(space, ada.api, one, "approve")).toBe("forbidden");
    const approved = await space.step(desk.api, one, "approve", { body: { note: "Welcome" } });
    expect(approved.body).toMatchObject({
      status: "approved",
      note: "Welcome",
      decided_by: desk.member.id,
      version: 2,
    });
    const again = await space.step(desk.api, one, "approve");
    expect(again.problem).toMatchObject({ code: "illegal_transition", current_status: "approved" });
    expect(await statusAfter(space, desk.api, two, "reject", { note: "Closed" })).toBe("rejected");
    expect((await space.book(ben.api, machine, slotIn(26))).status).toBe(201);
  });

  it("is cancelled by its holder or by staff, and nobody else", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    const [one, two] = [
      await space.booked(ada.api, machine, slotIn(24)),
      await space.booked(ada.api, machine, slotIn(26)),
    ];
    expect(await statusAfter(space, ben.api, one, "cancel")).toBe("forbidden");
    expect(await statusAfter(space, ada.api, one, "cancel")).toBe("cancelled");
    expect(await statusAfter(space, desk.api, two, "cancel", { note: "Open day" })).toBe("cancelled");
    expect((await space.book(ben.api, machine, slotIn(24))).status).toBe(201);
  });

  it("with check-in: too early, in time, missed and excused", async () => {
    const { space, machine, ada, desk } = await makeScene({ check_in: "required", grace_minutes: 15 });
    const slots = [slotIn(24), slotIn(26)] as const;
    const [came, missed] = [
      await space.booked(ada.api, machine, slots[0]),
      await space.booked(ada.api, machine, slots[1]),
    ];
    const early = await space.step(ada.api, came, "check_in");
    expect([early.problem?.code, codes(early)]).toEqual(["too_early", ["too_early"]]);
    await enter(space, machine, slots[0]);
    expect(await statusAfter(space, ada.api, came, "check_in")).toBe("active");
    await enter(space, machine, { ...slots[1], starts_at: iso(Date.parse(slots[1].starts_at) + 16 * MINUTE) });
    const read = () => ada.api.get<Reservation>(space.bookings(machine, `/${missed.id}`));
    expect((await read()).status).toBe("no_show");
    expect(await statusAfter(space, ada.api, missed, "excuse")).toBe("forbidden");
    expect(await statusAfter(space, desk.api, missed, "excuse", { note: "The bus" })).toBe("approved");
    expect(await statusAfter(space, desk.api, missed, "no_show")).toBe("no_show");
  });

  it("moves with If-Match, and only where there is room", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const mine = await space.booked(ada.api, machine, slotIn(24));
    await space.booked(ben.api, machine, slotIn(30));
    const path = space.bookings(machine, `/${mine.id}`);
    const patch = (body: object, more: object = {}) => ada.api.send<Reservation>("PATCH", path, { body, ...more });
    expect((await patch(slotIn(26))).problem?.code).toBe("precondition_required");
    expect((await patch(slotIn(26), { if_match: 9 })).problem?.code).toBe("stale_version");
    expect((await patch(slotIn(30), { if_match: 1 })).problem).toMatchObject({ code: "slot_taken" });
    expect((await patch({}, { if_match: 1 })).problem?.code).toBe("invalid_body");
    const moved = await patch(slotIn(26, 90), { if_match: 1, key: "move" });
    expect(moved.body).toMatchObject({ ...slotIn(26, 90), version: 2 });
    const replayed = await patch(slotIn(26, 90), { if_match: 1, key: "move" });
    expect([replayed.body, replayed.headers.get("idempotency-replayed")]).toEqual([moved.body, "true"]);
    expect((await ben.api.refused("PATCH", path, { body: { purpose: "x" }, if_match: 2 })).code).toBe("forbidden");
    expect((await space.book(ben.api, machine, slotIn(24))).status).toBe(201);
  });
});
