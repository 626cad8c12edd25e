/** What the access module asks of the rest of the house; src/app.ts provides it. */

import type { Space } from "../../platform/space.ts";

export interface AccessEffects {
  /** Closes the live sockets of a member or service account in this makerspace, and voids their unused tickets. */
  closeSockets(space: Space, viewer_id: string): Promise<void>;
}
