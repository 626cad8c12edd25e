/** Evidence that comes with a request to be certified. */

import { expect, it } from "vitest";
import { upload } from "../../support/files.ts";
import { pdf } from "../../support/pictures.ts";
import { makeSkill } from "../../support/skills.ts";
import { makeSpace } from "../../support/space.ts";
import type { SkillRequest } from "../../support/wire.ts";

it("comes with a request, seen by whoever may see the request, and by nobody else", async () => {
  const space = await makeSpace();
  const [ada, ben, trainer] = [await space.person(), await space.person(), await space.as("trainer")];
  const skill = await makeSkill(space);
  const proof = await upload(space, ada.api, pdf(), { purpose: "skill_request", name: "course.pdf" });
  const body = { skill_id: skill.id, file_ids: [proof.id] };
  expect((await ben.api.refused("POST", space.path("/skill_requests"), { body })).code).toBe("file_unusable");
  const asked = await ada.api.post<SkillRequest>(space.path("/skill_requests"), body);
  expect(asked.file_ids).toEqual([proof.id]);
  const [listed] = await trainer.api.all<SkillRequest>(space.path("/skill_requests"));
  expect(listed).toEqual(asked);
  const path = space.path(`/files/${proof.id}/content`);
  for (const { api } of [ada, trainer]) expect((await api.send("GET", path)).status).toBe(200);
  expect((await ben.api.refused("GET", path)).code).toBe("not_found");
  const decided = await trainer.api.post<SkillRequest>(space.path(`/skill_requests/${asked.id}/approve`));
  expect(decided.file_ids).toEqual([proof.id]);
});
