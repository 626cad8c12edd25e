/** What is kept of minors: for how long, for whose eyes, and how it is found. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { tick } from "../../support/background.ts";
import { documentsOf, handedIn } from "../../support/documents.ts";
import { bornYearsAgo, consent, nameGuardian, ofMember, recordMinor } from "../../support/family.ts";
import { whenAbout } from "../../support/faults.ts";
import { set } from "../../support/plans.ts";
import { codes, makeScene, type Scene } from "../../support/scene.ts";
import { makeSpace, makeTwoSpaces, type Person, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Document, EmergencyContact, Guardian, GuardianConsent, Member, Minor } from "../../support/wire.ts";

/** A scene in which Ada is fifteen, and Ben is her guardian. */
async function makeFamily(): Promise<Scene & { guardian: Guardian }> {
  const scene = await makeScene();
  await recordMinor(scene.space, scene.ada);
  return { ...scene, guardian: await nameGuardian(scene.space, scene.ada, scene.ben) };
}

const refusedFor = (space: TestSpace, machine: Scene["machine"], { api }: Person, hours: number) =>
  space.book(api, machine, slotIn(hours)).then(codes);

const missing = ["guardian_consent_missing"];

describe("coming of age", () => {
  it("ends the need at once, and the night takes date and contact away", async () => {
    const { space, machine, ada, ben } = await makeFamily();
    const mother = { name: "Annabella Byron", relation: "mother", phone: "+44 20 1" };
    const { id } = await space.root.post<Guardian>(ofMember(space, ada, "/guardians"), mother);
    const young = await space.person();
    await recordMinor(space, young);
    expect(await refusedFor(space, machine, ada, 24)).toEqual(missing);
    // The birthday comes.
    await env.DB_000.prepare("UPDATE minors SET birth_date = ? WHERE makerspace_id = ? AND member_id = ?")
      .bind(bornYearsAgo(18), space.id, ada.member.id)
      .run();
    expect((await space.book(ada.api, machine, slotIn(24))).status).toBe(201);
    expect(await ada.api.get(ofMember(space, ada, "/minor"))).toMatchObject({ is_minor: false });
    await tick("night");
    await until("the record to go", async () => {
      const answer = await ada.api.send("GET", ofMember(space, ada, "/minor"));
      return answer.status === 404;
    });
    const kept = await ada.api.get<Guardian>(ofMember(space, ada, `/guardians/${id}`));
    expect(kept).toMatchObject({ name: mother.name, phone: null, ended_at: expect.any(String) });
    expect(await ben.api.all(space.path("/wards"))).toEqual([]);
    expect(await young.api.get(ofMember(space, young, "/minor"))).toMatchObject({ is_minor: true });
    await tick("night");
  });

  it("of one whose record cannot go keeps nobody else's", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const space = await makeSpace();
    const [stuck, ...others] = [await space.person(), await space.person(), await space.person()];
    for (const child of [stuck, ...others]) await recordMinor(space, child);
    const came = "UPDATE minors SET birth_date = '1990-01-01' WHERE makerspace_id = ?";
    await env.DB_000.prepare(came).bind(space.id).run();
    const trigger = `CREATE TRIGGER stuck BEFORE DELETE ON minors WHEN old.member_id = '${stuck.member.id}'`;
    await env.DB_000.prepare(`${trigger} BEGIN SELECT RAISE(ABORT, 'stuck'); END`).run();
    const left = async () => {
      const rows = env.DB_000.prepare("SELECT member_id FROM minors WHERE makerspace_id = ?").bind(space.id);
      return (await rows.all()).results.map(({ member_id }) => member_id);
    };
    await tick("night");
    await until("the night", async () => (await left()).length === 1);
    expect(await left()).toEqual([stuck.member.id]);
    await env.DB_000.prepare("DROP TRIGGER stuck").run();
    expect(logged.mock.calls.some(([line]) => String(line).includes("coming_of_age_failed"))).toBe(true);
    await tick("night");
    await until("the next night", async () => (await left()).length === 0);
  });

  it("is at the age that the makerspace says", async () => {
    const space = await makeSpace();
    const [machine, child] = [await space.machine(), await space.person()];
    await recordMinor(space, child, 16);
    expect(await refusedFor(space, machine, child, 24)).toEqual(missing);
    await set(space, "access", { age_of_majority: 16 });
    expect((await space.book(child.api, machine, slotIn(24))).status).toBe(201);
  });
});

describe("what is kept of minors", () => {
  it("is seen by those on duty, the minor and the guardians, and by nobody else, in no makerspace more", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [child, guardian, stranger, admin] = [
      await home.person(),
      await home.person(),
      await home.person(),
      await home.as("admin"),
    ];
    await recordMinor(home, child);
    const { id } = await nameGuardian(home, child, guardian);
    const given = await consent(home, child, guardian.api);
    const paths = ["/minor", "/guardians", `/guardians/${id}`, "/guardian_consents", `/guardian_consents/${given.id}`];
    for (const rest of paths) {
      for (const who of [child, guardian, await home.as("desk"), await home.as("safety"), await home.as("trainer")])
        expect([rest, (await who.api.send("GET", ofMember(home, child, rest))).status]).toEqual([rest, 200]);
      for (const who of [stranger, admin])
        expect([rest, (await who.api.send("GET", ofMember(home, child, rest))).status]).toEqual([rest, 404]);
      expect((await abroad.root.send("GET", abroad.path(`/members/${child.member.id}${rest}`))).body ?? "none").toEqual(
        rest === "/guardians" || rest === "/guardian_consents" ? { data: [], next_cursor: null } : "none",
      );
    }
  });

  it("shows how to reach a guardian to desk, safety and administrators alone", async () => {
    const space = await makeSpace();
    const [child, father] = [await space.person(), await space.person()];
    await recordMinor(space, child);
    await nameGuardian(space, child, father);
    const contact = { email: "annabella@example.org", phone: "+44 20 1" };
    const named = { name: "Annabella Byron", relation: "mother" };
    const path = ofMember(space, child, "/guardians");
    const { id } = await space.root.post<Guardian>(path, { ...named, ...contact });
    const seen = async ({ api }: Person) => [
      await api.get<Guardian>(`${path}/${id}`),
      (await api.all<Guardian>(path)).find((one) => one.id === id),
    ];
    for (const who of ["desk", "safety", "makerspace_admin"] as const)
      for (const one of await seen(await space.as(who))) expect(one).toMatchObject({ ...named, ...contact });
    for (const who of [child, father, await space.as("trainer")])
      for (const one of await seen(who)) expect(one).toMatchObject({ ...named, email: null, phone: null });
  });

  it("is not left behind by a guardian who is named while the record goes", async () => {
    const space = await makeSpace();
    const child = await space.person();
    await recordMinor(space, child);
    const dropping = space.root.by(
      whenAbout(/insert into "?guardians/i, () => space.root.delete(ofMember(space, child, "/minor"))),
    );
    const body = { name: "Annabella Byron", relation: "mother", phone: "+44 20 1" };
    expect((await dropping.refused("POST", ofMember(space, child, "/guardians"), { body })).code).toBe("not_found");
    const left = await env.DB_000.prepare("SELECT count(*) AS n FROM guardians WHERE makerspace_id = ?")
      .bind(space.id)
      .first<number>("n");
    expect(left).toBe(0);
  });

  it("stands in no audit: neither date of birth, nor name, nor contact", async () => {
    const space = await makeSpace();
    const child = await space.person();
    const { birth_date } = await recordMinor(space, child);
    const named = { name: "Annabella Milbanke", relation: "mother", phone: "+44 20 998877" };
    const guardian = await space.root.post<Guardian>(ofMember(space, child, "/guardians"), named);
    await consent(space, child, space.root, { guardian_id: guardian.id });
    const { results } = await env.DB_000.prepare("SELECT * FROM audit_details WHERE makerspace_id = ?")
      .bind(space.id)
      .all();
    const text = JSON.stringify(results);
    for (const secret of [birth_date, named.name, named.phone]) expect(text).not.toContain(secret);
    expect(results.length).toBeGreaterThan(2);
  });

  it("shows staff and the minor that they are one, and in no entry, no file of members", async () => {
    const space = await makeSpace();
    const [child, adult, desk] = [await space.person(), await space.person(), await space.as("desk")];
    const { birth_date } = await recordMinor(space, child);
    const path = space.path(`/members/${child.member.id}`);
    for (const { api } of [child, desk]) expect(await api.get<Member>(path)).toMatchObject({ is_minor: true });
    const listed = await desk.api.all<Member>(space.path("/members?role=user"));
    const minors = listed.filter(({ is_minor }) => is_minor).map(({ id }) => id);
    expect(minors).toEqual([child.member.id]);
    expect(JSON.stringify([listed, await child.api.get(path)])).not.toContain(birth_date);
    expect(await adult.api.get(path)).not.toHaveProperty("is_minor");
    expect(await adult.api.get(space.path("/members/me"))).toMatchObject({ is_minor: false });
    // A change of something else leaves it as it is.
    expect(await child.api.patch(space.path("/members/me"), { bio: "Hello" })).toMatchObject({ is_minor: true });
  });

  it("goes, with documents and emergency contacts, to the record that a member is merged into", async () => {
    const { space, machine, ada, ben } = await makeFamily();
    await consent(space, ada, ben.api);
    const paper = await space.root.post<Member>(space.path("/members"), {
      email: "ada.on.paper@example.org",
      role: "user",
      first_name: "Ada",
      last_name: "Byron",
    });
    await space.root.delete(ofMember(space, ada, "/minor"));
    await space.root.must("PUT", space.path(`/members/${paper.id}/minor`), { body: { birth_date: bornYearsAgo(15) } });
    await space.root.post(space.path(`/members/${paper.id}/guardians`), { name: "Annabella", relation: "mother" });
    const kin = { name: "Annabella", relation: "mother", phone: "+44 20 1" };
    await space.root.post(space.path(`/members/${paper.id}/emergency_contacts`), kin, { key: null });
    const passport = await handedIn(space, { ...ada, member: paper, api: space.root });
    await space.root.post(space.path(`/members/${ada.member.id}/merge`), { from_member_id: paper.id });
    expect((await ada.api.all<Document>(documentsOf(space, ada))).map(({ id }) => id)).toEqual([passport.id]);
    expect(await ada.api.all<EmergencyContact>(ofMember(space, ada, "/emergency_contacts"))).toMatchObject([kin]);
    expect(await ada.api.get(ofMember(space, ada, "/minor"))).toMatchObject({ is_minor: true, has_consent: false });
    expect(await ada.api.all(ofMember(space, ada, "/guardians"))).toHaveLength(2);
    expect(await refusedFor(space, machine, ada, 24)).toEqual(missing);
  });
});

describe("two records of one person, and one guardian", () => {
  const added = (space: TestSpace) =>
    space.root.post<Member>(space.path("/members"), {
      email: `${crypto.randomUUID()}@example.org`,
      first_name: "Annabella",
      last_name: "Byron",
      role: "user",
    });
  const merge = (space: TestSpace, into: Person, from: Person) =>
    space.root.post(ofMember(space, into, "/merge"), { from_member_id: from.member.id });
  const open = async (space: TestSpace, child: Person) =>
    (await space.root.all<Guardian>(ofMember(space, child, "/guardians")))
      .filter(({ ended_at }) => ended_at === null)
      .map(({ id }) => id);
  const hasConsent = async (space: TestSpace, child: Person) =>
    (await space.root.get<Minor>(ofMember(space, child, "/minor"))).has_consent;

  /** A minor on two records, or a guardian on two; each guardianship has its consent. */
  async function merged(who: "minor" | "guardian") {
    const space = await makeSpace();
    const [child, guardian] = [await space.person(), await space.person()];
    const other = await added(space);
    const [ward, carer] =
      who === "minor" ? [{ ...child, member: other }, guardian] : [child, { ...guardian, member: other }];
    await recordMinor(space, child);
    if (who === "minor") await recordMinor(space, ward);
    const kept = await nameGuardian(space, child, guardian);
    const ghost = await nameGuardian(space, ward, carer);
    const given = await consent(space, ward, space.root, { guardian_id: ghost.id });
    await merge(space, who === "minor" ? child : guardian, who === "minor" ? ward : carer);
    return { space, child, guardian, kept, given };
  }

  it("stand under one guardianship, which ends with all that was consented to", async () => {
    for (const who of ["minor", "guardian"] as const) {
      const { space, child, kept } = await merged(who);
      expect([who, await hasConsent(space, child), await open(space, child)]).toEqual([who, true, [kept.id]]);
      await space.root.delete(ofMember(space, child, `/guardians/${kept.id}`));
      expect([who, await hasConsent(space, child), await open(space, child)]).toEqual([who, false, []]);
    }
  });

  it("leave it to the guardian to withdraw what was consented to", async () => {
    for (const who of ["minor", "guardian"] as const) {
      const { space, child, guardian, kept, given } = await merged(who);
      const path = ofMember(space, child, `/guardian_consents/${given.id}/withdraw`);
      const withdrawn = await guardian.api.post<GuardianConsent>(path);
      expect(withdrawn).toMatchObject({ guardian_id: kept.id, withdrawn_by: guardian.member.id });
      expect([who, await hasConsent(space, child)]).toEqual([who, false]);
    }
  });
});

describe("lists about a minor", () => {
  it("are paged", async () => {
    const space = await makeSpace();
    const child = await space.person();
    await recordMinor(space, child);
    const made: string[] = [];
    for (const name of ["Ann", "Bea", "Cid"]) {
      const named = { name, relation: "aunt" };
      const { id } = await space.root.post<Guardian>(ofMember(space, child, "/guardians"), named);
      made.push(id);
      await consent(space, child, space.root, { guardian_id: id });
    }
    const guardians = await child.api.all<Guardian>(`${ofMember(space, child, "/guardians")}?limit=2`);
    expect(guardians.map(({ id }) => id)).toEqual(made);
    const consents = await child.api.all<{ guardian_id: string }>(
      `${ofMember(space, child, "/guardian_consents")}?limit=2`,
    );
    expect(consents.map(({ guardian_id }) => guardian_id)).toEqual(made);
    const guardian = await space.person();
    const wards = [child, await space.person(), await space.person()];
    for (const ward of wards.slice(1)) await recordMinor(space, ward);
    for (const ward of wards) await nameGuardian(space, ward, guardian);
    const listed = await guardian.api.all<{ member_id: string }>(space.path("/wards?limit=1"));
    expect(listed.map(({ member_id }) => member_id)).toEqual(wards.map(({ member }) => member.id).sort());
  });

  it("walk one index each, in its order", async () => {
    const plan = async (table: string, where: string, order: string) => {
      const { results } = await env.DB_000.prepare(
        `EXPLAIN QUERY PLAN SELECT * FROM ${table} WHERE makerspace_id = ? AND ${where} AND ${order} > ? ORDER BY ${order} LIMIT 51`,
      )
        .bind("space", "one", "")
        .all<{ detail: string }>();
      return results.map(({ detail }) => detail).join("; ");
    };
    const byMember = "unlikely(member_id = ?)";
    expect(await plan("guardians", byMember, "id")).toMatch(/^SEARCH .* INDEX guardians_by_member \([^;]*id>\?\)$/);
    expect(await plan("guardian_consents", byMember, "id")).toMatch(
      /^SEARCH .* INDEX guardian_consents_by_member \([^;]*id>\?\)$/,
    );
    expect(await plan("emergency_contacts", "member_id = ?", "id")).toMatch(/^SEARCH .* PRIMARY KEY \([^;]*id>\?\)$/);
    const wards = "unlikely(guardian_member_id = ?) AND ended_at IS NULL";
    expect(await plan("guardians", wards, "member_id")).toMatch(
      /^SEARCH .* INDEX guardians_by_guardian \([^;]*member_id>\?\)$/,
    );
  });
});
