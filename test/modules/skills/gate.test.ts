/** The skills that a machine asks for: at booking, at approval, and again when use begins. */

import { describe, expect, it } from "vitest";
import { openGates } from "../../../src/modules/equipment/model.ts";
import { DAY, MINUTE } from "../../../src/platform/time.ts";
import { enter, inObject, makeScene, type Scene } from "../../support/scene.ts";
import { asks, asksFor, certified, makeSkill, shiftCertification } from "../../support/skills.ts";
import { iso, makeTwoSpaces, slotIn, until } from "../../support/space.ts";
import type { Certification, Reservation, Session, SkillRequirements } from "../../support/wire.ts";

const walkUp = ({ space, machine }: Scene, api: Scene["ada"]["api"]) =>
  api.send<Session>("POST", space.path(`/equipment/${machine.id}/sessions`), { body: { planned_minutes: 30 } });

const revoke = ({ space }: Scene, { skill_id, id }: Certification) =>
  space.root.post(space.path(`/skills/${skill_id}/certifications/${id}/revoke`), { reason: "a test" });

const missing = (answer: { problem: { reasons?: { limit?: Record<string, unknown> }[] } | null }) =>
  answer.problem?.reasons?.map(({ limit }) => limit?.skill_id);

interface Explanation {
  allowed: boolean;
  reasons: { code: string }[];
  warnings: { code: string }[];
  staff_may_override: boolean;
}

const explain = ({ space, machine }: Scene, api: Scene["ada"]["api"], slot = slotIn(24), more = "") =>
  api.get<Explanation>(
    space.path(`/access/explain?equipment_id=${machine.id}&starts_at=${slot.starts_at}&ends_at=${slot.ends_at}${more}`),
  );

describe("a machine that asks for skills", () => {
  it("is booked by nobody without them, staff included: 403 with each that is missing, and explained alike", async () => {
    const scene = await makeScene();
    const { space, machine, ada, desk } = scene;
    const [a, b, c] = [await makeSkill(space), await makeSkill(space), await makeSkill(space)];
    await asks(space, machine, {
      groups: [
        { mode: "all", skills: [{ skill_id: a.id }] },
        { mode: "any", skills: [{ skill_id: b.id, min_level: "advanced" }, { skill_id: c.id }] },
      ],
    });
    const refused = await space.book(ada.api, machine, slotIn(24));
    expect([refused.status, refused.problem?.code, missing(refused)]).toEqual([
      403,
      "skill_required",
      [a.id, b.id, c.id],
    ]);
    const byStaff = await space.book(desk.api, machine, { ...slotIn(24), member_id: ada.member.id });
    expect(byStaff.problem?.code).toBe("skill_required");
    expect(await explain(scene, ada.api)).toMatchObject({
      allowed: false,
      reasons: refused.problem?.reasons,
      staff_may_override: false,
    });
    await certified(space, a.id, ada);
    await certified(space, b.id, ada);
    const low = await space.book(ada.api, machine, slotIn(24));
    expect([missing(low), low.problem?.reasons?.[0]?.limit]).toEqual([
      [b.id, c.id],
      { skill_id: b.id, because: "level_too_low", min_level: "advanced" },
    ]);
    await certified(space, b.id, ada, { level: "expert" });
    expect(await explain(scene, desk.api, slotIn(24), `&member_id=${ada.member.id}`)).toMatchObject({
      allowed: true,
      reasons: [],
    });
    expect((await space.book(ada.api, machine, slotIn(24))).status).toBe(201);
  });

  it("that only warns lets everybody in and says what is missing, also to a repeated request", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const skill = await makeSkill(space);
    await asks(space, machine, { enforcement: "warn", groups: [{ mode: "all", skills: [{ skill_id: skill.id }] }] });
    const warning = [{ code: "skill_required", limit: { skill_id: skill.id, because: "missing" } }];
    const key = crypto.randomUUID();
    const [first, again] = [
      await space.book(ada.api, machine, slotIn(24), { key }),
      await space.book(ada.api, machine, slotIn(24), { key }),
    ];
    expect([first.status, first.body?.warnings]).toMatchObject([201, warning]);
    expect(again.body).toEqual(first.body);
    expect(await explain(scene, ada.api, slotIn(48))).toMatchObject({ allowed: true, warnings: warning });
    const session = await walkUp(scene, ada.api);
    expect([session.status, session.body?.warnings]).toMatchObject([201, warning]);
    const shown = await ada.api.get<Reservation>(space.bookings(machine, `/${first.body?.id}`));
    expect(shown.warnings).toBeUndefined();
  });

  it("asks at approval, at check-in, at the start and of walk-ins as well", async () => {
    const scene = await makeScene({ approval: "staff", check_in: "optional" });
    const { space, machine, ada, desk } = scene;
    const skill = await makeSkill(space);
    const pending = await space.booked(ada.api, machine, slotIn(24));
    const other = await space.booked(ada.api, machine, slotIn(30));
    await space.step(desk.api, other, "approve");
    // Bookings that are there stay when a machine begins to ask.
    await asksFor(space, machine, skill.id);
    expect((await space.step(desk.api, pending, "approve")).problem?.code).toBe("skill_required");
    expect(missing(await walkUp(scene, desk.api))).toEqual([skill.id]);
    const held = await certified(space, skill.id, ada);
    expect((await space.step(desk.api, pending, "approve")).status).toBe(200);
    await shiftCertification(space, held.id, { expires_at: Date.now() - MINUTE });
    await enter(space, machine, slotIn(30));
    for (const by of [ada, desk])
      expect((await space.step(by.api, other, "check_in")).problem?.code).toBe("skill_required");
    const start = () =>
      ada.api.send<Session>("POST", space.path(`/equipment/${machine.id}/sessions`), {
        body: { reservation_id: other.id },
      });
    expect((await start()).problem?.code).toBe("skill_required");
    await certified(space, skill.id, ada);
    expect((await space.step(ada.api, other, "check_in")).status).toBe(200);
    expect((await start()).status).toBe(201);
  });

  it("asks for what holds when the time begins, and counts an end so many days of grace later", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const skill = await makeSkill(space);
    await certified(space, skill.id, ada, { expires_at: iso(Date.now() + 2 * DAY) });
    await asksFor(space, machine, skill.id);
    expect((await space.book(ada.api, machine, slotIn(24))).status).toBe(201);
    const late = await space.book(ada.api, machine, slotIn(72));
    expect(late.problem?.reasons).toMatchObject([{ code: "skill_required", limit: { because: "expires_before" } }]);
    const groups = [{ mode: "all", skills: [{ skill_id: skill.id }] }];
    await asks(space, machine, { groups, grace_days: 3 });
    const graced = await space.book(ada.api, machine, slotIn(72));
    expect([graced.status, graced.body?.warnings]).toMatchObject([201, [{ limit: { because: "in_grace" } }]]);
    expect((await space.book(ada.api, machine, slotIn(24 * 6))).problem?.code).toBe("skill_required");
  });

  it("takes no signature for two: a high-risk skill counts once it is co-signed", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const skill = await makeSkill(space, { high_risk: true });
    await asksFor(space, machine, skill.id);
    const row = await certified(space, skill.id, ada);
    expect((await space.book(ada.api, machine, slotIn(24))).problem?.reasons).toMatchObject([
      { limit: { because: "awaiting_cosign" } },
    ]);
    const trainer = await space.as("trainer");
    await trainer.api.post(space.path(`/skills/${skill.id}/certifications/${row.id}/cosign`));
    expect((await space.book(ada.api, machine, slotIn(24))).status).toBe(201);
  });
});

describe("a skill that is lost", () => {
  it("takes the bookings with it that rest on it, and no others; a running session goes on", async () => {
    const scene = await makeScene();
    const { space, machine, ada, ben } = scene;
    const [skill, spare] = [await makeSkill(space), await makeSkill(space)];
    const [free, either] = [await space.machine(), await space.machine()];
    await asksFor(space, machine, skill.id);
    await asks(space, either, {
      groups: [{ mode: "any", skills: [{ skill_id: skill.id }, { skill_id: spare.id }] }],
    });
    const row = await certified(space, skill.id, ada);
    await certified(space, skill.id, ben);
    await certified(space, spare.id, ada, { expires_at: iso(Date.now() + 2 * DAY) });
    const session = await walkUp(scene, ada.api);
    const bookings = [
      await space.booked(ada.api, machine, slotIn(24)),
      await space.booked(ben.api, machine, slotIn(26)),
      await space.booked(ada.api, free, slotIn(24)),
      // Covered by the other skill until it ends.
      await space.booked(ada.api, either, slotIn(24)),
      await space.booked(ada.api, either, slotIn(96)),
    ];
    await revoke(scene, row);
    const statuses = await Promise.all(
      bookings.map(
        async ({ id, equipment_id }) =>
          (await space.root.get<Reservation>(space.bookings({ id: equipment_id }, `/${id}`))).status,
      ),
    );
    expect(statuses).toEqual(["cancelled", "approved", "approved", "approved", "cancelled"]);
    await until("the row", async () => {
      const running = await space.root.all<Session>(space.path("/sessions?status=active"));
      return running.some(({ id }) => id === session.body?.id);
    });
    expect((await space.book(ada.api, machine, slotIn(24))).problem?.reasons).toMatchObject([
      { limit: { because: "revoked" } },
    ]);
  });

  it("lets nobody in who books at that moment", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const skill = await makeSkill(space);
    await asksFor(space, machine, skill.id);
    for (let round = 0; round < 6; round += 1) {
      const row = await certified(space, skill.id, ada);
      const slots = Array.from({ length: 6 }, (_, index) => slotIn(24 + round * 10 + index));
      const [answers] = await Promise.all([
        Promise.all(slots.map((slot) => space.book(ada.api, machine, slot))),
        revoke(scene, row),
      ]);
      for (const { body } of answers) {
        if (!body) continue;
        await until("the sweep", async () => {
          const now = await space.root.get<Reservation>(space.bookings(machine, `/${body.id}`));
          return now.status === "cancelled";
        });
      }
    }
  });

  it("takes with it what was booked with facts that were read before, where the lists show nothing of the member", async () => {
    const scene = await makeScene();
    const { space, machine, ada } = scene;
    const skill = await makeSkill(space);
    await asksFor(space, machine, skill.id);
    await revoke(scene, await certified(space, skill.id, ada));
    const { id: member_id, first_name, last_name } = ada.member;
    const [starts_at, ends_at] = [Date.parse(slotIn(24).starts_at), Date.parse(slotIn(24).ends_at)];
    const reservation_id = crypto.randomUUID();
    const words = { purpose: null, project_id: null, metadata: "{}", external_id: null, hold_id: null };
    await inObject(space, machine, (object) =>
      object.execute({
        command: { type: "reserve", reservation_id, starts_at, ends_at, ...words },
        actor: { kind: "member", id: member_id, authority: "own" },
        facts: {
          decide_before: Date.now() + 10_000,
          policy_versions: { makerspace: 0, equipment: 0, hours: 0 },
          holder: { member_id, first_name, last_name, hide_name: false },
          gates: openGates,
        },
        key: null,
        request_id: "a-test-request",
      }),
    );
    await until("the sweep", async () => {
      const answer = await space.root.send<Reservation>("GET", space.bookings(machine, `/${reservation_id}`));
      return answer.status === 404 || answer.body?.status === "cancelled";
    });
  });
});

describe("what a machine asks for", () => {
  it("is said by staff under its version, names skills that can be learnt, and belongs to one makerspace", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [machine, skill] = [await home.machine(), await makeSkill(home)];
    const path = home.path(`/equipment/${machine.id}/skill_requirements`);
    const { api } = await home.as("user");
    expect(await api.get<SkillRequirements>(path)).toMatchObject({ groups: [], enforcement: "block", version: 0 });
    const groups = [{ mode: "all", skills: [{ skill_id: skill.id, min_level: "expert" }] }];
    expect((await api.refused("PUT", path, { body: { groups } })).status).toBe(403);
    const trainer = await home.person({ duties: [{ duty: "trainer", equipment_ids: [machine.id] }] });
    const said = await trainer.api.must<SkillRequirements>("PUT", path, {
      body: { groups, grace_days: 7 },
      if_match: 0,
    });
    expect(said).toMatchObject({
      version: 1,
      grace_days: 7,
      groups: [{ mode: "all", skills: [{ skill_id: skill.id, name: skill.name, min_level: "expert" }] }],
    });
    expect(await api.get(path)).toEqual(said);
    for (const if_match of [0, 2]) {
      expect((await trainer.api.refused("PUT", path, { body: { groups: [] }, if_match })).code).toBe("stale_version");
    }
    const other = home.path(`/equipment/${(await home.machine()).id}/skill_requirements`);
    expect((await trainer.api.refused("PUT", other, { body: { groups } })).status).toBe(403);
    const foreign = await makeSkill(abroad);
    const strange = { groups: [{ mode: "any", skills: [{ skill_id: foreign.id }] }] };
    expect(await home.root.refused("PUT", path, { body: strange })).toMatchObject({
      code: "unknown_reference",
      errors: [{ pointer: "/groups/0/skills/0/skill_id" }],
    });
    const elsewhere = abroad.path(`/equipment/${machine.id}/skill_requirements`);
    expect((await abroad.root.refused("PUT", elsewhere, { body: strange })).status).toBe(404);
    expect((await abroad.root.refused("GET", elsewhere)).status).toBe(404);
    expect(
      (await home.root.must<SkillRequirements>("PUT", path, { body: { groups: [] }, if_match: 1 })).groups,
    ).toEqual([]);
    const answers = await Promise.all(
      [1, 2, 3, 4].map((grace_days) => home.root.send("PUT", path, { body: { groups, grace_days }, if_match: 2 })),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });
});
