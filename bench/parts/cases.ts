/** Who is loaded with what: the object, the whole path with and without wrangler's layers, and the peer. */
import { Booker } from "../load/booking.ts";
import { requestText } from "../load/connection.ts";
import type { NextRequest } from "../load/loops.ts";
import type { Subject } from "../servers/child.ts";
import type { ObjectServer } from "../servers/object.ts";
import type { Peer } from "../servers/peer.ts";
import type { World } from "../servers/world.ts";
import type { Case } from "./throughput.ts";

/** Machines of the spread cases. */
export const MACHINES = 50;
/** Requests per second of the steady cases. */
const STEADY = 50;

const health: NextRequest = () => requestText("GET", "/health", {});

export async function objectCases(server: ObjectServer): Promise<Case[]> {
  const one = await server.bookings(1, "at_once");
  const spread = await server.bookings(MACHINES, "at_once");
  const slow = await server.bookings(1, "slow");
  const on = (id: string, title: string, next: NextRequest, more: Partial<Case> = {}): Case => ({
    id,
    title: `object on bare workerd: ${title}`,
    subject: server,
    next,
    ...more,
  });
  return [
    on("empty", "limit, an empty call", server.limit("empty", 1)),
    on("insert", "limit, a bare insert", server.limit("insert", 1)),
    on("insert-spread", `limit, a bare insert, ${MACHINES} objects`, server.limit("insert", MACHINES)),
    on("object-one", "decisions, one machine", one),
    on("object-spread", `decisions, ${MACHINES} machines`, spread),
    on("object-slow", "decisions, one machine, D1 after 5 ms", slow),
    on("insert-steady", `limit, a bare insert, steady ${STEADY}/s`, server.limit("insert", 1), { rate: STEADY }),
    on("object-steady", `decisions, steady ${STEADY}/s, D1 after 5 ms`, slow, { rate: STEADY }),
  ];
}

/** The whole path of a system that runs the application. */
export function pathCases(
  prefix: string,
  name: string,
  subject: Subject & { databasePids?: () => number[] },
  world: World,
): Case[] {
  const booker = new Booker(world);
  const on = (id: string, title: string, next: NextRequest, more: Partial<Case> = {}): Case => ({
    id: `${prefix}-${id}`,
    title: `${name}: ${title}`,
    subject,
    next,
    ...(subject.databasePids && { apart: subject.databasePids }),
    ...more,
  });
  return [
    on("health", "empty route", health),
    on("one", "bookings, one machine", booker.requests(1)),
    on("spread", `bookings, ${MACHINES} machines`, booker.requests(MACHINES)),
    on("health-steady", `empty route, steady ${STEADY}/s`, health, { rate: STEADY }),
    on("steady", `bookings, steady ${STEADY}/s`, booker.requests(1), { rate: STEADY }),
  ];
}

export function peerCases(peer: Peer): Case[] {
  const booker = new Booker(peer);
  const on = (id: string, title: string, next: NextRequest, more: Partial<Case> = {}): Case => ({
    id: `peer-${id}`,
    title: `Hono, Node, PostgreSQL: ${title}`,
    subject: peer,
    next,
    apart: peer.databasePids,
    ...more,
  });
  return [
    on("health", "empty route", health),
    on("lean", "reservation only, one machine", booker.requests(1, "/lean")),
    on("full", "same duties, one machine", booker.requests(1, "/full")),
    on("spread", `same duties, ${MACHINES} machines`, booker.requests(MACHINES, "/full")),
    on("steady", `same duties, steady ${STEADY}/s`, booker.requests(1, "/full"), { rate: STEADY }),
  ];
}
