/** Roles and duties: given by those who may do as much, for machines and until a moment; and a makerspace never loses its last administrator. */

import { afterEach, describe, expect, it, vi } from "vitest";
import { HOUR } from "../../../src/platform/time.ts";
import { LiveSocket } from "../../support/live.ts";
import { iso, makeSpace, makeTwoSpaces, type Person, type TestSpace } from "../../support/space.ts";
import type { Equipment, Member } from "../../support/wire.ts";

afterEach(() => {
  vi.useRealTimers();
});

const pathOf = (space: TestSpace, { member }: Person, rest = ""): string => space.path(`/members/${member.id}${rest}`);

describe("a duty", () => {
  it("is granted for a machine until a moment, reaches as far and no longer, and is taken back", async () => {
    const space = await makeSpace();
    const [mine, other] = [await space.machine(), await space.machine()];
    const [admin, one] = [await space.as("makerspace_admin"), await space.person()];
    const change = async (machine: Equipment) =>
      (await one.api.send("PATCH", space.path(`/equipment/${machine.id}`), { body: { notes: "oiled" } })).status;
    expect(await change(mine)).toBe(403);
    const ends_at = iso(Date.now() + HOUR);
    const body = { equipment_ids: [mine.id], ends_at };
    const granted = await admin.api.must<Member>("PUT", pathOf(space, one, "/duties/maintainer"), { body });
    expect(granted).toMatchObject({ duties: [{ duty: "maintainer", ...body }], version: 2 });
    expect([await change(mine), await change(other)]).toEqual([200, 403]);
    const wider = await admin.api.must<Member>("PUT", pathOf(space, one, "/duties/maintainer"), { body: { ends_at } });
    expect(wider.duties).toEqual([{ duty: "maintainer", equipment_ids: null, ends_at }]);
    expect(await change(other)).toBe(200);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * HOUR });
    expect(await change(mine)).toBe(403);
    vi.useRealTimers();
    await admin.api.delete(pathOf(space, one, "/duties/maintainer"));
    expect(await change(mine)).toBe(403);
    expect((await admin.api.refused("DELETE", pathOf(space, one, "/duties/maintainer"))).code).toBe("not_found");
  });

  it("is refused when it is unknown, over already, for somebody who left, or in another makerspace", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [admin, one] = [await home.as("makerspace_admin"), await home.person()];
    const grant = async (path: string, body: object = {}) => (await admin.api.refused("PUT", path, { body })).code;
    expect(await grant(pathOf(home, one, "/duties/king"))).toBe("not_found");
    expect(await grant(pathOf(home, one, "/duties/desk"), { ends_at: iso(Date.now() - HOUR) })).toBe("invalid_body");
    expect(await grant(pathOf(abroad, one, "/duties/desk"))).toBe("not_found");
    await home.root.delete(pathOf(home, one));
    expect(await grant(pathOf(home, one, "/duties/desk"))).toBe("illegal_transition");
  });

  it("is granted by nobody who lacks it: staff of every kind are refused, by their permission or by their reach", async () => {
    const space = await makeSpace();
    const one = await space.person();
    for (const [who, { api }] of await space.everybody()) {
      if (who === "makerspace_admin") continue;
      for (const [method, rest] of [
        ["PUT", "/duties/desk"],
        ["POST", "/role"],
      ] as const) {
        const body = method === "PUT" ? {} : { role: "makerspace_admin" };
        expect((await api.refused(method, pathOf(space, one, rest), { body })).code, who).toBe("forbidden");
      }
    }
  });

  it("reaches machines of this makerspace alone, however it is given", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [mine, theirs] = [await home.machine(), await abroad.machine()];
    const one = await home.person();
    const duty = { duty: "maintainer", equipment_ids: [mine.id, theirs.id] };
    const whole = { email: "n@example.org", first_name: "N", last_name: "", role: "user" };
    const wishes: [string, "PUT" | "POST", string, object, string][] = [
      ["granted", "PUT", pathOf(home, one, "/duties/maintainer"), { equipment_ids: duty.equipment_ids }, ""],
      ["added", "POST", home.path("/members"), { ...whole, duties: [duty] }, "/duties/0"],
      ["invited", "POST", home.path("/invites"), { ...whole, duties: [{ duty: "desk" }, duty] }, "/duties/1"],
      [
        "given to many",
        "POST",
        home.path("/members/bulk"),
        { member_ids: [one.member.id], do: { operation: "grant_duty", ...duty } },
        "/do",
      ],
    ];
    for (const [how, method, path, body, place] of wishes) {
      const refused = await home.root.refused(method, path, { body });
      const errors = [{ pointer: `${place}/equipment_ids/1`, code: "unknown", detail: "names no machine" }];
      expect(refused, how).toMatchObject({ code: "unknown_reference", errors });
    }
    const read = await home.root.get<Member>(pathOf(home, one));
    expect([read.duties, read.version]).toEqual([[], 1]);
    await home.root.must("PUT", pathOf(home, one, "/duties/maintainer"), { body: { equipment_ids: [mine.id] } });
  });

  it("that changes closes the sockets of its holder, so that they open again with what they may see", async () => {
    const space = await makeSpace();
    const [one, other] = [await space.person(), await space.person()];
    const open = ({ api }: Person) => LiveSocket.open(api, space.path("/floor"));
    const [socket, spared] = [await open(one), await open(other)];
    for (const each of [socket, spared]) await each.heard(/snapshot/);
    await space.root.must("PUT", pathOf(space, one, "/duties/desk"), { body: {} });
    expect((await socket.closed).code).toBe(4403);
    const again = await open(one);
    await again.heard(/snapshot/);
    await space.root.post(pathOf(space, one, "/role"), { role: "service_provider" });
    expect((await again.closed).code).toBe(4403);
    expect(spared.socket?.readyState).toBe(WebSocket.OPEN);
  });
});

describe("a role", () => {
  it("counts from the next request on", async () => {
    const space = await makeSpace();
    const [admin, one] = [await space.as("makerspace_admin"), await space.person()];
    expect((await one.api.refused("GET", space.path("/tablets"))).code).toBe("forbidden");
    const after = await admin.api.post<Member>(pathOf(space, one, "/role"), { role: "admin" });
    expect(after).toMatchObject({ role: "admin", version: 2 });
    expect((await one.api.send("GET", space.path("/tablets"))).status).toBe(200);
  });
});

describe("the last administrator", () => {
  const losses: Record<string, (by: Person, of: Person, space: TestSpace) => Promise<{ code?: string }>> = {
    demoted: async (by, of, space) =>
      (await by.api.send("POST", pathOf(space, of, "/role"), { body: { role: "user" } })).problem ?? {},
    suspended: async (by, of, space) =>
      (await by.api.send("POST", pathOf(space, of, "/suspend"), { body: { reason: "a test" } })).problem ?? {},
    removed: async (by, of, space) => (await by.api.send("DELETE", pathOf(space, of))).problem ?? {},
  };

  it("is not demoted, suspended or removed, and does not leave, until there is another who can sign in", async () => {
    const space = await makeSpace();
    const one = await space.as("makerspace_admin");
    const root = { ...one, api: space.root };
    // Somebody who was named but never came cannot administer.
    const invited = await space.root.post<Member>(space.path("/members"), {
      email: `${crypto.randomUUID()}@example.org`,
      first_name: "Grace",
      last_name: "Hopper",
      role: "makerspace_admin",
    });
    await space.root.post(space.path(`/members/${invited.id}/approve`));
    for (const [what, lose] of Object.entries(losses)) {
      expect((await lose(root, one, space)).code, what).toBe("last_administrator");
    }
    expect((await one.api.refused("DELETE", space.path("/members/me"))).code).toBe("last_administrator");
    await space.person({ role: "makerspace_admin" });
    await one.api.delete(space.path("/members/me"));
    expect((await one.api.refused("GET", space.path())).code).toBe("not_found");
  });

  it("stays when two who are left act against each other at the same moment, whatever they do", async () => {
    const kinds = Object.keys(losses);
    const space = await makeSpace();
    let admins = [await space.person({ role: "makerspace_admin" }), await space.person({ role: "makerspace_admin" })];
    let refused = 0;
    for (let round = 0; round < 24; round++) {
      const [one, two] = admins as [Person, Person];
      const [first, second] = [kinds[round % 3] ?? "", kinds[Math.floor(round / 3) % 3] ?? ""];
      const answers = await Promise.all([losses[first]?.(one, two, space), losses[second]?.(two, one, space)]);
      refused += answers.filter((answer) => answer?.code === "last_administrator").length;
      const left = await space.root.all<Member>(space.path("/members?role=makerspace_admin&status=active"));
      expect(left.length, `${first} against ${second}: ${JSON.stringify(answers)}`).toBeGreaterThan(0);
      const stayed = admins.filter(({ member }) => left.some(({ id }) => id === member.id));
      admins = [...stayed, await space.person({ role: "makerspace_admin" })];
      if (admins.length < 2) admins.push(await space.person({ role: "makerspace_admin" }));
      for (const extra of admins.splice(2)) await space.root.delete(pathOf(space, extra));
    }
    expect(refused).toBeGreaterThan(0);
  }, 60_000);
});

describe("nobody", () => {
  it("suspends or removes themselves by the door for others", async () => {
    const space = await makeSpace();
    const [one] = [await space.as("makerspace_admin"), await space.person({ role: "makerspace_admin" })];
    const suspended = await one.api.refused("POST", pathOf(space, one, "/suspend"), { body: { reason: "tired" } });
    expect(suspended).toMatchObject({ status: 403, code: "forbidden", detail: "Nobody suspends themselves." });
    expect((await one.api.refused("DELETE", pathOf(space, one))).code).toBe("forbidden");
  });
});
