/** Emergency contacts: for oneself and those on duty, and every look of others leaves a trace. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { roleGrants } from "../../../src/platform/access/permissions.ts";
import { Api } from "../../support/api.ts";
import { faulty, through } from "../../support/faults.ts";
import { makeSpace, makeTwoSpaces, type Person, type TestSpace } from "../../support/space.ts";
import type { EmergencyContact } from "../../support/wire.ts";

const brother = { name: "Byron King-Noel", relation: "brother", phone: "+44 20 5550", notes: "Speaks English." };

const of = (space: TestSpace, { member }: Person, rest = ""): string =>
  space.path(`/members/${member.id}/emergency_contacts${rest}`);

const looks = async (space: TestSpace, { member }: Person): Promise<string[]> => {
  const { results } = await env.DB_000.prepare(
    "SELECT actor_id FROM audit_log WHERE makerspace_id = ? AND action = 'emergency_contacts.read' AND subject_id = ? ORDER BY seq",
  )
    .bind(space.id, member.id)
    .all<{ actor_id: string }>();
  return results.map((row) => row.actor_id);
};

describe("an emergency contact", () => {
  it("is added, read, replaced and removed by the member", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const added = await ada.api.post<EmergencyContact>(of(space, ada), brother);
    expect(added).toMatchObject({ ...brother, member_id: ada.member.id, version: 1 });
    const path = of(space, ada, `/${added.id}`);
    expect(await ada.api.get(path)).toEqual(added);
    const other = { ...brother, phone: "+44 20 5551", notes: null };
    const stale = await ada.api.send("PUT", path, { body: other, if_match: 7 });
    expect(stale.problem?.code).toBe("stale_version");
    expect(await ada.api.must("PUT", path, { body: other, if_match: 1 })).toMatchObject({ ...other, version: 2 });
    for (const body of [{ ...brother, phone: "1" }, { ...brother, name: " " }, { name: "X" }, { ...brother, more: 1 }])
      expect((await ada.api.refused("PUT", path, { body })).code).toBe("invalid_body");
    await ada.api.delete(path);
    expect((await ada.api.refused("GET", path)).code).toBe("not_found");
    expect((await ada.api.refused("DELETE", path)).code).toBe("not_found");
    expect(await looks(space, ada)).toEqual([]);
  });

  it("is one of at most five, however many are added at once", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => ada.api.send("POST", of(space, ada), { body: brother })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(5);
    const codes = new Set(answers.flatMap(({ problem }) => (problem ? [problem.code] : [])));
    expect([...codes]).toEqual(["too_many_emergency_contacts"]);
    expect(await ada.api.all(`${of(space, ada)}?limit=2`)).toHaveLength(5);
  });

  it("is read by those on duty, each time by name in the audit, and by nobody else", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const ada = await home.person();
    const { id } = await ada.api.post<EmergencyContact>(of(home, ada), brother);
    const readers: string[] = [];
    for (const [who, { api, member }] of await home.everybody()) {
      const mayLook = ["desk", "trainer", "safety", "makerspace_admin"].includes(who);
      for (const rest of ["", `/${id}`]) {
        const answer = await api.send("GET", of(home, ada, rest));
        expect([who, answer.status]).toEqual([who, mayLook ? 200 : 404]);
        if (mayLook) readers.push(member.id);
      }
      const body = { body: brother };
      const status = who === "makerspace_admin" ? 200 : 404;
      expect([who, (await api.send("PUT", of(home, ada, `/${id}`), body)).status]).toEqual([who, status]);
    }
    expect(await looks(home, ada)).toEqual(readers);
    expect(readers).toHaveLength(8);
    const elsewhere = abroad.path(`/members/${ada.member.id}/emergency_contacts`);
    expect((await abroad.root.refused("GET", elsewhere)).code).toBe("not_found");
    expect((await new Api().refused("GET", of(home, ada))).code).toBe("unauthenticated");
    expect(roleGrants.admin["emergency_contacts.read"]).toBe("own");
  }, 30_000);

  it("is not shown when the look cannot be written down", async () => {
    const space = await makeSpace();
    const [ada, desk] = [await space.person(), await space.as("desk")];
    await ada.api.post(of(space, ada), brother);
    const DB_000 = faulty(env.DB_000, {
      before: (statements) => {
        if (statements.some((text) => /INSERT INTO audit_log/i.test(text))) throw new Error("the disk is full");
      },
    });
    const answer = await desk.api.by(through({ DB_000 })).send("GET", of(space, ada));
    expect([answer.status, JSON.stringify(answer.body)]).toEqual([500, "null"]);
    expect((await ada.api.by(through({ DB_000 })).send("GET", of(space, ada))).status).toBe(200);
  });

  it("is in no list, no entry, no export of members and no audit", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const { id } = await ada.api.post<EmergencyContact>(of(space, ada), brother);
    await ada.api.must("PUT", of(space, ada, `/${id}`), { body: { ...brother, notes: "Changed." } });
    const lists = await Promise.all(
      ["/members", `/members/${ada.member.id}`, "/audit", "/events"].map((path) =>
        space.root.get<unknown>(space.path(path)),
      ),
    );
    const { results } = await env.DB_000.prepare("SELECT * FROM audit_details WHERE makerspace_id = ?")
      .bind(space.id)
      .all();
    const { results: sent } = await env.DB_000.prepare("SELECT envelope FROM outbox WHERE makerspace_id = ?")
      .bind(space.id)
      .all();
    const text = JSON.stringify([lists, results, sent]);
    for (const secret of [brother.name, brother.phone]) expect(text).not.toContain(secret);
  });
});
