/** Minors: whose they are, who consents, and what is closed to them until somebody does. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { bornAfter, isUnderAge, ofAgeOn } from "../../../src/modules/members/minors/model.ts";
import { DAY, HOUR } from "../../../src/platform/time.ts";
import { bornYearsAgo, consent, nameGuardian, ofMember, recordMinor } from "../../support/family.ts";
import { codes, enter, makeScene, type Scene } from "../../support/scene.ts";
import { iso, makeSpace, type Person, slotIn, type TestSpace, until } from "../../support/space.ts";
import type { Guardian, GuardianConsent, Minor, Notification, Reservation, Session } from "../../support/wire.ts";

/** A scene in which Ada is fifteen, and Ben is her guardian. */
async function makeFamily(): Promise<Scene & { guardian: Guardian }> {
  const scene = await makeScene();
  await recordMinor(scene.space, scene.ada);
  return { ...scene, guardian: await nameGuardian(scene.space, scene.ada, scene.ben) };
}

const walkUp = ({ space, machine }: Scene, api: Scene["ada"]["api"], body: object = { planned_minutes: 30 }) =>
  api.send<Session>("POST", space.path(`/equipment/${machine.id}/sessions`), { body });

const refusedFor = (space: TestSpace, machine: Scene["machine"], { api }: Person, hours: number) =>
  space.book(api, machine, slotIn(hours)).then(codes);

const missing = ["guardian_consent_missing"];

describe("somebody's age", () => {
  it("is of their birthday on the makerspace's wall clock, leap days included", () => {
    expect(isUnderAge("2008-05-10", 18, "2026-05-09")).toBe(true);
    expect(isUnderAge("2008-05-10", 18, "2026-05-10")).toBe(false);
    expect([ofAgeOn("2008-05-10", 18), ofAgeOn("2008-02-29", 18), ofAgeOn("2008-02-29", 20)]).toEqual([
      "2026-05-10",
      "2026-03-01",
      "2028-02-29",
    ]);
    // The day on which the record goes and the day of the birthday are one, for every date of some years.
    for (let day = Date.UTC(2007, 0, 1); day < Date.UTC(2013, 0, 1); day += DAY) {
      const born = iso(day).slice(0, 10);
      for (const age of [14, 18, 21]) {
        const birthday = ofAgeOn(born, age);
        const eve = iso(Date.parse(birthday) - DAY).slice(0, 10);
        expect([born, isUnderAge(born, age, eve), isUnderAge(born, age, birthday)]).toEqual([born, true, false]);
        expect(born <= bornAfter(birthday, age)).toBe(true);
      }
    }
  });

  it("counts where the makerspace is: the same instant is another day elsewhere", async () => {
    const [east, west] = await Promise.all([
      makeSpace({ timezone: "Pacific/Kiritimati" }),
      makeSpace({ timezone: "Pacific/Pago_Pago" }),
    ]);
    // Twenty-five hours apart: whatever the hour, it is a day later in the east.
    const birth_date = bornAfter(iso(Date.now() + 14 * HOUR).slice(0, 10), 18).replace("02-29", "02-28");
    const say = async (space: TestSpace) =>
      space.root.send("PUT", ofMember(space, await space.as("user"), "/minor"), { body: { birth_date } });
    expect((await say(east)).problem?.errors?.[0]?.code).toBe("no_minor");
    expect((await say(west)).body).toMatchObject({ is_minor: true });
  });
});

describe("a minor", () => {
  it("without a guardian's consent is refused at every door; with it each is open", async () => {
    const family = await makeFamily();
    const { space, machine, ada, ben, desk } = family;
    // From before it was known how old she is.
    await space.root.delete(ofMember(space, ada, "/minor"));
    const approvable = await space.machine({ approval: "staff" });
    const other = await space.machine();
    const [booked, ahead, asked] = [
      await space.booked(ada.api, machine, slotIn(24)),
      await space.booked(ada.api, other, slotIn(24)),
      await space.booked(ada.api, approvable, slotIn(24)),
    ];
    await recordMinor(space, ada);
    await nameGuardian(space, ada, ben);
    await enter(space, machine, slotIn(24));
    const moved = { body: slotIn(40), if_match: ahead.version };
    const slot = new URLSearchParams({ ...slotIn(50) });
    const explain = space.path(`/equipment/${machine.id}/access/explain?${slot}`);
    const doors: Record<string, () => Promise<string[]>> = {
      reserve: async () => codes(await space.book(ada.api, machine, slotIn(30))),
      hold: async () =>
        codes(await ada.api.send("POST", space.path(`/equipment/${other.id}/holds`), { body: slotIn(70) })),
      "reserve for them": async () =>
        codes(await space.book(desk.api, machine, { ...slotIn(32), member_id: ada.member.id })),
      move: async () => codes(await ada.api.send<Reservation>("PATCH", space.bookings(other, `/${ahead.id}`), moved)),
      approve: async () => codes(await space.step(desk.api, asked, "approve")),
      "start what is booked": async () => codes(await walkUp(family, ada.api, { reservation_id: booked.id })),
      "walk up": async () => codes(await walkUp({ ...family, machine: await space.machine() }, ada.api)),
      explain: async () =>
        (await ada.api.get<{ reasons: { code: string }[] }>(explain)).reasons.map(({ code }) => code),
    };
    for (const [door, knock] of Object.entries(doors)) expect([door, await knock()]).toEqual([door, missing]);
    // One who is of age beside her is in nobody's way.
    expect((await space.book(ben.api, machine, slotIn(30))).status).toBe(201);
    await consent(space, ada, ben.api);
    const { reserve: _, ...open } = doors;
    for (const [door, knock] of Object.entries(open)) expect([door, await knock()]).toEqual([door, []]);
    expect((await space.book(ada.api, machine, slotIn(60))).status).toBe(201);
  }, 30_000);

  it("cannot consent for themselves, whatever they are, nor name a guardian, nor change what is recorded", async () => {
    const space = await makeSpace();
    for (const child of [await space.person(), await space.person({ role: "makerspace_admin" })]) {
      await recordMinor(space, child);
      const guardian = await nameGuardian(space, child, await space.person());
      const path = ofMember(space, child, "/guardian_consents");
      for (const body of [{}, { guardian_id: guardian.id }])
        expect((await child.api.refused("POST", path, { body })).code).toBe("forbidden");
      const oneself = { guardian_member_id: child.member.id, relation: "myself" };
      const friend = { name: "A friend", relation: "friend" };
      for (const body of [oneself, friend])
        expect((await child.api.refused("POST", ofMember(space, child, "/guardians"), { body })).code).toBe(
          "forbidden",
        );
      const body = { birth_date: bornYearsAgo(17) };
      expect((await child.api.refused("PUT", ofMember(space, child, "/minor"), { body })).code).toBe("forbidden");
      expect((await child.api.refused("DELETE", ofMember(space, child, "/minor"))).code).toBe("forbidden");
      expect((await space.root.refused("POST", ofMember(space, child, "/guardians"), { body: oneself })).code).toBe(
        "invalid_body",
      );
      const given = await consent(space, child, space.root, { guardian_id: guardian.id });
      expect((await child.api.refused("POST", `${path}/${given.id}/withdraw`)).code).toBe("forbidden");
    }
  });

  it("may say so of themselves, once; of adults no date is kept", async () => {
    const space = await makeSpace();
    const child = await space.person();
    const path = ofMember(space, child, "/minor");
    for (const birth_date of [bornYearsAgo(18), bornYearsAgo(-1), "1970-01-01"])
      expect((await child.api.refused("PUT", path, { body: { birth_date } })).code).toBe("invalid_body");
    const minor = await child.api.must<Minor>("PUT", path, { body: { birth_date: bornYearsAgo(12) } });
    expect(minor).toMatchObject({ is_minor: true, has_consent: false, birth_date: bornYearsAgo(12) });
    const other = await space.person();
    const body = { birth_date: bornYearsAgo(12) };
    expect((await other.api.refused("PUT", path, { body })).code).toBe("not_found");
    const changed = await space.root.must<Minor>("PUT", path, { body: { birth_date: bornYearsAgo(13) } });
    expect([changed.version, changed.created_at]).toEqual([2, minor.created_at]);
  });
});

describe("a guardian", () => {
  it("who is a member consents and withdraws; after that bookings stand, and no machine is used", async () => {
    const family = await makeFamily();
    const { space, machine, ada, ben, guardian } = family;
    expect(await ben.api.all(space.path("/wards"))).toEqual([
      { member_id: ada.member.id, display_name: "Ada Byron", guardian_id: guardian.id },
    ]);
    const given = await consent(space, ada, ben.api);
    expect(given).toMatchObject({ method: "in_app", recorded_by: ben.member.id, guardian_id: guardian.id });
    const booked = await space.booked(ada.api, machine, slotIn(24));
    const other = await space.booked(ada.api, machine, slotIn(28));
    const path = ofMember(space, ada, `/guardian_consents/${given.id}`);
    const withdrawn = await ben.api.post<GuardianConsent>(`${path}/withdraw`);
    expect(withdrawn).toMatchObject({ withdrawn_by: ben.member.id, version: 2 });
    expect(await ben.api.get(path)).toEqual(withdrawn);
    expect((await ben.api.refused("POST", `${path}/withdraw`)).current_status).toBe("withdrawn");
    expect(await refusedFor(space, machine, ada, 30)).toEqual(missing);
    expect((await ada.api.get<Reservation>(space.bookings(machine, `/${booked.id}`))).status).toBe("approved");
    // What is booked can be given back all the same.
    expect((await space.step(ada.api, other, "cancel")).status).toBe(200);
    await enter(space, machine, slotIn(24));
    expect(codes(await walkUp(family, ada.api, { reservation_id: booked.id }))).toEqual(missing);
    const told = await until("what the minor was told", async () => {
      const found = await ada.api.all<Notification>(space.path("/notifications"));
      return found.some(({ type }) => type === "guardian_consent.withdrawn") && found;
    });
    expect(told.map(({ type }) => type)).toContain("guardian_consent.given");
    const heard = await ben.api.all<Notification>(space.path("/notifications"));
    expect(heard.map(({ type }) => type)).toContain("guardian.named");
  });

  it("who is nobody here signs on paper, which staff record; only a guardian's consent counts", async () => {
    const space = await makeSpace();
    const [machine, child, desk, other] = [
      await space.machine(),
      await space.person(),
      await space.as("desk"),
      await space.person(),
    ];
    await recordMinor(space, child);
    const guardians = ofMember(space, child, "/guardians");
    const named = { name: "Annabella Byron", relation: "mother", phone: "+44 20 1", email: "annabella@example.org" };
    const guardian = await space.root.post<Guardian>(guardians, named);
    expect(guardian).toMatchObject({ ...named, guardian_member_id: null });
    const path = ofMember(space, child, "/guardian_consents");
    // Neither a trainer, nor another member, nor anybody's guardian.
    const trainer = await space.as("trainer");
    expect((await trainer.api.refused("POST", path, { body: { guardian_id: guardian.id } })).code).toBe("not_found");
    expect((await other.api.refused("POST", path, { body: {} })).code).toBe("not_found");
    expect((await space.root.refused("POST", path, { body: {} })).errors?.[0]?.pointer).toBe("/guardian_id");
    const rules = await space.root.post<{ id: string }>(space.path("/agreements"), {
      title: "Consent of guardians",
      body: "My child may use machines.",
      required: false,
    });
    const unknown = { guardian_id: guardian.id, text: { agreement_id: rules.id, number: 2 } };
    expect((await space.root.refused("POST", path, { body: unknown })).code).toBe("unknown_reference");
    const given = await consent(space, child, desk.api, { ...unknown, text: { agreement_id: rules.id, number: 1 } });
    expect(given).toMatchObject({
      method: "on_paper",
      recorded_by: desk.member.id,
      text: { agreement_id: rules.id, number: 1 },
    });
    expect((await space.book(child.api, machine, slotIn(24))).status).toBe(201);
    expect(await desk.api.all(path)).toEqual([given]);
    // With the guardianship ends what it gave, and its contact goes.
    await space.root.delete(`${guardians}/${guardian.id}`);
    expect(await refusedFor(space, machine, child, 30)).toEqual(missing);
    expect(await child.api.get(`${guardians}/${guardian.id}`)).toMatchObject({ phone: null, email: null });
    const late = { body: { guardian_id: guardian.id } };
    expect((await space.root.refused("POST", path, late)).code).toBe("guardian_unfit");
  });

  it("who is under age consents to nothing, and is a guardian once", async () => {
    const space = await makeSpace();
    const [child, sister] = [await space.person(), await space.person()];
    for (const one of [child, sister]) await recordMinor(space, one);
    const guardian = await nameGuardian(space, child, sister);
    const path = ofMember(space, child, "/guardian_consents");
    expect((await sister.api.refused("POST", path, { body: {} })).code).toBe("guardian_unfit");
    const signed = { body: { guardian_id: guardian.id } };
    expect((await space.root.refused("POST", path, signed)).code).toBe("guardian_unfit");
    const again = { guardian_member_id: sister.member.id, relation: "sister" };
    expect((await space.root.refused("POST", ofMember(space, child, "/guardians"), { body: again })).code).toBe(
      "already_guardian",
    );
    await space.root.delete(ofMember(space, sister, "/minor"));
    expect((await sister.api.send("POST", path, { body: {} })).status).toBe(201);
  });

  it("consents until a day, and not after it", async () => {
    const { space, machine, ada, ben } = await makeFamily();
    const path = ofMember(space, ada, "/guardian_consents");
    const past = { valid_until: iso(Date.now() - HOUR) };
    expect((await ben.api.refused("POST", path, { body: past })).code).toBe("invalid_body");
    const given = await consent(space, ada, ben.api, { valid_until: iso(Date.now() + HOUR) });
    expect((await space.book(ada.api, machine, slotIn(24))).status).toBe(201);
    await env.DB_000.prepare("UPDATE guardian_consents SET given_at = 1, valid_until = ? WHERE id = ?")
      .bind(Date.now() - 1, given.id)
      .run();
    expect(await refusedFor(space, machine, ada, 30)).toEqual(missing);
    expect(await ada.api.get(ofMember(space, ada, "/minor"))).toMatchObject({ has_consent: false });
  });
});
