/** What members learn of each other: a name and what one can do, through no route more. */

import { describe, expect, it } from "vitest";
import { endpointsOf, openApi } from "../../support/contract.ts";
import { makeSpace } from "../../support/space.ts";
import type { Member } from "../../support/wire.ts";

describe("a member without staff permission", () => {
  it("reads others as directory entries, and no route tells e-mail, telephone, notes, labels or status of them", async () => {
    const space = await makeSpace();
    const { api } = await space.as("user");
    const { member } = await space.person({ first_name: "Grace", last_name: "Hopper" });
    const secrets = { phone: "+49 30 7654321", notes: "pays late, rather nice", tags: ["watchlist"], bio: "sailor" };
    const full = await space.root.patch<Member>(space.path(`/members/${member.id}`), {
      ...secrets,
      public_skills: ["COBOL"],
      external_id: "crm-4711",
    });
    await space.root.post(space.path(`/members/${member.id}/suspend`), { reason: "left the laser on" });
    await space.root.post(space.path(`/members/${member.id}/reactivate`));
    const kept = [full.email, secrets.phone, secrets.notes, "watchlist", "crm-4711", "left the laser on"];
    const entry = { id: member.id, display_name: "Grace Hopper", public_skills: ["COBOL"] };
    expect(await api.get(space.path(`/members/${member.id}`))).toEqual(entry);
    expect(await api.all(space.path("/members?q=grace"))).toEqual([entry]);

    const reads = endpointsOf(await openApi()).filter(
      ({ method, path, operation }) =>
        method === "GET" && path.includes("{makerspace_id}") && operation["x-permission"] !== "public",
    );
    const told: string[] = [];
    for (const { path } of reads) {
      const filled = path.replace("{makerspace_id}", space.id).replaceAll(/\{\w+\}/g, member.id);
      const answer = await api.send("GET", filled);
      const text = JSON.stringify(answer.body ?? {});
      told.push(...kept.filter((secret) => text.includes(secret)).map((secret) => `${path}: ${secret}`));
    }
    expect(told).toEqual([]);
    expect(reads.length).toBeGreaterThan(30);
  }, 60_000);

  it("reads and changes of themselves what is theirs, whatever their role", async () => {
    const space = await makeSpace();
    for (const role of ["user", "service_provider", "admin", "makerspace_admin"] as const) {
      const { api, member } = await space.as(role);
      const mine = {
        phone: "+49 30 1",
        bio: "Hello",
        public_skills: ["sewing"],
        locale: "de-DE",
        timezone: "Asia/Tokyo",
      };
      expect(await api.patch<Member>(space.path("/members/me"), mine)).toMatchObject({ ...mine, id: member.id });
      expect(await api.get<Member>(space.path("/members/me"))).toMatchObject({ ...mine, role });
      for (const body of [{ notes: "x" }, { tags: ["x"] }, { first_name: "Eve" }, { email: "eve@example.org" }]) {
        expect((await api.refused("PATCH", space.path("/members/me"), { body })).code).toBe("invalid_body");
      }
    }
    const { api } = await space.as("user");
    expect(await api.get<Member>(space.path("/members/me"))).not.toHaveProperty("notes");
    for (const body of [
      { timezone: "Mars/Olympus" },
      { locale: "not a tag" },
      { profile_image_url: "http://x.org/a" },
    ]) {
      expect((await api.refused("PATCH", space.path("/members/me"), { body })).code).toBe("invalid_body");
    }
  });

  it("has an address that staff change only before anybody signed in with it", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    const one = await space.person();
    const body = { email: `new-${crypto.randomUUID()}@example.org` };
    const linked = space.path(`/members/${one.member.id}`);
    expect((await api.refused("PATCH", linked, { body })).code).toBe("email_linked");
    const waiting = await api.post<Member>(space.path("/members"), {
      email: `old-${crypto.randomUUID()}@example.org`,
      first_name: "Grace",
      last_name: "Hopper",
      role: "user",
    });
    const path = space.path(`/members/${waiting.id}`);
    expect(await api.patch<Member>(path, body)).toMatchObject(body);
    expect((await api.refused("PATCH", path, { body: { email: one.email } })).code).toBe("email_taken");
  });
});
