/** The statuses of a membership: the steps between them, and what each of them lets a person do. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { type MemberStep, mayStep, memberTransitions } from "../../../src/modules/members/model.ts";
import { type MembershipStatus, membershipStatuses } from "../../../src/platform/access/membership.ts";
import { Api } from "../../support/api.ts";
import { makeScene } from "../../support/scene.ts";
import { makeSpace, type Person, slotIn, type TestSpace, tokenFor } from "../../support/space.ts";
import type { Me, Member } from "../../support/wire.ts";

/** Puts a membership where only time or a plan brings it. */
const put = (space: TestSpace, { member }: Person, status: MembershipStatus) =>
  env.DB_000.prepare("UPDATE members SET status = ? WHERE makerspace_id = ? AND id = ?")
    .bind(status, space.id, member.id)
    .run();

describe("the table of transitions", () => {
  it("leads from every status to another one that exists, and never back to where it came from", () => {
    for (const { from, to } of Object.values(memberTransitions)) {
      for (const status of [...from, ...to]) expect(membershipStatuses).toContain(status);
      expect(from.filter((status) => (to as readonly string[]).includes(status))).toEqual([]);
    }
    const steps = Object.keys(memberTransitions) as MemberStep[];
    const reachable = new Set(steps.flatMap((step) => memberTransitions[step].to));
    expect([...reachable].sort()).toEqual([...membershipStatuses].sort());
    expect(steps.filter((step) => mayStep(step, "left"))).toEqual(["reactivate", "rejoin"]);
  });

  it("is what the routes follow: every step from every status", async () => {
    const space = await makeSpace();
    const steps: [MemberStep, "POST" | "DELETE", string][] = [
      ["suspend", "POST", "/suspend"],
      ["reactivate", "POST", "/reactivate"],
      ["remove", "DELETE", ""],
    ];
    for (const [step, method, rest] of steps) {
      for (const status of membershipStatuses) {
        const person = await space.person();
        await put(space, person, status);
        const body = step === "suspend" ? { body: { reason: "a test" } } : {};
        const answer = await space.root.send<Member>(method, space.path(`/members/${person.member.id}${rest}`), body);
        const told = answer.problem ? `${answer.problem.code} ${answer.problem.current_status}` : "done";
        expect(told, `${step} from ${status}`).toBe(mayStep(step, status) ? "done" : `illegal_transition ${status}`);
      }
    }
  });
});

describe("a member", () => {
  it("who is pending or suspended is told so, and who left is a stranger", async () => {
    const space = await makeSpace();
    const expected = { pending: "membership_pending", suspended: "membership_suspended", left: "not_found" } as const;
    for (const [status, code] of Object.entries(expected)) {
      const person = await space.person();
      await put(space, person, status as MembershipStatus);
      expect((await person.api.refused("GET", space.path("/equipment"))).code).toBe(code);
    }
  });

  it("who has expired signs in and reads their own, but books nothing", async () => {
    const { space, machine, ada } = await makeScene();
    const booked = await space.booked(ada.api, machine, slotIn(30));
    await put(space, ada, "expired");
    expect(await ada.api.get<Member>(space.path("/members/me"))).toMatchObject({ status: "expired" });
    expect((await ada.api.send("GET", space.bookings(machine, `/${booked.id}`))).status).toBe(200);
    const refused = await space.book(ada.api, machine, slotIn(24));
    expect(refused.problem).toMatchObject({ code: "booking_refused", reasons: [{ code: "membership_expired" }] });
    const { api } = await space.as("desk");
    const byStaff = await space.book(api, machine, { ...slotIn(26), member_id: ada.member.id });
    expect(byStaff.problem).toMatchObject({ code: "booking_refused", reasons: [{ code: "membership_expired" }] });
  });

  it("who comes back is active, or expired when their membership ended meanwhile", async () => {
    const space = await makeSpace();
    const people = [await space.person(), await space.person(), await space.as("admin")];
    const plan = await space.root.get<{ data: { id: string }[] }>(space.path("/plans?limit=1"));
    for (const { member } of people) {
      await space.root.post(space.path(`/members/${member.id}/memberships`), { plan_id: plan.data[0]?.id });
      await space.root.post(space.path(`/members/${member.id}/suspend`), { reason: "a test" });
    }
    const [, ended, staff] = people as [Person, Person, Person];
    const end = env.DB_000.prepare(
      "UPDATE memberships SET status = 'expired' WHERE makerspace_id = ? AND member_id = ?",
    );
    await env.DB_000.batch([ended, staff].map(({ member }) => end.bind(space.id, member.id)));
    const back = await Promise.all(
      people.map(({ member }) => space.root.post<Member>(space.path(`/members/${member.id}/reactivate`))),
    );
    expect(back.map(({ status }) => status)).toEqual(["active", "expired", "active"]);
  });

  it("who was removed loses their bookings, keeps their history, and can be taken back", async () => {
    const { space, machine, ada, desk } = await makeScene();
    const booked = await space.booked(ada.api, machine, slotIn(30));
    const path = space.path(`/members/${ada.member.id}`);
    await space.root.delete(path);
    expect((await ada.api.refused("GET", space.path("/members/me"))).code).toBe("not_found");
    expect((await ada.api.get<Me>("/api/v1/me")).memberships).toMatchObject([{ status: "left" }]);
    expect(await desk.api.get(space.bookings(machine, `/${booked.id}`))).toMatchObject({ status: "cancelled" });
    expect(await desk.api.get<Member>(path)).toMatchObject({ status: "left", left_at: expect.any(String) });
    const back = await space.root.post<Member>(`${path}/reactivate`);
    expect(back).toMatchObject({ status: "active", left_at: null, joined_at: ada.member.joined_at });
    expect((await ada.api.get<Member>(space.path("/members/me"))).status).toBe("active");
  });

  it("who was removed before they ever signed in is not let in by their address", async () => {
    const space = await makeSpace();
    const email = `${crypto.randomUUID()}@example.org`;
    const body = { email, first_name: "Ada", last_name: "Byron", role: "user" };
    const { id } = await space.root.post<Member>(space.path("/members"), body);
    await space.root.delete(space.path(`/members/${id}`));
    const api = new Api(await tokenFor(`late-${crypto.randomUUID()}`, [], email));
    expect((await api.refused("GET", space.path())).code).toBe("not_found");
  });

  it("who left is nobody here although they are a super_admin, who acts as one", async () => {
    const space = await makeSpace();
    const person = await space.person();
    const api = new Api(await tokenFor(person.sub, ["super_admin"], person.email));
    await space.root.delete(space.path(`/members/${person.member.id}`));
    expect((await api.refused("GET", space.path("/members/me"))).code).toBe("forbidden");
    expect((await api.send("GET", space.path("/members"))).status).toBe(200);
  });

  it("was here at some hour, noted once, without a new version", async () => {
    const space = await makeSpace();
    const { api, member } = await space.person();
    expect(member.last_seen_at).toBeNull();
    await api.get(space.path());
    const seen = await space.root.get<Member>(space.path(`/members/${member.id}`));
    expect(seen.last_seen_at).toMatch(/:00:00\.000Z$/);
    expect(Date.now() - Date.parse(seen.last_seen_at ?? "")).toBeLessThan(3_600_000 + 60_000);
    expect(seen).toMatchObject({ version: 1, updated_at: member.updated_at });
  });
});
