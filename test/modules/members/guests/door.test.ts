/** Guests at the door: on their day, with everything signed, and an active host. */

import { describe, expect, it } from "vitest";
import { whenAbout } from "../../../support/faults.ts";
import { makeGuestHouse, sign, step } from "../../../support/guests.ts";
import { codes } from "../../../support/scene.ts";
import { slotIn, until } from "../../../support/space.ts";
import type { Agreement, Guest, GuestWaivers, Notification } from "../../../support/wire.ts";

describe("at the door", () => {
  it("a guest comes in when everything is signed; the host is told", async () => {
    const { space, ada, desk, invite, waiver } = await makeGuestHouse();
    const guest = await invite(ada.api);
    const refused = await step(space, desk.api, guest, "check_in");
    expect([refused.status, codes(refused)]).toEqual([409, ["waiver_missing"]]);
    expect(await ada.api.get<GuestWaivers>(space.path(`/guests/${guest.id}/waivers`))).toEqual({
      signed: [],
      outstanding: [{ agreement_id: waiver.id, title: "Waiver for guests", number: 1 }],
    });
    expect((await sign(space, ada.api, guest, waiver)).problem?.code).toBe("forbidden");
    expect((await sign(space, desk.api, guest, waiver)).body).toMatchObject({
      signed: [{ agreement_id: waiver.id, number: 1, method: "on_screen", recorded_by: desk.member.id }],
      outstanding: [],
    });
    const arrived = await step(space, desk.api, guest, "check_in");
    expect(arrived.body).toMatchObject({ status: "arrived", arrived_at: expect.any(String), departed_at: null });
    const inside = await (await space.as("safety")).api.all<Guest>(space.path("/guests?status=arrived"));
    expect(inside.map(({ id }) => id)).toEqual([guest.id]);
    await until("the host to be told", async () => {
      const inbox = await ada.api.all<Notification>(space.path("/notifications"));
      return inbox.some(({ type, subject }) => type === "guest.arrived" && subject.id === guest.id);
    });
    expect((await step(space, desk.api, guest, "check_in")).problem?.code).toBe("illegal_transition");
    expect((await step(space, ada.api, guest, "cancel")).problem?.code).toBe("illegal_transition");
    const gone = await step(space, desk.api, guest, "check_out");
    expect(gone.body).toMatchObject({ status: "departed", departed_at: expect.any(String) });
    expect(await desk.api.all(space.path("/guests?status=arrived&visit_on=today"))).toEqual([]);
  });

  it("the newest text counts, and texts that are not for guests are signed by nobody", async () => {
    const { space, ada, desk, invite, waiver } = await makeGuestHouse();
    const rules = await space.root.post<Agreement>(space.path("/agreements"), { title: "Rules", body: "Be careful." });
    const guest = await invite(ada.api);
    expect((await sign(space, desk.api, guest, rules)).problem?.code).toBe("agreement_superseded");
    await sign(space, desk.api, guest, waiver);
    await space.root.post(space.path(`/agreements/${waiver.id}/texts`), { body: "At your very own risk." });
    expect(codes(await step(space, desk.api, guest, "check_in"))).toEqual(["waiver_missing"]);
    expect((await sign(space, desk.api, guest, waiver)).problem?.code).toBe("agreement_superseded");
    await sign(space, desk.api, guest, waiver, 2);
    expect((await step(space, desk.api, guest, "check_in")).status).toBe(200);
    // A waiver for guests alone keeps no member from booking.
    const booked = await space.book(ada.api, await space.machine(), slotIn(24));
    expect(codes(booked)).toEqual(["agreement_missing"]);
    await ada.api.post(space.path(`/agreements/${rules.id}/accept`), { number: 1 });
    expect((await space.book(ada.api, await space.machine(), slotIn(24))).status).toBe(201);
  });

  it("nobody comes in on another day, or with a host who was suspended", async () => {
    const { space, ada, desk, invite, waiver, today, tomorrow } = await makeGuestHouse();
    const [early, due] = [await invite(ada.api, { visit_on: tomorrow }), await invite(ada.api, { visit_on: today })];
    for (const guest of [early, due]) await sign(space, desk.api, guest, waiver);
    expect(codes(await step(space, desk.api, early, "check_in"))).toEqual(["wrong_day"]);
    await space.root.post(space.path(`/members/${ada.member.id}/suspend`), { reason: "Broken saw" });
    expect(codes(await step(space, desk.api, due, "check_in"))).toEqual(["host_not_active"]);
    await space.root.post(space.path(`/members/${ada.member.id}/reactivate`));
    expect((await step(space, desk.api, due, "check_in")).status).toBe(200);
  });

  it("nobody comes in past what changes at that very moment: another text, a host who is suspended", async () => {
    const { space, ada, desk, invite, waiver } = await makeGuestHouse();
    const guest = await invite(ada.api);
    await sign(space, desk.api, guest, waiver);
    const atTheLast = (work: () => Promise<unknown>) => desk.api.by(whenAbout(/update "guest_visits"/i, work));
    const suspended = await step(
      space,
      atTheLast(() => space.root.post(space.path(`/members/${ada.member.id}/suspend`), { reason: "Broken saw" })),
      guest,
      "check_in",
    );
    expect(suspended.problem?.code).toBe("conflict");
    await space.root.post(space.path(`/members/${ada.member.id}/reactivate`));
    const outdated = await step(
      space,
      atTheLast(() => space.root.post(space.path(`/agreements/${waiver.id}/texts`), { body: "Another." })),
      guest,
      "check_in",
    );
    expect(outdated.problem?.code).toBe("conflict");
    await sign(space, desk.api, guest, waiver, 2);
    expect((await step(space, desk.api, guest, "check_in")).status).toBe(200);
  });

  it("comes in once, however many desks let the guest in at once", async () => {
    const { space, ada, desk, invite, waiver } = await makeGuestHouse();
    const guest = await invite(ada.api);
    await sign(space, desk.api, guest, waiver);
    const answers = await Promise.all([
      ...Array.from({ length: 4 }, () => step(space, desk.api, guest, "check_in")),
      step(space, ada.api, guest, "cancel"),
    ]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });
});
