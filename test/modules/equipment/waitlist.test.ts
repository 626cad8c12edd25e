/** The waitlist: freed time is offered to the next who may have it, for a while, and then to the one after. */

import { describe, expect, it } from "vitest";
import type { Page } from "../../support/api.ts";
import { onPlan } from "../../support/plans.ts";
import { stepsOf } from "../../support/query-plans.ts";
import { inObject, makeScene, type Scene, shiftClock } from "../../support/scene.ts";
import { type Person, type Slot, slotIn, until } from "../../support/space.ts";
import type { Notification, Reservation, WaitlistEntry } from "../../support/wire.ts";

const windowOf = (slot: Slot, minutes = 60) => ({
  window_starts_at: slot.starts_at,
  window_ends_at: slot.ends_at,
  minutes,
});
const pathOf = ({ space, machine }: Scene, rest = ""): string => space.path(`/equipment/${machine.id}/waitlist${rest}`);
const wait = (scene: Scene, { api }: Person, slot: Slot, minutes = 60): Promise<WaitlistEntry> =>
  api.post<WaitlistEntry>(pathOf(scene), windowOf(slot, minutes));
const entry = ({ space }: Scene, { api }: Person, { id }: WaitlistEntry): Promise<WaitlistEntry> =>
  api.get<WaitlistEntry>(space.path(`/waitlist/${id}`));
const becomes = (scene: Scene, person: Person, one: WaitlistEntry, status: string): Promise<WaitlistEntry> =>
  until(`${status} of ${person.sub}`, async () => {
    const found = await entry(scene, person, one);
    return found.status === status && (status !== "offered" || found.offer) && found;
  });
const accept = (scene: Scene, { api }: Person, { id }: WaitlistEntry, key?: string) =>
  api.send<Reservation>("POST", pathOf(scene, `/${id}/accept`), key === undefined ? {} : { key });
/** What blocks the machine: its kind and whose it is. */
const held = ({ space, machine }: Scene) =>
  inObject(space, machine, (object) =>
    (object as unknown as { ctx: DurableObjectState }).ctx.storage.sql
      .exec<{ kind: string; member_id: string | null; starts_at: number }>(
        "SELECT kind, member_id, starts_at FROM occupancy ORDER BY starts_at",
      )
      .toArray(),
  );
const isFree = async (scene: Scene): Promise<boolean> => (await held(scene)).length === 0;

describe.concurrent("freed time", () => {
  it("is kept at once for those who wait, offered to the first, told, and booked by a yes", async () => {
    const scene = await makeScene();
    const { space, machine, ada, ben, desk } = scene;
    const booked = await space.booked(desk.api, machine, { ...slotIn(24, 120), member_id: desk.member.id });
    const first = await wait(scene, ada, slotIn(23, 180));
    const second = await wait(scene, ben, slotIn(24, 120));
    expect([first.status, first.offer]).toEqual(["waiting", null]);
    expect((await accept(scene, ada, first)).problem?.code).toBe("offer_gone");
    expect((await space.step(desk.api, booked, "cancel")).status).toBe(200);
    expect((await space.book(ben.api, machine, slotIn(24))).problem?.code).toBe("slot_taken");
    const offered = await becomes(scene, ada, first, "offered");
    expect(offered.offer).toMatchObject({ equipment_id: machine.id, ...slotIn(24) });
    const told = await until("the word", async () =>
      (await ada.api.get<Page<Notification>>(space.path("/notifications"))).data.find(
        ({ type }) => type === "offer.assigned",
      ),
    );
    expect(told.category).toBe("waitlist");
    expect(told.data).toMatchObject({ starts_at: expect.anything() });
    expect((await accept(scene, ben, first)).problem?.code).toBe("offer_gone");
    const taken = await accept(scene, ada, first, "yes");
    expect([taken.status, taken.body?.member_id, taken.body?.starts_at]).toEqual([
      201,
      ada.member.id,
      slotIn(24).starts_at,
    ]);
    expect((await accept(scene, ada, first, "yes")).body?.id).toBe(taken.body?.id);
    expect(await becomes(scene, ada, first, "accepted")).toMatchObject({ reservation_id: taken.body?.id, offer: null });
    // What was left of it went to the next.
    expect((await becomes(scene, ben, second, "offered")).offer).toMatchObject(slotIn(25));
  });

  it("goes by the priority of plans, then by who came first, to those who may have it", async () => {
    const scene = await makeScene();
    const { space, machine, ada, ben, desk } = scene;
    const [eve, out] = [await space.person(), await space.person()];
    await onPlan(space, eve, { priority: 5 });
    await onPlan(space, out, { priority: 9, excluded_equipment_ids: [machine.id] });
    const booked = await space.booked(desk.api, machine, { ...slotIn(30), member_id: desk.member.id });
    const entries: WaitlistEntry[] = [];
    for (const one of [ada, ben, eve, out]) entries.push(await wait(scene, one, slotIn(30)));
    const [adas, bens, eves, outs] = entries as [WaitlistEntry, WaitlistEntry, WaitlistEntry, WaitlistEntry];
    await space.step(desk.api, booked, "cancel");
    await becomes(scene, eve, eves, "offered");
    // Leaving hands it on; not answering does, too.
    await eve.api.delete(space.path(`/waitlist/${eves.id}`));
    const { offer } = await becomes(scene, ada, adas, "offered");
    await shiftClock(space, machine, Date.parse(offer?.expires_at ?? "") - Date.now());
    await becomes(scene, ben, bens, "offered");
    expect((await accept(scene, ada, adas)).problem?.code).toBe("offer_gone");
    await becomes(scene, ada, adas, "lapsed");
    await ben.api.delete(space.path(`/waitlist/${bens.id}`));
    await until("it is free", () => isFree(scene));
    expect([(await entry(scene, out, outs)).status, (await entry(scene, ben, bens)).status]).toEqual([
      "waiting",
      "left",
    ]);
  });

  it("of any machine of a category is offered, one at a time", async () => {
    const scene = await makeScene();
    const { space, machine, ada, desk } = scene;
    const booked = await space.booked(desk.api, machine, { ...slotIn(24), member_id: desk.member.id });
    const mine = await ada.api.post<WaitlistEntry>(space.path("/waitlist"), {
      category: "laser_cutter",
      ...windowOf(slotIn(24)),
    });
    expect(mine).toMatchObject({ category: "laser_cutter", equipment_id: null });
    await until("the machine knows", () =>
      inObject(space, machine, async (object) => {
        const { ctx } = object as unknown as { ctx: DurableObjectState };
        return ctx.storage.sql.exec("SELECT 1 FROM waiting").toArray().length === 1;
      }),
    );
    await space.step(desk.api, booked, "cancel");
    expect((await becomes(scene, ada, mine, "offered")).offer?.equipment_id).toBe(machine.id);
    expect((await accept(scene, ada, mine)).status).toBe(201);
  });

  it("is free when nobody waits for it, when it is too short, or when it is at another time", async () => {
    const scene = await makeScene();
    const { space, machine, ada, ben, desk } = scene;
    const free = async (slot: Slot) => {
      const booked = await space.booked(desk.api, machine, { ...slot, member_id: desk.member.id });
      await space.step(desk.api, booked, "cancel");
      return isFree(scene);
    };
    expect(await free(slotIn(24))).toBe(true);
    await wait(scene, ada, slotIn(40, 240), 240);
    expect(await free(slotIn(30))).toBe(true);
    // Four hours that do not fit between two others.
    await space.booked(ben.api, machine, slotIn(43));
    const booked = await space.booked(desk.api, machine, { ...slotIn(41), member_id: desk.member.id });
    await space.step(desk.api, booked, "cancel");
    expect((await held(scene)).map(({ kind }) => kind)).toEqual(["reservation"]);
  });
});

describe.concurrent("an offer", () => {
  it("is asked about again: the gate counts at the yes", async () => {
    const scene = await makeScene();
    const { space, machine, ada, desk } = scene;
    const booked = await space.booked(desk.api, machine, { ...slotIn(24), member_id: desk.member.id });
    const mine = await wait(scene, ada, slotIn(24));
    await space.step(desk.api, booked, "cancel");
    await becomes(scene, ada, mine, "offered");
    await onPlan(space, ada, { excluded_equipment_ids: [machine.id] });
    expect((await accept(scene, ada, mine)).problem?.code).toBe("booking_refused");
    expect((await held(scene)).map(({ kind }) => kind)).toEqual(["offer"]);
    await space.root.post(space.path(`/members/${ada.member.id}/suspend`), { reason: "x" });
    await until("it is free", () => isFree(scene));
  });

  it("is taken once, however many say yes at the same time", async () => {
    const scene = await makeScene();
    const { space, machine, ada, desk } = scene;
    const booked = await space.booked(desk.api, machine, { ...slotIn(24), member_id: desk.member.id });
    const mine = await wait(scene, ada, slotIn(24));
    await space.step(desk.api, booked, "cancel");
    await becomes(scene, ada, mine, "offered");
    const answers = await Promise.all(Array.from({ length: 20 }, () => accept(scene, ada, mine)));
    const counts = Object.groupBy(answers, ({ status, problem }) => `${status} ${problem?.code ?? ""}`);
    expect(Object.fromEntries(Object.entries(counts).map(([name, all]) => [name, all?.length]))).toEqual({
      "201 ": 1,
      "409 offer_gone": 19,
    });
    expect((await held(scene)).map(({ kind }) => kind)).toEqual(["reservation"]);
  });
});

describe("an entry", () => {
  it("is one's own; the staff see all, and everything that is wrong with it is said", async () => {
    const scene = await makeScene();
    const { space, machine, ada, ben, desk } = scene;
    const mine = await wait(scene, ada, slotIn(24));
    const again = await ada.api.send("POST", pathOf(scene), { body: windowOf(slotIn(24)) });
    expect([again.status, again.problem?.code]).toEqual([409, "already_waiting"]);
    const wrong = [
      windowOf(slotIn(24), 90),
      windowOf(slotIn(-30)),
      { ...windowOf(slotIn(24)), window_ends_at: slotIn(24 * 40).ends_at },
    ];
    for (const body of wrong) expect((await ada.api.send("POST", pathOf(scene), { body })).status).toBe(422);
    expect(
      (await ben.api.send("POST", pathOf(scene), { body: { ...windowOf(slotIn(24)), member_id: ada.member.id } }))
        .status,
    ).toBe(403);
    await desk.api.post(pathOf(scene), { ...windowOf(slotIn(26)), member_id: ben.member.id });
    const list = async ({ api }: Person, query = "") =>
      (await api.get<Page<WaitlistEntry>>(space.path(`/waitlist${query}`))).data.map(({ member_id }) => member_id);
    expect([await list(ada), await list(desk)]).toEqual([[ada.member.id], [ada.member.id, ben.member.id]]);
    expect(await list(desk, `?equipment_id=${machine.id}&member_id=${ben.member.id}&status=waiting`)).toEqual([
      ben.member.id,
    ]);
    for (const query of ["", `?equipment_id=${machine.id}`, `?member_id=${ada.member.id}&sort=-created_at`]) {
      const plan = await stepsOf(desk.api, space.path(`/waitlist${query}`), /from "waitlist_entries"/);
      expect(plan.filter((step) => / SCAN |TEMP B-TREE/.test(step))).toEqual([]);
    }
    expect((await ben.api.send("GET", space.path(`/waitlist/${mine.id}`))).status).toBe(404);
    expect((await ben.api.send("DELETE", space.path(`/waitlist/${mine.id}`))).status).toBe(404);
    await ada.api.delete(space.path(`/waitlist/${mine.id}`));
    await ada.api.delete(space.path(`/waitlist/${mine.id}`));
    expect((await entry(scene, ada, mine)).status).toBe("left");
  });
});
