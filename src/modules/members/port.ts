/** What the members module asks of the rest of the house; src/app.ts provides it. */

import type { Space } from "../../platform/space.ts";

export interface MemberEffects {
  /** Runs after a suspension is committed and before its answer: sockets are closed, future bookings are cancelled. The event repairs it. */
  suspended(space: Space, member_id: string): Promise<void>;
}
