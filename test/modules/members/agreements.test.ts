/** Agreements: texts that never change, and who has accepted which. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { concerning, outstandingAgreements, outstandingAgreementsOfUser } from "../../../src/modules/members/index.ts";
import { readTogether } from "../../../src/platform/db/ready.ts";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { DAY } from "../../../src/platform/time.ts";
import { iso, makeSpace, makeTwoSpaces, type TestSpace } from "../../support/space.ts";
import type { Agreement, AgreementText, Signatory } from "../../support/wire.ts";

const make = (space: TestSpace, more: object = {}): Promise<Agreement> =>
  space.root.post<Agreement>(space.path("/agreements"), { title: "Rules", body: "Be careful.", ...more });

/** Titles and numbers that a member has yet to accept. */
async function outstanding(space: TestSpace, member_id: string): Promise<string[]> {
  const [rows] = await readTogether(new SpaceStore(space.id, "000"), [outstandingAgreements.build], { member_id });
  return outstandingAgreements.read(rows).map(({ title, number }) => `${title} ${number}`);
}

describe("an agreement", () => {
  it("is outstanding until its newest text is accepted, and again after the next", async () => {
    const space = await makeSpace();
    const { api, member } = await space.as("user");
    const rules = await make(space);
    await make(space, { title: "Newsletter", required: false });
    const path = space.path(`/agreements/${rules.id}`);
    expect(await outstanding(space, member.id)).toEqual(["Rules 1"]);
    expect((await api.get<Agreement>(path)).accepted).toBe(false);
    await api.post(`${path}/accept`, { number: 1 });
    expect(await outstanding(space, member.id)).toEqual([]);
    expect((await api.get<Agreement>(path)).accepted).toBe(true);

    const later = await space.root.post<Agreement>(`${path}/texts`, {
      body: "More.",
      effective_at: iso(Date.now() + DAY),
    });
    expect(later.text.number).toBe(1);
    expect(await outstanding(space, member.id)).toEqual([]);
    await env.DB_000.prepare("DROP TRIGGER agreement_texts_never_change").run();
    await env.DB_000.prepare("UPDATE agreement_texts SET effective_at = 0 WHERE agreement_id = ?").bind(rules.id).run();
    expect(await outstanding(space, member.id)).toEqual(["Rules 2"]);
    expect((await api.send("POST", `${path}/accept`, { body: { number: 1 } })).problem?.code).toBe(
      "agreement_superseded",
    );
    expect((await api.send("POST", `${path}/accept`, { body: { number: 9 } })).problem?.code).toBe(
      "agreement_superseded",
    );
    await api.post(`${path}/accept`, { number: 2 });
    expect(await outstanding(space, member.id)).toEqual([]);
  });

  it("that concerns some machines stands before these alone", async () => {
    const space = await makeSpace();
    const { sub } = await space.as("user");
    await make(space, { equipment_ids: ["saw"] });
    const store = new SpaceStore(space.id, "000");
    const [rows] = await readTogether(store, [outstandingAgreementsOfUser.build], { user_id: sub });
    const found = outstandingAgreementsOfUser.read(rows);
    expect(concerning(found, "saw")).toHaveLength(1);
    expect(concerning(found, "printer")).toEqual([]);
  });

  it("keeps its texts as they were published", async () => {
    const space = await makeSpace();
    const { id } = await make(space);
    await space.root.post(space.path(`/agreements/${id}/texts`), { body: "Other." });
    const texts = await space.root.all<AgreementText>(space.path(`/agreements/${id}/texts?limit=1`));
    expect(texts.map(({ number, body }) => [number, body])).toEqual([
      [1, "Be careful."],
      [2, "Other."],
    ]);
    const early = { body: "Backdated.", effective_at: "2020-01-01T00:00:00Z" };
    expect((await space.root.send("POST", space.path(`/agreements/${id}/texts`), { body: early })).status).toBe(422);
  });

  it("is accepted once: repeating it keeps the first record", async () => {
    const space = await makeSpace();
    const { api } = await space.as("user");
    const { id } = await make(space);
    const path = space.path(`/agreements/${id}/accept`);
    const first = await api.post<object>(path, { number: 1 });
    await scheduler.wait(5);
    expect(await api.post(path, { number: 1 })).toEqual(first);
  });

  it("shows staff who has accepted and who has not; nobody else", async () => {
    const space = await makeSpace();
    const [desk, ada, ben] = [await space.as("desk"), await space.as("user"), await space.person()];
    const { id } = await make(space);
    const path = space.path(`/agreements/${id}/acceptances`);
    await ada.api.post(space.path(`/agreements/${id}/accept`), { number: 1 });
    await desk.api.post(path, { number: 1, member_id: ben.member.id });
    const listed = await desk.api.all<Signatory>(`${path}?status=accepted&limit=1`);
    const byMember = Object.fromEntries(listed.map((line) => [line.member_id, line]));
    expect(Object.keys(byMember).sort()).toEqual([ada.member.id, ben.member.id].sort());
    expect(byMember[ada.member.id]).toMatchObject({ method: "in_app", recorded_by: ada.member.id });
    expect(byMember[ben.member.id]).toMatchObject({ method: "on_paper", recorded_by: desk.member.id });
    const missing = await desk.api.all<Signatory>(`${path}?status=missing&limit=1`);
    expect(missing.map((line) => line.member_id)).toEqual([desk.member.id]);
    expect((await ada.api.send("GET", `${path}?status=missing`)).problem?.code).toBe("forbidden");
    const forOthers = { body: { number: 1, member_id: desk.member.id } };
    expect((await ada.api.send("POST", path, forOthers)).problem?.code).toBe("forbidden");
    const nobody = { body: { number: 1, member_id: crypto.randomUUID() } };
    expect((await desk.api.send("POST", path, nobody)).problem?.code).toBe("unknown_reference");
  });

  it("that is put away stops nobody, and that of another makerspace is not there", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const { member, api } = await home.as("user");
    const rules = await make(home);
    const theirs = await make(abroad);
    await home.root.delete(home.path(`/agreements/${rules.id}`));
    expect(await outstanding(home, member.id)).toEqual([]);
    expect(await home.root.all<Agreement>(home.path("/agreements"))).toEqual([]);
    expect((await home.root.all<Agreement>(home.path("/agreements?archived=include"))).map(({ id }) => id)).toEqual([
      rules.id,
    ]);
    expect((await api.send("POST", home.path(`/agreements/${theirs.id}/accept`), { body: { number: 1 } })).status).toBe(
      404,
    );
  });
});
