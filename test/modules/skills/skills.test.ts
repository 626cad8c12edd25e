/** Skills: what they are called, what comes before them, and that nothing comes before itself. */

import { describe, expect, it } from "vitest";
import { asksFor, certified, makeSkill } from "../../support/skills.ts";
import { makeSpace, makeTwoSpaces, type TestSpace } from "../../support/space.ts";
import type { Skill } from "../../support/wire.ts";

const patch = (space: TestSpace, { id }: Skill, body: object, if_match?: number) =>
  space.root.send<Skill>("PATCH", space.path(`/skills/${id}`), { body, ...(if_match !== undefined && { if_match }) });

describe("a skill", () => {
  it("is defined with what comes before it, changed under its version, and found again", async () => {
    const space = await makeSpace();
    const first = await makeSkill(space, { name: "Laser basics", category: "laser" });
    const trainer = await space.as("trainer");
    const made = await trainer.api.post<Skill>(space.path("/skills"), {
      name: "Laser cutter",
      category: "laser",
      description: "Cutting and engraving",
      prerequisite_ids: [first.id],
      trainer_ids: [trainer.member.id],
      high_risk: true,
      validity_months: 12,
      disuse_days: 90,
    });
    expect(made).toMatchObject({
      status: "active",
      prerequisite_ids: [first.id],
      trainer_ids: [trainer.member.id],
      high_risk: true,
      validity_months: 12,
      disuse_days: 90,
      warning_days: 30,
      version: 1,
    });
    const path = space.path(`/skills/${made.id}`);
    const { api } = await space.as("user");
    expect(await api.get<Skill>(path)).toEqual(made);
    expect((await patch(space, made, { name: "Laser" }, 7)).problem?.code).toBe("stale_version");
    const changed = await patch(space, made, { name: "Laser", prerequisite_ids: [], trainer_ids: [] }, 1);
    expect(changed.body).toMatchObject({ name: "Laser", prerequisite_ids: [], trainer_ids: [], version: 2 });
    expect(await api.get<Skill>(path)).toEqual(changed.body);
    expect((await api.refused("POST", space.path("/skills"), { body: { name: "x", category: "y" } })).status).toBe(403);
  });

  it("has a name of its own, and comes after skills of its own makerspace that can be learnt", async () => {
    const { home, abroad } = await makeTwoSpaces();
    await makeSkill(home, { name: "Laser  Cutter" });
    const named = await home.root.refused("POST", home.path("/skills"), {
      body: { name: "laser cutter", category: "x" },
    });
    expect(named.code).toBe("name_taken");
    const foreign = await makeSkill(abroad);
    const gone = await makeSkill(home);
    await home.root.delete(home.path(`/skills/${gone.id}`));
    for (const id of [foreign.id, gone.id, "nothing"]) {
      const body = { name: `Skill ${id}`, category: "x", prerequisite_ids: [id] };
      expect(await home.root.refused("POST", home.path("/skills"), { body })).toMatchObject({
        status: 422,
        code: "unknown_reference",
        errors: [{ pointer: "/prerequisite_ids/0" }],
      });
    }
    expect((await home.root.refused("GET", home.path(`/skills/${foreign.id}`))).status).toBe(404);
  });

  it("is put away once nobody counts on it; what was certified stays", async () => {
    const space = await makeSpace();
    const [skill, ada, machine] = [await makeSkill(space), await space.person(), await space.machine()];
    const next = await makeSkill(space, { prerequisite_ids: [skill.id] });
    await certified(space, skill.id, ada);
    await asksFor(space, machine, skill.id);
    const path = space.path(`/skills/${skill.id}`);
    expect((await space.root.refused("DELETE", path)).code).toBe("skill_in_use");
    await asksFor(space, machine, next.id);
    expect((await space.root.refused("DELETE", path)).code).toBe("skill_in_use");
    await patch(space, next, { prerequisite_ids: [] });
    await space.root.delete(path);
    expect((await space.root.get<Skill>(path)).status).toBe("archived");
    const refused = await space.root.refused("POST", `${path}/certifications`, { body: { member_id: ada.member.id } });
    expect(refused.code).toBe("illegal_transition");
    expect(await ada.api.all(`${path}/certifications`)).toHaveLength(1);
    expect((await patch(space, skill, { name: "x" })).problem?.code).toBe("illegal_transition");
  });
});

describe("what comes before a skill", () => {
  it("never leads back to it: 422 with the way shown", async () => {
    const space = await makeSpace();
    const a = await makeSkill(space, { name: "A" });
    const b = await makeSkill(space, { name: "B", prerequisite_ids: [a.id] });
    const c = await makeSkill(space, { name: "C", prerequisite_ids: [b.id] });
    const closed = await patch(space, a, { prerequisite_ids: [c.id] });
    expect(closed.problem).toMatchObject({
      status: 422,
      code: "prerequisite_cycle",
      reasons: [{ detail: "A → C → B → A", limit: { path: [a.id, c.id, b.id, a.id].join(" ") } }],
    });
    const self = await patch(space, b, { prerequisite_ids: [b.id] });
    expect(self.problem).toMatchObject({ code: "prerequisite_cycle", reasons: [{ detail: "B → B" }] });
    // Two ways to the same skill are no cycle.
    expect((await patch(space, c, { prerequisite_ids: [a.id, b.id] })).status).toBe(200);
  });

  it("closes no cycle by two changes at once", async () => {
    const space = await makeSpace();
    for (let round = 0; round < 8; round += 1) {
      const [a, b, c] = [await makeSkill(space), await makeSkill(space), await makeSkill(space)];
      const answers = await Promise.all([
        patch(space, a, { prerequisite_ids: [b.id] }),
        patch(space, b, { prerequisite_ids: [c.id] }),
        patch(space, c, { prerequisite_ids: [a.id] }),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 422]);
      const refused = answers.find(({ status }) => status === 422);
      expect(refused?.problem?.code).toBe("prerequisite_cycle");
      expect(refused?.problem?.reasons?.[0]?.detail.split(" → ")).toHaveLength(4);
    }
  });
});

describe("the list of skills", () => {
  it("is filtered by category, status and the beginning of a name, sorted either way, on pages of any size", async () => {
    const space = await makeSpace();
    const made: Skill[] = [];
    for (let index = 0; index < 24; index += 1) {
      const name = `${["Laser", "Lathe", "Weld"][index % 3]} ${(index * 7) % 24}`;
      made.push(await makeSkill(space, { name, category: ["cut", "turn"][index % 2] }));
    }
    for (const skill of made.slice(20)) await space.root.delete(space.path(`/skills/${skill.id}`));
    const state = (index: number): string => (index >= 20 ? "archived" : "active");
    const { api } = await space.as("user");
    const cases = [undefined, "cut"].flatMap((category) =>
      [undefined, ["archived"], ["active", "archived"]].flatMap((status) =>
        [undefined, "la", "Laser 1"].flatMap((q) =>
          (q === undefined ? ["name", "-name", "created_at", "-created_at"] : ["name", "-name"]).map((sort) => ({
            category,
            status,
            q,
            sort,
          })),
        ),
      ),
    );
    for (const { category, status, q, sort } of cases) {
      const query = new URLSearchParams({ sort, limit: "5" });
      if (category) query.set("category", category);
      for (const each of status ?? []) query.append("status", each);
      if (q) query.set("q", q);
      const wanted = made
        .filter(
          (skill, index) =>
            (status ?? ["active"]).includes(state(index)) &&
            (!category || skill.category === category) &&
            (!q || skill.name.toLowerCase().startsWith(q.toLowerCase())),
        )
        .sort((a, b) =>
          sort.endsWith("name") ? (a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1) : a.id < b.id ? -1 : 1,
        );
      if (sort.startsWith("-")) wanted.reverse();
      const found = await api.all<Skill>(space.path(`/skills?${query}`));
      expect(
        found.map(({ name }) => name),
        query.toString(),
      ).toEqual(wanted.map(({ name }) => name));
    }
  });
});
