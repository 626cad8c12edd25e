/** Events of the skills module. */

import type { SkillLevel } from "../../platform/skills.ts";

/** No name, no reason, no score. */
export interface CertificationEventData extends Record<string, unknown> {
  skill_id: string;
  member_id: string;
  level: SkillLevel;
  /** Epoch milliseconds; null without an end. */
  expires_at: number | null;
}

export interface SkillRequestEventData extends Record<string, unknown> {
  skill_id: string;
  member_id: string;
}

export type CertificationEventType =
  | "certification.awaiting_cosign"
  | "certification.certified"
  | "certification.expiring"
  | "certification.expired"
  | "certification.revoked";

export type SkillRequestEventType =
  | "skill_request.created"
  | "skill_request.approved"
  | "skill_request.rejected"
  | "skill_request.withdrawn";

export type SkillEventType = CertificationEventType | SkillRequestEventType;

declare module "../../platform/events.ts" {
  interface EventCatalogue
    extends Record<CertificationEventType, CertificationEventData>,
      Record<SkillRequestEventType, SkillRequestEventData> {
    /** The clockwork to the module: look at the certifications of a makerspace whose time has come. */
    "certifications.due": Record<string, never>;
  }
}
