/** Guests: invited for a day by an active host, as many as the host's plan gives. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { DAY } from "../../../../src/platform/time.ts";
import type { Api } from "../../../support/api.ts";
import { asked, makeGuestHouse, step } from "../../../support/guests.ts";
import { codes } from "../../../support/scene.ts";
import { makeTwoSpaces, type TestSpace } from "../../../support/space.ts";
import type { Guest, GuestPasses } from "../../../support/wire.ts";

const passes = (space: TestSpace, api: Api) => api.get<GuestPasses>(space.path("/members/me/guest_passes"));

describe("a guest", () => {
  it("is invited for a day by a host, and seen by the host and by staff", async () => {
    const { space, ada, desk, today, invite } = await makeGuestHouse();
    const guest = await invite(ada.api);
    expect(guest).toMatchObject({
      host_member_id: ada.member.id,
      host_display_name: ada.member.display_name,
      name: "Grace Hopper",
      visit_on: today,
      status: "expected",
      uses_pass: true,
    });
    expect(Date.parse(guest.ends_at) - Date.parse(guest.starts_at)).toBeGreaterThanOrEqual(DAY - 3_600_000);
    const ben = await space.person();
    for (const { api } of [ada, desk, await space.as("safety")]) {
      expect(await api.all<Guest>(space.path("/guests"))).toEqual([guest]);
      expect(await api.get<Guest>(space.path(`/guests/${guest.id}`))).toEqual(guest);
    }
    expect(await ben.api.all(space.path("/guests"))).toEqual([]);
    expect((await ben.api.refused("GET", space.path(`/guests/${guest.id}`))).code).toBe("not_found");
    expect((await ben.api.refused("GET", space.path(`/guests?host_member_id=${ada.member.id}`))).code).toBe(
      "forbidden",
    );
    expect((await step(space, ben.api, guest, "cancel")).problem?.code).toBe("not_found");
    expect((await step(space, ada.api, guest, "check_in")).problem?.code).toBe("forbidden");
  });

  it("is invited neither for yesterday, nor for the year after next, nor in somebody else's name", async () => {
    const { space, ada, desk, today } = await makeGuestHouse();
    for (const visit_on of ["2020-02-29", "2099-01-01", "2026-02-30"]) {
      expect((await asked(space, ada.api, { visit_on })).status, visit_on).toBe(422);
    }
    const body = { visit_on: today, host_member_id: desk.member.id };
    expect((await asked(space, ada.api, body)).problem?.code).toBe("forbidden");
    expect((await asked(space, ada.api, { visit_on: today, beyond_plan: true })).problem?.code).toBe("forbidden");
    const { home, abroad } = await makeTwoSpaces();
    const theirs = { visit_on: today, host_member_id: (await abroad.person()).member.id };
    expect((await asked(home, home.root, theirs)).problem?.code).toBe("unknown_reference");
  });

  it("comes with an active host whose membership runs on that day", async () => {
    const { space, ada, membership, today, tomorrow, step: turn } = await makeGuestHouse();
    const without = await space.person();
    const refused = await asked(space, without.api, { visit_on: today });
    expect([refused.status, codes(refused)]).toEqual([409, ["membership_required"]]);
    await turn(membership, "pause");
    expect(codes(await asked(space, ada.api, { visit_on: today }))).toEqual(["membership_paused"]);
    await turn(membership, "resume");
    const later = membership.ends_at?.slice(0, 10) ?? "";
    await turn(membership, "cancel");
    expect((await asked(space, ada.api, { visit_on: tomorrow })).status).toBe(201);
    const after = new Date(Date.parse(later) + 2 * DAY).toISOString().slice(0, 10);
    expect(codes(await asked(space, ada.api, { visit_on: after }))).toEqual(["outside_membership"]);
    await space.root.post(space.path(`/members/${ada.member.id}/suspend`), { reason: "Broken saw" });
    const body = { visit_on: today, host_member_id: ada.member.id };
    expect(codes(await asked(space, space.root, body))).toEqual(["host_not_active"]);
  });
});

describe("the passes of a plan", () => {
  it("are as many as it says per cycle; staff go beyond, and that uses up none", async () => {
    const { space, ada, desk, today, tomorrow, membership, invite } = await makeGuestHouse({
      guest_passes_per_cycle: 2,
    });
    expect(await passes(space, ada.api)).toMatchObject({ limit: 2, used: 0, left: 2 });
    await invite(ada.api, { visit_on: today });
    await invite(desk.api, { visit_on: tomorrow, host_member_id: ada.member.id });
    const refused = await asked(space, ada.api, { visit_on: today });
    expect(refused.problem).toMatchObject({
      code: "guest_refused",
      reasons: [{ code: "guest_passes_used_up", limit: { guest_passes_per_cycle: 2, guest_passes_used: 2 } }],
    });
    const forHost = { visit_on: today, host_member_id: ada.member.id };
    expect(codes(await asked(space, desk.api, forHost))).toEqual(["guest_passes_used_up"]);
    const gift = await invite(desk.api, { ...forHost, beyond_plan: true });
    expect(gift.uses_pass).toBe(false);
    expect(await passes(space, ada.api)).toMatchObject({ limit: 2, used: 2, left: 0 });
    const next = membership.ends_at?.slice(0, 10) ?? "";
    const inNextCycle = new Date(Date.parse(next) + 2 * DAY).toISOString().slice(0, 10);
    // This membership renews by itself, so the next cycle has passes of its own.
    await env.DB_000.prepare("UPDATE memberships SET auto_renew = 1 WHERE id = ?").bind(membership.id).run();
    await invite(ada.api, { visit_on: inNextCycle });
    expect(codes(await asked(space, ada.api, { visit_on: today }))).toEqual(["guest_passes_used_up"]);
  });

  it("of none admit nobody, without a limit anybody", async () => {
    const none = await makeGuestHouse({ guest_passes_per_cycle: 0 });
    expect(codes(await asked(none.space, none.ada.api, { visit_on: none.today }))).toEqual(["guest_passes_used_up"]);
    const many = await makeGuestHouse();
    await many.invite(many.ada.api);
    expect(await passes(many.space, many.ada.api)).toMatchObject({ limit: null, used: 1, left: null });
  });

  it("are never given out twice: of twelve who ask at once three get one", async () => {
    const { space, ada, today, tomorrow } = await makeGuestHouse({ guest_passes_per_cycle: 3 });
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        asked(space, ada.api, { name: `Guest ${index}`, visit_on: index % 2 === 0 ? today : tomorrow }),
      ),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused.map(codes)).toEqual(Array.from({ length: 9 }, () => ["guest_passes_used_up"]));
    expect(await ada.api.all(space.path("/guests"))).toHaveLength(3);
  });

  it("come back when a visit is cancelled before its day; on the day only when staff cancel", async () => {
    const { space, ada, desk, today, tomorrow, invite } = await makeGuestHouse({ guest_passes_per_cycle: 1 });
    const early = await invite(ada.api, { visit_on: tomorrow });
    expect((await step(space, ada.api, early, "cancel")).body).toMatchObject({ status: "cancelled", uses_pass: false });
    const late = await invite(ada.api, { visit_on: today });
    expect((await step(space, ada.api, late, "cancel")).body).toMatchObject({ status: "cancelled", uses_pass: true });
    expect(codes(await asked(space, ada.api, { visit_on: today }))).toEqual(["guest_passes_used_up"]);
    expect((await step(space, ada.api, late, "cancel")).problem?.code).toBe("illegal_transition");
    const { space: other, ada: host, desk: staff, invite: ask } = await makeGuestHouse({ guest_passes_per_cycle: 1 });
    const mistake = await ask(host.api);
    expect((await step(other, staff.api, mistake, "cancel")).body).toMatchObject({ uses_pass: false });
    expect((await asked(other, host.api, { visit_on: today })).status).toBe(201);
    expect(desk.member.id).not.toBe(staff.member.id);
  });
});
