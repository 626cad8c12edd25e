/** Skills for tests, made by the routes themselves. */

import { env } from "cloudflare:workers";
import type { Answer } from "./api.ts";
import type { Person, TestSpace } from "./space.ts";
import type { Certification, Skill, SkillRequirements } from "./wire.ts";

/** A skill of its own name. */
export const makeSkill = (space: TestSpace, more: object = {}): Promise<Skill> =>
  space.root.post<Skill>(space.path("/skills"), {
    name: `Skill ${crypto.randomUUID()}`,
    category: "laser",
    ...more,
  });

/** Certifies a member, as somebody without a membership. @throws when it is refused */
export const certified = (
  space: TestSpace,
  skill_id: string,
  { member }: Person,
  more: object = {},
): Promise<Certification> =>
  space.root.post<Certification>(space.path(`/skills/${skill_id}/certifications`), { member_id: member.id, ...more });

/** Tries to certify. */
export const certify = (
  space: TestSpace,
  by: Person,
  skill_id: string,
  { member }: Person,
  more: object = {},
): Promise<Answer<Certification>> =>
  by.api.send<Certification>("POST", space.path(`/skills/${skill_id}/certifications`), {
    body: { member_id: member.id, ...more },
  });

/** What a machine asks for: all of these, unless groups say more. */
export const asks = (space: TestSpace, machine: { id: string }, body: object): Promise<SkillRequirements> =>
  space.root.must<SkillRequirements>("PUT", space.path(`/equipment/${machine.id}/skill_requirements`), { body });

export const asksFor = (
  space: TestSpace,
  machine: { id: string },
  ...skill_ids: string[]
): Promise<SkillRequirements> =>
  asks(space, machine, { groups: [{ mode: "all", skills: skill_ids.map((skill_id) => ({ skill_id })) }] });

/** Puts a certification's times where a test needs them; epoch milliseconds. */
export const shiftCertification = (
  space: TestSpace,
  id: string,
  times: { certified_at?: number; expires_at?: number; last_used_at?: number; due_at?: number },
): Promise<D1Result> =>
  env.DB_000.prepare(
    `UPDATE certifications SET ${Object.keys(times)
      .map((name) => `${name} = ?`)
      .join(", ")} WHERE makerspace_id = ? AND id = ?`,
  )
    .bind(...Object.values(times), space.id, id)
    .run();
