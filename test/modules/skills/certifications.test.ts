/** Certifications: given by others, signed by a second person where it is dangerous, ended by date, disuse or a word. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { DAY } from "../../../src/platform/time.ts";
import { tick } from "../../support/background.ts";
import { faulty, through } from "../../support/faults.ts";
import { makeScene } from "../../support/scene.ts";
import { asksFor, certified, certify, makeSkill, shiftCertification } from "../../support/skills.ts";
import { iso, makeSpace, makeTwoSpaces, type Person, type TestSpace, until } from "../../support/space.ts";
import type { Certification, Notification, Session, SkillRequest } from "../../support/wire.ts";

const pathOf = (space: TestSpace, { skill_id, id }: Certification, rest = ""): string =>
  space.path(`/skills/${skill_id}/certifications/${id}${rest}`);

const actions = async (space: TestSpace, id: string): Promise<string[]> =>
  (await space.root.all<{ action: string }>(space.path(`/audit?subject_type=certification&subject_id=${id}`)))
    .map(({ action }) => action)
    .reverse();

describe("a certification", () => {
  it("is given by a trainer, not by oneself, and seen by staff and its holder", async () => {
    const space = await makeSpace();
    const [trainer, ada, ben] = [await space.as("trainer"), await space.person(), await space.person()];
    const skill = await makeSkill(space);
    const given = await certify(space, trainer, skill.id, ada, {
      level: "advanced",
      quiz_score: 87,
      evidence: "test piece",
    });
    expect([given.status, given.body]).toMatchObject([
      201,
      { status: "certified", level: "advanced", quiz_score: 87, certified_by: trainer.member.id, ends_at: null },
    ]);
    expect((await certify(space, trainer, skill.id, trainer)).problem?.code).toBe("self_certification");
    expect((await certify(space, ada, skill.id, ben)).status).toBe(403);
    const list = space.path(`/skills/${skill.id}/certifications`);
    expect(await ada.api.all(`${list}?member_id=me`)).toEqual([given.body]);
    expect(await ben.api.all(list)).toEqual([]);
    expect((await ben.api.refused("GET", `${list}?member_id=${ada.member.id}`)).status).toBe(403);
    if (given.body) expect((await ben.api.refused("GET", pathOf(space, given.body))).status).toBe(404);
    expect(await trainer.api.all(`${list}?member_id=${ada.member.id}`)).toEqual([given.body]);
    await until("the message", async () =>
      (await ada.api.all<Notification>(space.path("/notifications"))).some(
        ({ type }) => type === "certification.certified",
      ),
    );
  });

  it("waits for what comes first: 409 with each that is missing, also when it is lost at that moment", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const [a, b] = [await makeSkill(space), await makeSkill(space)];
    const next = await makeSkill(space, { prerequisite_ids: [a.id, b.id] });
    const body = { member_id: ada.member.id };
    const all = space.path(`/skills/${next.id}/certifications`);
    const missing = async () => {
      const { code, status, reasons } = await space.root.refused("POST", all, { body });
      return [status, code, reasons?.map(({ limit }) => limit?.skill_id).sort()];
    };
    expect(await missing()).toEqual([409, "prerequisite_missing", [a.id, b.id].sort()]);
    const first = await certified(space, a.id, ada);
    expect(await missing()).toEqual([409, "prerequisite_missing", [b.id]]);
    await certified(space, b.id, ada);
    await certified(space, next.id, ada);
    await space.root.post(pathOf(space, first, "/revoke"), { reason: "a test" });
    expect(await missing()).toEqual([409, "prerequisite_missing", [a.id]]);
  });

  it("never rests on one that somebody faster has revoked", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const first = await makeSkill(space);
    const next = await makeSkill(space, { prerequisite_ids: [first.id] });
    const held = await certified(space, first.id, ada);
    let isFirst = true;
    const late = faulty(env.DB_000, {
      before: async (statements) => {
        if (!isFirst || !statements.some((sql) => /INSERT INTO certifications/.test(sql))) return;
        isFirst = false;
        await space.root.post(pathOf(space, held, "/revoke"), { reason: "a test" });
      },
    });
    const api = space.root.by(through({ DB_000: late }));
    const body = { member_id: ada.member.id };
    expect(await api.refused("POST", space.path(`/skills/${next.id}/certifications`), { body })).toMatchObject({
      code: "prerequisite_missing",
      reasons: [{ limit: { skill_id: first.id } }],
    });
    expect(isFirst).toBe(false);
  });

  it("is renewed by another one, which takes its place: one counts at a time, however many ask", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const skill = await makeSkill(space);
    const first = await certified(space, skill.id, ada);
    await Promise.all(Array.from({ length: 8 }, () => certified(space, skill.id, ada, { level: "expert" })));
    const all = await ada.api.all<Certification>(space.path("/certifications"));
    expect(all.filter(({ status }) => status === "certified")).toHaveLength(1);
    expect(all.filter(({ status }) => status === "superseded")).toHaveLength(8);
    expect(all.find(({ id }) => id === first.id)).toMatchObject({ status: "superseded", ended_because: "superseded" });
  });

  it("of a skill that names its trainers is given by them and by administrators alone", async () => {
    const space = await makeSpace();
    const [named, other, admin, ada] = [
      await space.person({ duties: [{ duty: "trainer" }] }),
      await space.as("trainer"),
      await space.as("makerspace_admin"),
      await space.person(),
    ];
    const skill = await makeSkill(space, { trainer_ids: [named.member.id] });
    expect((await certify(space, other, skill.id, ada)).problem).toMatchObject({
      status: 403,
      reasons: [{ code: "not_a_trainer" }],
    });
    expect((await certify(space, named, skill.id, ada)).status).toBe(201);
    expect((await certify(space, admin, skill.id, ada)).status).toBe(201);
  });

  it("of another makerspace is nowhere", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [here, there] = [await makeSkill(home), await abroad.person()];
    const body = { member_id: there.member.id };
    expect((await home.root.refused("POST", home.path(`/skills/${here.id}/certifications`), { body })).code).toBe(
      "unknown_reference",
    );
    expect((await abroad.root.refused("POST", abroad.path(`/skills/${here.id}/certifications`), { body })).status).toBe(
      404,
    );
  });
});

describe("of a high-risk skill", () => {
  const dangerous = async () => {
    const space = await makeSpace();
    const trainers = [await space.as("trainer"), await space.person({ duties: [{ duty: "trainer" }] })] as const;
    const [ada, skill] = [await space.person(), await makeSkill(space, { high_risk: true, validity_months: 12 })];
    return { space, trainers, ada, skill };
  };
  const sign = (space: TestSpace, by: Person, row: Certification) =>
    by.api.send<Certification>("POST", pathOf(space, row, "/cosign"));

  it("a certification counts once a second person has signed; until then the one before does", async () => {
    const { space, trainers, ada, skill } = await dangerous();
    const [one, two] = trainers;
    const { body: first } = await certify(space, one, skill.id, ada);
    if (!first) throw new Error("not certified");
    expect(first.status).toBe("awaiting_cosign");
    expect((await sign(space, one, first)).problem?.code).toBe("second_person_needed");
    expect((await sign(space, ada, first)).status).toBe(403);
    const signed = await sign(space, two, first);
    expect(signed.body).toMatchObject({ status: "certified", cosigned_by: two.member.id });
    expect((await sign(space, two, first)).problem).toMatchObject({
      code: "illegal_transition",
      current_status: "certified",
    });
    const { body: renewed } = await certify(space, two, skill.id, ada, { level: "expert" });
    const statuses = async () =>
      (await ada.api.all<Certification>(space.path("/certifications"))).map(({ status }) => status);
    expect(await statuses()).toEqual(["awaiting_cosign", "certified"]);
    if (renewed) await sign(space, one, renewed);
    expect(await statuses()).toEqual(["certified", "superseded"]);
    expect(await actions(space, first.id)).toEqual(["certification.created", "certification.cosigned"]);
  });

  it("is signed once, however many sign", async () => {
    const { space, trainers, ada, skill } = await dangerous();
    const signers = await Promise.all(Array.from({ length: 6 }, () => space.person({ duties: [{ duty: "trainer" }] })));
    const { body: row } = await certify(space, trainers[0], skill.id, ada);
    if (!row) throw new Error("not certified");
    const answers = await Promise.all(signers.map((signer) => sign(space, signer, row)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });
});

describe("the end of a certification", () => {
  it("is the end of a day on the makerspace's clock, months later; or what was said", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const skill = await makeSkill(space, { validity_months: 6 });
    const { expires_at } = await certified(space, skill.id, ada);
    const clock = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", hour: "2-digit", minute: "2-digit" });
    expect(clock.format(new Date(expires_at ?? 0))).toBe("00:00");
    const days = (Date.parse(expires_at ?? "") - Date.now()) / DAY;
    expect(days).toBeGreaterThan(180);
    expect(days).toBeLessThan(187);
    const said = iso(Date.now() + DAY);
    expect((await certified(space, skill.id, ada, { expires_at: said })).expires_at).toBe(said);
    expect((await certified(space, skill.id, ada, { expires_at: null })).expires_at).toBeNull();
    const past = { member_id: ada.member.id, expires_at: iso(Date.now() - DAY) };
    expect(
      (await space.root.refused("POST", space.path(`/skills/${skill.id}/certifications`), { body: past })).code,
    ).toBe("invalid_body");
  });

  it("is warned of once and written down by the clockwork, with audit and messages, once", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const skill = await makeSkill(space, { warning_days: 30 });
    const row = await certified(space, skill.id, ada, { expires_at: iso(Date.now() + 10 * DAY) });
    const read = () => space.root.get<Certification>(pathOf(space, row));
    await tick("quarter");
    await until("the warning", async () => (await actions(space, row.id)).includes("certification.expiring"));
    await tick("quarter");
    await shiftCertification(space, row.id, { expires_at: Date.now() - 1, due_at: Date.now() - 1 });
    await tick("quarter");
    const ended = await until("the end", async () => {
      const now = await read();
      return now.status === "expired" && now;
    });
    expect(ended).toMatchObject({ ended_because: "date" });
    await tick("quarter");
    expect(await actions(space, row.id)).toEqual([
      "certification.created",
      "certification.expiring",
      "certification.expired",
    ]);
    await until("the messages", async () => {
      const types = (await ada.api.all<Notification>(space.path("/notifications"))).map(({ type }) => type);
      return types.includes("certification.expiring") && types.includes("certification.expired");
    });
    // Certified again, it counts again.
    expect((await certified(space, skill.id, ada)).status).toBe("certified");
    expect((await read()).status).toBe("superseded");
  });

  it("comes by disuse, unless a machine that asks for the skill is used", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const skill = await makeSkill(space, { disuse_days: 60, warning_days: 0 });
    await asksFor(space, machine, skill.id);
    const [used, idle] = [await certified(space, skill.id, ada), await certified(space, skill.id, ben)];
    await ada.api.post<Session>(space.path(`/equipment/${machine.id}/sessions`), { planned_minutes: 15 });
    await until("the use", async () => (await ada.api.get<Certification>(pathOf(space, used))).last_used_at !== null);
    for (const { id } of [used, idle]) {
      await shiftCertification(space, id, { certified_at: Date.now() - 61 * DAY, due_at: Date.now() - 1 });
    }
    await tick("quarter");
    await until("the end", async () => (await ben.api.get<Certification>(pathOf(space, idle))).status === "expired");
    expect(await ben.api.get<Certification>(pathOf(space, idle))).toMatchObject({ ended_because: "disuse" });
    expect(await ada.api.get<Certification>(pathOf(space, used))).toMatchObject({ status: "certified" });
  });

  it("may be a word: revoked with a reason, once, by trainers and whoever looks after safety", async () => {
    const space = await makeSpace();
    const [safety, ada] = [await space.as("safety"), await space.person()];
    const skill = await makeSkill(space);
    const row = await certified(space, skill.id, ada);
    const path = pathOf(space, row, "/revoke");
    expect((await ada.api.refused("POST", path, { body: { reason: "mine" } })).status).toBe(403);
    const answers = await Promise.all(
      Array.from({ length: 4 }, () =>
        safety.api.send<Certification>("POST", path, { body: { reason: "Left it running." } }),
      ),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(await ada.api.get(pathOf(space, row))).toMatchObject({
      status: "revoked",
      reason: "Left it running.",
      ended_by: safety.member.id,
      ended_because: "revoked",
    });
    expect((await space.root.refused("POST", path, { body: { reason: "again" } })).code).toBe("illegal_transition");
    await until("the message", async () =>
      (await ada.api.all<Notification>(space.path("/notifications"))).some(
        ({ type }) => type === "certification.revoked",
      ),
    );
  });
});

describe("a request to be certified", () => {
  const ask = (space: TestSpace, by: Person, skill_id: string) =>
    by.api.send<SkillRequest>("POST", space.path("/skill_requests"), { body: { skill_id } });

  it("waits once per skill and member, however often it is sent", async () => {
    const space = await makeSpace();
    const [ada, skill] = [await space.person(), await makeSkill(space)];
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(space, ada, skill.id)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ problem }) => problem?.code === "request_open")).toHaveLength(7);
    const [open] = await ada.api.all<SkillRequest>(space.path("/skill_requests?status=open"));
    const { status } = await ada.api.post<SkillRequest>(space.path(`/skill_requests/${open?.id}/withdraw`));
    expect(status).toBe("withdrawn");
    expect((await ask(space, ada, skill.id)).status).toBe(201);
    expect((await ask(space, ada, "nothing")).problem?.code).toBe("unknown_reference");
  });

  it("is approved with what was seen, and certifies in the same step; of two decisions one is made", async () => {
    const space = await makeSpace();
    const [ada, ben, trainer] = [await space.person(), await space.person(), await space.as("trainer")];
    const skill = await makeSkill(space);
    const { body: asked } = await ask(space, ada, skill.id);
    const path = space.path(`/skill_requests/${asked?.id}`);
    expect((await ben.api.refused("GET", path)).status).toBe(404);
    expect((await ada.api.refused("POST", `${path}/approve`)).status).toBe(403);
    await until("the message", async () =>
      (await trainer.api.all<Notification>(space.path("/notifications"))).some(
        ({ type }) => type === "skill_request.created",
      ),
    );
    const answers = await Promise.all([
      trainer.api.send<SkillRequest>("POST", `${path}/approve`, {
        body: { level: "expert", quiz_score: 91, evidence: "a box" },
      }),
      trainer.api.send<SkillRequest>("POST", `${path}/reject`, { body: { note: "not yet" } }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const decided = await ada.api.get<SkillRequest>(path);
    const held = await ada.api.all<Certification>(space.path("/certifications"));
    if (decided.status === "approved") {
      expect(held).toMatchObject([
        { id: decided.certification_id, level: "expert", quiz_score: 91, evidence: "a box" },
      ]);
    } else expect(held).toEqual([]);
  });

  it("is approved for nobody who lacks what comes first, and goes on waiting", async () => {
    const space = await makeSpace();
    const [ada, trainer, first] = [await space.person(), await space.as("trainer"), await makeSkill(space)];
    const skill = await makeSkill(space, { prerequisite_ids: [first.id] });
    const { body: asked } = await ask(space, ada, skill.id);
    const path = space.path(`/skill_requests/${asked?.id}`);
    expect(await trainer.api.refused("POST", `${path}/approve`)).toMatchObject({
      code: "prerequisite_missing",
      reasons: [{ limit: { skill_id: first.id } }],
    });
    await certified(space, first.id, ada);
    expect(await trainer.api.post<SkillRequest>(`${path}/approve`)).toMatchObject({ status: "approved" });
    const { body: mine } = await ask(space, trainer, first.id);
    const own = space.path(`/skill_requests/${mine?.id}/approve`);
    expect((await trainer.api.refused("POST", own)).code).toBe("self_certification");
  });
});
