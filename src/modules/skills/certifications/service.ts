/** Certifications: given, signed, taken away. Each step is one statement under the version that was read. */

import type { z } from "@hono/zod-openapi";
import { type Write, write } from "../../../platform/db/commit.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { type CertificationStep, certificationTransitions, firstLook, statusesBefore } from "../model.ts";
import type { SkillEffects } from "../port.ts";
import { requiredSkill } from "../skills/reads.ts";
import { certifications } from "../tables.ts";
import {
  type Certifying,
  certificationEvent,
  namingPrerequisites,
  prepareCertification,
  supersede,
  unchanged,
} from "./certify.ts";
import type { Certification } from "./contract.ts";
import { refuseStranger, requiredCertification } from "./reads.ts";
import { type CertificationRow, viewCertification } from "./view.ts";

type View = z.output<typeof Certification>;

/** What an auditor needs of a certification. */
export const auditedCertification = ({ skill_id, member_id, level, status, expires_at }: CertificationRow) => ({
  skill_id,
  member_id,
  level,
  status,
  expires_at,
});

/**
 * Certifies a member for a skill, or certifies them again.
 * @throws not_found, unknown_reference, self_certification, forbidden, illegal_transition, prerequisite_missing
 */
export async function certify(space: Space, skill_id: string, input: Certifying): Promise<View> {
  const skill = await requiredSkill(space, skill_id);
  const certified = await prepareCertification(space, skill, input);
  const { row, writes, events } = certified;
  const body = viewCertification(row);
  await namingPrerequisites(space, certified, () =>
    space.commit(
      {
        action: "certification.created",
        subject: { type: "certification", id: row.id, version: 1 },
        after: auditedCertification(row),
        events,
        answer: { status: 201, body },
      },
      ...writes,
    ),
  );
  return body;
}

/** One certification; members see their own. @throws not_found */
export const readCertification = async (space: Space, skill_id: string, id: string): Promise<View> =>
  viewCertification(await requiredCertification(space, id, skill_id));

interface Step {
  step: CertificationStep;
  /** "certification.revoked" */
  action: string;
  event: Parameters<typeof certificationEvent>[0];
  set: Partial<CertificationRow>;
  /** What is written before the row itself. */
  before?: readonly Write[];
}

/** Takes a step of the declared table. @throws illegal_transition, conflict */
export async function takeStep(space: Space, row: CertificationRow, step: Step): Promise<CertificationRow> {
  const status = certificationTransitions[row.status][step.step];
  if (!status) throw problem("illegal_transition", { current_status: row.status });
  const change = { ...step.set, status, updated_at: space.now, version: row.version + 1 };
  const after: CertificationRow = { ...row, ...change };
  const { disuse_days: _, ...columns } = { disuse_days: null, ...change };
  await space.commit(
    {
      action: step.action,
      subject: { type: "certification", id: row.id, version: after.version },
      before: { status: row.status },
      after: auditedCertification(after),
      events: [certificationEvent(step.event, after)],
      answer: { status: 200, body: viewCertification(after) },
    },
    ...(step.before ?? []),
    write(space.db.update(certifications).set(columns).where(unchanged(space, row)), { expect: "conflict" }),
  );
  return after;
}

/**
 * A second person signs: from now on it counts, in place of what was there before.
 * @throws not_found, illegal_transition, forbidden, conflict; second_person_needed for who certified or is certified
 */
export async function cosign(space: Space, skill_id: string, id: string): Promise<View> {
  const skill = await requiredSkill(space, skill_id);
  const row = await requiredCertification(space, id, skill_id);
  refuseStranger(space, skill);
  const { actor, now } = space;
  if (actor.id === row.member_id) throw problem("self_certification");
  if (actor.id === row.certified_by) throw problem("second_person_needed");
  const signed = { cosigned_by: actor.id, cosigned_at: now };
  const due_at = firstLook({ ...row, ...signed }, skill.warning_days, now);
  const replaced = statusesBefore("supersede").filter((status) => status !== "awaiting_cosign");
  const after = await takeStep(space, row, {
    step: "cosign",
    action: "certification.cosigned",
    event: "certified",
    set: { ...signed, due_at },
    before: [supersede(space, row, replaced)],
  });
  return viewCertification(after);
}

/** Takes a certification away, with a reason. @throws not_found, illegal_transition, forbidden, conflict */
export async function revoke(
  space: Space,
  skill_id: string,
  id: string,
  reason: string,
  effects: SkillEffects,
): Promise<View> {
  const row = await requiredCertification(space, id, skill_id);
  const { actor, now } = space;
  const after = await takeStep(space, row, {
    step: "revoke",
    action: "certification.revoked",
    event: "revoked",
    set: { ended_at: now, ended_by: actor.id, ended_because: "revoked", reason, due_at: null },
  });
  await effects.lost(space, row.member_id, skill_id);
  return viewCertification(after);
}
