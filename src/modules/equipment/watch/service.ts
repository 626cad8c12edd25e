/** Live sockets: tickets, and closing what may no longer watch. */

import type { z } from "@hono/zod-openapi";
import { admitWatcher } from "../../../platform/access/denylist.ts";
import { newSecret, sha256 } from "../../../platform/ids.ts";
import { log } from "../../../platform/log.ts";
import { type Problem, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { SECOND, toIso } from "../../../platform/time.ts";
import type { Audience } from "../live.ts";
import { floor, inParallel, machine } from "../objects.ts";
import type { TicketGrant } from "../port.ts";
import type { LiveTicket } from "./contract.ts";

const TICKET_LIVES = 30 * SECOND;

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

/** After the ticket is granted and before it is handed out. @throws unauthenticated when the person was signed out meanwhile */
async function admit({ id, actor, sign_in }: Space): Promise<void> {
  if (sign_in) await admitWatcher(sign_in, { makerspace_id: id, viewer_id: actor.id }, Date.now());
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
  await admit(space);
  // Revoked while it asked: its credential goes before its tickets do, so whoever has one now is told to close in time.
  const { kind, id } = grant.principal;
  if (kind === "tablet" && !(await floor(space).isPaired(id))) throw revoked();
  return toTicket(origin, `/live/${space.id}/equipment/${equipment_id}`, ticket, grant.expires_at);
}

const revoked = (): Problem => problem("unauthenticated", { detail: "This tablet was revoked." });

/** A ticket for the board of the makerspace; tablets get their machines. */
export async function watchFloor(
  space: Space,
  origin: string,
  equipment_ids: string[] | null,
): Promise<z.output<typeof LiveTicket>> {
  const { ticket, grant } = await makeGrant(space, audienceOf(space));
  const known = await space.time("object", floor(space).grantTicket({ ...grant, equipment_ids }));
  if (!known) throw revoked();
  await admit(space);
  return toTicket(origin, `/live/${space.id}/floor`, ticket, grant.expires_at);
}

/**
 * Closes every socket of members or tablets and voids their unused tickets, on the board, on watched machines and on `equipment_ids`.
 * @throws unavailable when one of them does not answer: what it holds ends by itself within ten minutes, but the caller must know.
 */
export async function closeSockets(
  space: Space,
  principals: readonly TicketGrant["principal"][],
  reason: string,
  equipment_ids: readonly string[] = [],
): Promise<void> {
  const onBoard = floor(space).closeSockets(principals, reason);
  const watched = floor(space).watchedMachines();
  const asked = await Promise.allSettled([onBoard, watched]);
  const known = asked[1].status === "fulfilled" ? asked[1].value : [];
  const machines = [...new Set([...equipment_ids, ...known])];
  const closed = await inParallel(machines, (id) =>
    Promise.allSettled([machine(space, id).closeSockets(principals, reason)]),
  );
  const failed = [...asked, ...closed.flat()].filter((result) => result.status === "rejected");
  if (failed.length === 0) return;
  log.warn("close_sockets_failed", { makerspace_id: space.id, request_id: space.request_id, failed: failed.length });
  throw problem("unavailable", { retry_after: 1 });
}
