/** Ratings: by whoever has used the machine, once, moderated and answered; sums are exact, however many come at once. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import type { Page } from "../../support/api.ts";
import { makeSpace, type Person, type TestSpace } from "../../support/space.ts";
import type { Equipment, Rating } from "../../support/wire.ts";

let space: TestSpace;

beforeAll(async () => {
  space = await makeSpace();
}, 30_000);

/** A session that is over, as the machine's projection writes it. */
const used = (machine: Equipment, ...people: Person[]): Promise<unknown> =>
  env.DB_000.batch(
    people.map(({ member }) =>
      env.DB_000.prepare(
        `INSERT INTO sessions (makerspace_id, equipment_id, id, member_id, status, started_at, planned_end_at, ended_at, version, projected_at, created_at, updated_at)
         VALUES (?, ?, ?, ?, 'completed', 1, 2, 2, 1, 1, 1, 1)`,
      ).bind(space.id, machine.id, crypto.randomUUID(), member.id),
    ),
  );

const at = (machine: Equipment, rest = ""): string => space.path(`/equipment/${machine.id}/ratings${rest}`);
const ratingOf = async (machine: Equipment) =>
  (await space.root.get<Equipment>(space.path(`/equipment/${machine.id}`))).rating;
const people = (count: number): Promise<Person[]> => Promise.all(Array.from({ length: count }, () => space.person()));

describe("a rating", () => {
  it("is one per member and machine, after real use, and is changed and taken back by whoever wrote it", async () => {
    const machine = await space.machine();
    const [ada, ben] = (await people(2)) as [Person, Person];
    expect((await ada.api.refused("POST", at(machine), { body: { stars: 5 } })).code).toBe("machine_not_used");
    await used(machine, ada);
    for (const stars of [0, 6, 2.5])
      expect((await ada.api.refused("POST", at(machine), { body: { stars } })).code).toBe("invalid_body");
    const tries = await Promise.all(
      [1, 2, 3, 4].map((stars) => ada.api.send<Rating>("POST", at(machine), { body: { stars, text: "Fine." } })),
    );
    expect(tries.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
    expect(tries.filter(({ problem }) => problem?.code === "rating_exists")).toHaveLength(3);
    const rating = tries.find(({ body }) => body)?.body as Rating;
    expect(await ratingOf(machine)).toEqual({ average: rating.stars, count: 1 });
    // Who wrote it is not shown to others.
    expect((await ben.api.get<Page<Rating>>(at(machine))).data).toEqual([{ ...rating, member_id: null }]);
    expect((await ben.api.refused("PATCH", at(machine, `/${rating.id}`), { body: { stars: 1 } })).code).toBe(
      "forbidden",
    );
    const changed = await ada.api.patch<Rating>(at(machine, `/${rating.id}`), { stars: 5, text: null });
    expect(changed).toMatchObject({ stars: 5, text: null, version: 2 });
    expect(await ratingOf(machine)).toEqual({ average: 5, count: 1 });
    await ada.api.delete(at(machine, `/${rating.id}`));
    expect(await ratingOf(machine)).toEqual({ average: null, count: 0 });
    expect((await ada.api.send("POST", at(machine), { body: { stars: 3 } })).status).toBe(201);
  });

  it("is hidden with a reason by staff, counts no more until it is shown again, and is answered", async () => {
    const machine = await space.machine();
    const [ada, ben] = (await people(2)) as [Person, Person];
    await used(machine, ada, ben);
    const rude = await ada.api.post<Rating>(at(machine), { stars: 1, text: "Rude words." });
    await ben.api.post<Rating>(at(machine), { stars: 4 });
    const maintainer = await space.as("maintainer");
    const path = at(machine, `/${rude.id}`);
    expect((await ben.api.refused("POST", `${path}/hide`, { body: { reason: "x" } })).code).toBe("forbidden");
    const hidden = await maintainer.api.post<Rating>(`${path}/hide`, { reason: "Rude." });
    expect(hidden).toMatchObject({ status: "hidden", hidden_reason: "Rude.", member_id: ada.member.id });
    expect(await ratingOf(machine)).toEqual({ average: 4, count: 1 });
    expect((await ben.api.refused("GET", path)).code).toBe("not_found");
    expect((await ben.api.get<Page<Rating>>(at(machine))).data).toHaveLength(1);
    expect((await ben.api.refused("GET", at(machine, "?status=hidden"))).code).toBe("forbidden");
    expect((await maintainer.api.get<Page<Rating>>(at(machine, "?status=hidden"))).data).toHaveLength(1);
    expect((await ada.api.get<Rating>(path)).hidden_reason).toBe("Rude.");
    // Writing it anew does not bring it back.
    await ada.api.patch(path, { stars: 2, text: "Sorry." });
    expect(await ratingOf(machine)).toEqual({ average: 4, count: 1 });
    expect((await maintainer.api.post<Rating>(`${path}/show`)).status).toBe("visible");
    expect(await ratingOf(machine)).toEqual({ average: 3, count: 2 });
    expect(await maintainer.api.post<Rating>(`${path}/answer`, { answer: "We aligned it." })).toMatchObject({
      answer: "We aligned it.",
      answered_at: expect.any(String),
    });
  });

  it("counts exactly when many rate, change, hide and take back at the same time", async () => {
    const machine = await space.machine();
    const everybody = await people(12);
    await used(machine, ...everybody);
    const maintainer = await space.as("maintainer");
    await Promise.all(
      everybody.map(async ({ api }, index) => {
        const rating = await api.post<Rating>(at(machine), { stars: (index % 5) + 1 });
        const path = at(machine, `/${rating.id}`);
        if (index % 3 === 0) await api.patch(path, { stars: 5 - (index % 5) });
        if (index % 4 === 1) await maintainer.api.post(`${path}/hide`, { reason: "a test" });
        if (index % 4 === 2) await api.delete(path);
      }),
    );
    const seen = await space.root.all<Rating>(at(machine, "?limit=5"));
    expect(seen).toHaveLength(6);
    const sum = seen.reduce((total, { stars }) => total + stars, 0);
    expect(await ratingOf(machine)).toEqual({ average: Math.round((sum * 100) / 6) / 100, count: 6 });
    const totals = await env.DB_000.prepare(
      "SELECT stars, ratings FROM equipment_rating_totals WHERE makerspace_id = ? AND equipment_id = ?",
    )
      .bind(space.id, machine.id)
      .first();
    expect(totals).toEqual({ stars: sum, ratings: 6 });
  });
});
