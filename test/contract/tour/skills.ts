import { it } from "vitest";
import { makeScene } from "../../support/scene.ts";
import { asksFor, certified, makeSkill } from "../../support/skills.ts";
import { slotIn } from "../../support/space.ts";
import type { Certification, Skill, SkillRequest } from "../../support/wire.ts";

/** What people learn, who says so, and what machines ask for. */
export function skills(): void {
  it("teaches", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const [trainer, second] = [await space.as("trainer"), await space.person({ duties: [{ duty: "trainer" }] })];
    const skill = await makeSkill(space, { high_risk: true });
    const path = space.path(`/skills/${skill.id}`);
    await ada.api.get(space.path("/skills"));
    await ada.api.get<Skill>(path);
    await trainer.api.patch<Skill>(path, { category: "cutting" });
    const ask = () => ada.api.post<SkillRequest>(space.path("/skill_requests"), { skill_id: skill.id });
    await ada.api.post(space.path(`/skill_requests/${(await ask()).id}/withdraw`));
    await trainer.api.post(space.path(`/skill_requests/${(await ask()).id}/reject`));
    const request = space.path(`/skill_requests/${(await ask()).id}`);
    await ada.api.get(request);
    await trainer.api.get(space.path("/skill_requests"));
    const { certification_id } = await trainer.api.post<SkillRequest>(`${request}/approve`, { quiz_score: 90 });
    const certification = `${path}/certifications/${certification_id}`;
    await second.api.post<Certification>(`${certification}/cosign`);
    await certified(space, skill.id, ben);
    await ada.api.get(certification);
    await ada.api.get(`${path}/certifications`);
    await trainer.api.get(space.path("/certifications"));
    await asksFor(space, machine, skill.id);
    await ada.api.get(space.path(`/equipment/${machine.id}/skill_requirements`));
    const { starts_at, ends_at } = slotIn(24);
    const asked = `equipment_id=${machine.id}&starts_at=${starts_at}&ends_at=${ends_at}`;
    await ada.api.get(space.path(`/access/explain?${asked}`));
    await trainer.api.post(`${certification}/revoke`, { reason: "Left it running." });
    const idle = await makeSkill(space);
    await trainer.api.delete(space.path(`/skills/${idle.id}`));
  });
}
