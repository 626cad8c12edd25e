/** The same step for many members at once, and figures about them. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { makeFamily } from "../../support/billing-groups.ts";
import { beErased } from "../../support/erasing.ts";
import { whenAbout } from "../../support/faults.ts";
import { LiveSocket } from "../../support/live.ts";
import { makeSpace, makeTwoSpaces, type Person, type TestSpace, until } from "../../support/space.ts";
import type { Member } from "../../support/wire.ts";

afterEach(() => {
  vi.useRealTimers();
});

interface Results {
  results: { id: string; ok: boolean; problem?: { code: string; detail: string } }[];
}

const bulk = (space: TestSpace, people: { member: { id: string } }[], step: object, atomic = false) => ({
  path: space.path("/members/bulk"),
  body: { member_ids: people.map(({ member }) => member.id), do: step, atomic },
});

const statusesOf = (space: TestSpace, people: Person[]): Promise<string[]> =>
  Promise.all(
    people.map(async ({ member }) => (await space.root.get<Member>(space.path(`/members/${member.id}`))).status),
  );

const waitAgain = (space: TestSpace, people: Person[]) =>
  env.DB_000.prepare(
    "UPDATE members SET status = 'pending' WHERE makerspace_id = ? AND id IN (SELECT value FROM json_each(?))",
  )
    .bind(space.id, JSON.stringify(people.map(({ member }) => member.id)))
    .run();

describe("a step for many members", () => {
  it("is taken by each for itself, with a result per id in the order asked", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [one, two, foreign] = [await home.person(), await home.person(), await abroad.person()];
    await home.root.post(home.path(`/members/${two.member.id}/suspend`), { reason: "before" });
    const socket = await LiveSocket.open(one.api, home.path("/floor"));
    await socket.heard(/snapshot/);
    const unknown = { member: { id: crypto.randomUUID() } };
    const { path, body } = bulk(home, [one, two, foreign, unknown], { operation: "suspend", reason: "a test" });
    const { results } = await home.root.post<Results>(path, body);
    expect(results.map(({ id, ok, problem }) => [id, ok, problem?.code])).toEqual([
      [one.member.id, true, undefined],
      [two.member.id, false, "illegal_transition"],
      [foreign.member.id, false, "not_found"],
      [unknown.member.id, false, "not_found"],
    ]);
    expect((await one.api.refused("GET", home.path())).code).toBe("membership_suspended");
    expect((await socket.closed).code).toBe(4403);
    expect((await foreign.api.send("GET", abroad.path())).status).toBe(200);
  });

  it("does what the single routes do: labels, duties, roles, leaving and coming back", async () => {
    const space = await makeSpace();
    const people = [await space.person(), await space.person()];
    const [first] = people as [Person];
    const run = async (step: object) => {
      const { path, body } = bulk(space, people, step);
      const { results } = await space.root.post<Results>(path, body);
      expect(
        results.every(({ ok }) => ok),
        JSON.stringify(results),
      ).toBe(true);
      return space.root.get<Member>(space.path(`/members/${first.member.id}`));
    };
    expect((await run({ operation: "add_tag", tag: "night" })).tags).toEqual(["night"]);
    expect((await run({ operation: "add_tag", tag: "early" })).tags).toEqual(["early", "night"]);
    const again = await run({ operation: "add_tag", tag: "night" });
    expect((await run({ operation: "remove_tag", tag: "night" })).tags).toEqual(["early"]);
    expect((await run({ operation: "grant_duty", duty: "desk" })).duties).toMatchObject([{ duty: "desk" }]);
    expect((await run({ operation: "revoke_duty", duty: "desk" })).duties).toEqual([]);
    expect((await run({ operation: "change_role", role: "admin" })).role).toBe("admin");
    expect((await run({ operation: "remove" })).status).toBe("left");
    expect((await run({ operation: "reactivate" })).status).toBe("active");
    // A label that was there already is no change.
    expect(again.version).toBe(3);
  });

  it("a no to who pays for others is refused alone, and not when they are refused before", async () => {
    const { space, ada, ben } = await makeFamily();
    const other = await space.person();
    await waitAgain(space, [ada, ben, other]);
    const decline = { operation: "decline", reason: "full" };
    const one = bulk(space, [ada, other], decline);
    const { results } = await space.root.post<Results>(one.path, one.body);
    expect(results.map(({ ok, problem }) => [ok, problem?.code])).toEqual([
      [false, "payer_of_group"],
      [true, undefined],
    ]);
    const alone = await space.root.refused("POST", space.path(`/members/${ada.member.id}/decline`), {
      body: { reason: "full" },
    });
    expect(alone).toMatchObject({ status: 409, code: "payer_of_group" });
    const both = bulk(space, [ben, ada], decline, true);
    await space.root.post<Results>(both.path, both.body);
    expect(await statusesOf(space, [ada, ben])).toEqual(["left", "left"]);
  });

  it("a no takes the duties, too", async () => {
    const space = await makeSpace();
    const trainer = await space.as("trainer");
    await waitAgain(space, [trainer]);
    const { path, body } = bulk(space, [trainer], { operation: "decline", reason: "full" });
    await space.root.post<Results>(path, body);
    expect((await space.root.get<Member>(space.path(`/members/${trainer.member.id}`))).duties).toEqual([]);
  });

  it("lets nobody back in who is being erased", async () => {
    const space = await makeSpace();
    const people = [await space.person(), await space.person()];
    const [gone, other] = people as [Person, Person];
    const leave = bulk(space, people, { operation: "remove" });
    await space.root.post<Results>(leave.path, leave.body);
    await beErased(space.id, gone.member.id);
    const back = bulk(space, people, { operation: "reactivate" });
    const { results } = await space.root.post<Results>(back.path, back.body);
    expect(results.map(({ ok, problem }) => [ok, problem?.code])).toEqual([
      [false, "illegal_transition"],
      [true, undefined],
    ]);
    const single = await space.root.refused("POST", space.path(`/members/${gone.member.id}/reactivate`));
    expect(single).toMatchObject({ status: 409, code: "illegal_transition" });
    expect(await statusesOf(space, [gone, other])).toEqual(["left", "active"]);
  });

  it("is taken by all or by none when it is atomic, and each refusal is named", async () => {
    const space = await makeSpace();
    const people = [await space.person(), await space.person(), await space.person()];
    const [, two] = people as [Person, Person];
    await space.root.post(space.path(`/members/${two.member.id}/suspend`), { reason: "before" });
    const suspend = bulk(space, people, { operation: "suspend", reason: "a test" }, true);
    const refused = await space.root.refused("POST", suspend.path, { body: suspend.body });
    expect(refused).toMatchObject({
      status: 409,
      code: "bulk_refused",
      errors: [{ pointer: "/member_ids/1", code: "illegal_transition" }],
    });
    expect(await statusesOf(space, people)).toEqual(["active", "suspended", "active"]);
    await space.root.post(space.path(`/members/${two.member.id}/reactivate`));
    const { results } = await space.root.post<Results>(suspend.path, suspend.body);
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(await statusesOf(space, people)).toEqual(["suspended", "suspended", "suspended"]);
  });

  it("never takes the last administrator, alone or together with all the others", async () => {
    const space = await makeSpace();
    const people = [await space.as("makerspace_admin"), await space.person({ role: "makerspace_admin" })];
    for (const operation of ["suspend", "remove"]) {
      const { path, body } = bulk(
        space,
        people,
        { operation, reason: operation === "suspend" ? "x" : undefined },
        true,
      );
      expect(await space.root.refused("POST", path, { body })).toMatchObject({
        code: "bulk_refused",
        errors: [{ pointer: "/member_ids/1", code: "last_administrator" }],
      });
      expect(await statusesOf(space, people)).toEqual(["active", "active"]);
    }
    const { path, body } = bulk(space, people, { operation: "change_role", role: "user" });
    const { results } = await space.root.post<Results>(path, body);
    expect(results.map(({ ok, problem }) => problem?.code ?? ok)).toEqual([true, "last_administrator"]);
  });

  it("leaves an administrator however many others are taken away at that moment", async () => {
    const space = await makeSpace();
    const people = [await space.as("makerspace_admin"), await space.person({ role: "makerspace_admin" })];
    const [one, two] = people as [Person, Person];
    const remove = (person: Person) => () => space.root.delete(space.path(`/members/${person.member.id}`));
    const racing = space.root.by(whenAbout(/UPDATE "members"/, remove(two)));
    const { path, body } = bulk(space, [one], { operation: "suspend", reason: "x" });
    const { results } = await racing.post<Results>(path, body);
    expect(results).toMatchObject([{ ok: false, problem: { code: "last_administrator" } }]);
    expect(await statusesOf(space, people)).toEqual(["active", "left"]);
  });

  it("looks again at who was changed while it was at work: they are judged anew, the others are not kept waiting", async () => {
    const space = await makeSpace();
    const people = [await space.person(), await space.person(), await space.person()];
    const suspended = (person: Person | undefined) => () =>
      space.root.post(space.path(`/members/${person?.member.id}/suspend`), { reason: "faster" });
    const racing = space.root.by(whenAbout(/UPDATE "members"/, suspended(people[1])));
    const { path, body } = bulk(space, people, { operation: "suspend", reason: "x" });
    const { results } = await racing.post<Results>(path, body);
    expect(results.map(({ ok, problem }) => problem?.code ?? ok)).toEqual([true, "illegal_transition", true]);
    const reasons = people.map(({ member }) => space.root.get<Member>(space.path(`/members/${member.id}`)));
    expect((await Promise.all(reasons)).map(({ status_reason }) => status_reason)).toEqual(["x", "faster", "x"]);
  });

  it("lets nobody back in who is banned, not even one who is banned at that moment", async () => {
    const space = await makeSpace();
    const people = [await space.person(), await space.person(), await space.person()];
    const ban = (person: Person | undefined) =>
      space.root.post(space.path("/bans"), { member_id: person?.member.id, reason_code: "theft" });
    await ban(people[0]);
    for (const { member } of people.slice(1)) await space.root.delete(space.path(`/members/${member.id}`));
    const racing = space.root.by(whenAbout(/UPDATE "members"/, () => ban(people[1])));
    const { path, body } = bulk(space, people, { operation: "reactivate" });
    const { results } = await racing.post<Results>(path, body);
    expect(results.map(({ ok, problem }) => problem?.code ?? ok)).toEqual(["banned", "banned", true]);
    expect(await statusesOf(space, people)).toEqual(["left", "left", "active"]);
  });

  it("is refused for more than five hundred, for one twice, and by who may not", async () => {
    const space = await makeSpace();
    const one = await space.person();
    const step = { operation: "approve" };
    const many = { member_ids: Array.from({ length: 501 }, () => crypto.randomUUID()), do: step };
    const twice = bulk(space, [one, one], step);
    for (const body of [many, twice.body]) {
      expect((await space.root.refused("POST", twice.path, { body })).code).toBe("invalid_body");
    }
    const { api } = await space.as("desk");
    expect((await api.refused("POST", twice.path, { body: bulk(space, [one], step).body })).code).toBe("forbidden");
  });
});

describe("figures about members", () => {
  interface Statistics {
    by_status: Record<string, number>;
    by_role: Record<string, number>;
    by_plan: { plan_id: string; members: number }[];
    new_this_month: number;
    expiring: number;
  }

  const figures = (space: TestSpace) => space.root.get<Statistics>(space.path("/members/statistics"));

  it("count every status and role, and who is new this month on the makerspace's clock", async () => {
    const space = await makeSpace({ timezone: "Pacific/Kiritimati" });
    const people = [await space.person(), await space.person(), await space.as("makerspace_admin")];
    const [one, two] = people as [Person, Person];
    await space.root.post(space.path(`/members/${one.member.id}/suspend`), { reason: "x" });
    expect(await figures(space)).toMatchObject({
      by_status: { pending: 0, active: 2, suspended: 1, expired: 0, left: 0 },
      by_role: { makerspace_admin: 1, admin: 0, user: 1, service_provider: 0 },
      by_plan: [],
      new_this_month: 3,
      expiring: 0,
    });
    // The first of the month begins there fourteen hours before it begins in Greenwich.
    const first = new Date();
    first.setUTCDate(1);
    first.setUTCHours(0, 0, 0, 0);
    const begins = first.getTime() - 14 * 3_600_000;
    vi.useFakeTimers({ toFake: ["Date"], now: first.getTime() + 3_600_000 });
    const put = (person: Person, joined_at: number) =>
      env.DB_000.prepare("UPDATE members SET joined_at = ? WHERE id = ?").bind(joined_at, person.member.id).run();
    await put(one, begins - 1);
    await put(two, begins);
    await put(people[2] as Person, begins - 1);
    const { members } = { members: (await figures(space)).new_this_month };
    expect(members).toBe(1);
  });

  it("are for who manages members", async () => {
    const space = await makeSpace();
    const { api } = await space.as("user");
    expect((await api.refused("GET", space.path("/members/statistics"))).code).toBe("forbidden");
    await until("the figures", async () => (await figures(space)).by_status.active === 1);
  });
});
