/** What lets a socket in. */

import type { Audience } from "../live.ts";

/** Ids are answered by the object; `digest` is the SHA-256 of the ticket, hex: the ticket itself never reaches storage. */
export interface TicketGrant {
  digest: string;
  expires_at: number;
  audience: Audience;
  principal: { kind: "member" | "tablet"; id: string };
}
