/** What the skills module asks of the rest of the house; src/app.ts provides it. */

import type { Space } from "../../platform/space.ts";

export interface SkillEffects {
  /** Runs after a certification was taken away and before the answer: bookings that rest on it go, unless they are kept. The event repairs it. */
  lost(space: Space, member_id: string, skill_id: string): Promise<void>;
}
