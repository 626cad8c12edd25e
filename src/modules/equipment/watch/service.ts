/** Live sockets: tickets, and closing what may no longer watch. */

import { env } from "cloudflare:workers";
import type { z } from "@hono/zod-openapi";
import { newSecret, sha256 } from "../../../platform/ids.ts";
import { describeError, log } from "../../../platform/log.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { SECOND, toIso } from "../../../platform/time.ts";
import type { Audience } from "../live.ts";
import { machine } from "../policy.ts";
import type { FloorPort, TicketGrant } from "../port.ts";
import type { LiveTicket } from "./contract.ts";

const TICKET_LIVES = 30 * SECOND;

/** The live board of this makerspace, where its tablets' credentials live, too. */
export const floor = (space: Space): FloorPort => space.object(env.FLOOR, "floor");

function audienceOf(space: Space, equipment_id?: string): Audience {
  if (space.actor.kind === "tablet") return "tablet";
  return space.scope("reservations.read", equipment_id) === "any" ? "staff" : "member";
}

async function makeGrant(space: Space, audience: Audience): Promise<{ ticket: string; grant: TicketGrant }> {
  const ticket = newSecret();
  const principal = {
    kind: space.actor.kind === "tablet" ? ("tablet" as const) : ("member" as const),
    id: space.actor.id,
  };
  return {
    ticket,
    grant: { digest: await sha256(ticket), expires_at: Date.now() + TICKET_LIVES, audience, principal },
  };
}

const toTicket = (origin: string, path: string, ticket: string, expires_at: number): z.output<typeof LiveTicket> => ({
  ticket,
  url: `${origin.replace(/^http/, "ws")}${path}?ticket=${ticket}`,
  expires_at: toIso(expires_at),
});

/** A ticket for one machine's socket. @throws not_found */
export async function watchMachine(
  space: Space,
  equipment_id: string,
  origin: string,
): Promise<z.output<typeof LiveTicket>> {
  const { ticket, grant } = await makeGrant(space, audienceOf(space, equipment_id));
  const known = await space.time("object", machine(space, equipment_id).grantTicket(grant));
  if (!known) throw problem("not_found");
  return toTicket(origin, `/live/${space.id}/equipment/${equipment_id}`, ticket, grant.expires_at);
}

/** A ticket for the board of the makerspace; tablets get their machines. */
export async function watchFloor(
  space: Space,
  origin: string,
  equipment_ids: string[] | null,
): Promise<z.output<typeof LiveTicket>> {
  const { ticket, grant } = await makeGrant(space, audienceOf(space));
  await space.time("object", floor(space).grantTicket({ ...grant, equipment_ids }));
  return toTicket(origin, `/live/${space.id}/floor`, ticket, grant.expires_at);
}

/** Closes every socket of a member or tablet, wherever it watches. Best effort: a socket's ten minutes are the back-stop. */
export async function closeSockets(space: Space, principal: TicketGrant["principal"], reason: string): Promise<void> {
  try {
    const watched = await floor(space).watchedMachines();
    await Promise.all([
      floor(space).closeSockets(principal, reason),
      ...watched.map((equipment_id) => machine(space, equipment_id).closeSockets(principal, reason)),
    ]);
  } catch (error) {
    log.warn("close_sockets_failed", { makerspace_id: space.id, error: describeError(error) });
  }
}
