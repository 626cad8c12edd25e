/** The calls whose cost in D1 is counted: commands, reads, and lists with common filters, with rare ones and far down. */
import type { Api, Page } from "../../test/support/http/client.ts";
import type { Slot } from "../load/slots.ts";
import type { World } from "../servers/world.ts";
import type { Spread } from "./history.ts";

export interface Probe {
  title: string;
  /** Runs uncounted, and answers the call that is counted. `size` is the number of reservations. */
  prepare(size: number): Promise<() => Promise<unknown>>;
}

/** Whom and what the probes ask about. */
export interface Setting {
  world: World;
  spread: Spread;
  /** A member with a long history, and one with five bookings in all. */
  member: Api;
  rare: Api;
  /** A slot that is free. */
  nextSlot: () => Slot;
}

const HOUR = 3_600_000;
const PAGE = 10;

interface Wire {
  id: string;
  version: number;
}

/** A call that needs no preparation. */
const plain = (title: string, call: () => Promise<unknown>): Probe => ({ title, prepare: async () => call });
const iso = (at: number): string => new Date(at).toISOString();
const wire = ({ starts_at, ends_at }: Slot) => ({ starts_at: iso(starts_at), ends_at: iso(ends_at) });

/** A page that begins after `rows` rows of a list. */
function farDown(title: string, api: Api, path: string, share: number): Probe {
  return {
    title,
    prepare: async (size) => {
      let cursor = "";
      for (let rows = 0; rows < size * share; rows += 100) {
        const { next_cursor } = await api.get<Page<unknown>>(`${path}&limit=100${cursor}`);
        if (next_cursor === null) throw new Error(`${title}: the list ended early`);
        cursor = `&cursor=${encodeURIComponent(next_cursor)}`;
      }
      return () => api.get(`${path}&limit=${PAGE}${cursor}`);
    },
  };
}

/** The second page of a list whose first is cut short. */
function secondPage(title: string, api: Api, path: string): Probe {
  return {
    title,
    prepare: async () => {
      const { next_cursor } = await api.get<Page<unknown>>(`${path}&limit=2`);
      if (next_cursor === null) throw new Error(`${title}: there is one page only`);
      return () => api.get(`${path}&limit=${PAGE}&cursor=${encodeURIComponent(next_cursor)}`);
    },
  };
}

/** Commands, and what the machine's own object answers. */
export function machineProbes({ world, member, nextSlot, spread }: Setting): Probe[] {
  const { root } = world;
  const machine = `/api/v1/makerspaces/${world.makerspace_id}/equipment/${spread.machines[0]}`;
  const book = (): Promise<Wire> => member.post<Wire>(`${machine}/reservations`, wire(nextSlot()));
  const onBooking = (title: string, call: (booking: Wire) => Promise<unknown>): Probe => ({
    title,
    prepare: async () => {
      const booking = await book();
      return () => call(booking);
    },
  });
  const taken = async (): Promise<() => Promise<unknown>> => {
    const body = wire(nextSlot());
    await member.post(`${machine}/reservations`, body);
    return () => member.send("POST", `${machine}/reservations`, { body, key: crypto.randomUUID() });
  };
  const walkUp = async (): Promise<void> => {
    const session = await root.post<Wire>(`${machine}/sessions`, { planned_minutes: 30, member_id: spread.members[0] });
    await root.post(`${machine}/sessions/${session.id}/end`);
  };
  const day = `from=${iso(Date.now() + HOUR)}&to=${iso(Date.now() + 25 * HOUR)}`;
  return [
    plain("POST …/reservations: booked", book),
    { title: "POST …/reservations: taken", prepare: taken },
    onBooking("POST …/reservations/{id}/cancel", ({ id }) => member.post(`${machine}/reservations/${id}/cancel`)),
    onBooking("PATCH …/reservations/{id}", ({ id, version }) =>
      member.must("PATCH", `${machine}/reservations/${id}`, { body: wire(nextSlot()), if_version: version }),
    ),
    onBooking("GET …/reservations/{id}", ({ id }) => member.get(`${machine}/reservations/${id}`)),
    plain("GET …/reservations", () => member.get(`${machine}/reservations?limit=${PAGE}`)),
    plain("GET …/availability", () => member.get(`${machine}/availability?${day}`)),
    plain("POST …/sessions and …/end: two calls", walkUp),
    plain("POST …/live_tickets", () => member.post(`${machine}/live_tickets`)),
  ];
}

/** Everything else that reads D1. */
export function readProbes({ world, spread, member, rare }: Setting): Probe[] {
  const { root } = world;
  const space = `/api/v1/makerspaces/${world.makerspace_id}`;
  const { rare_member, rare_machine, rare_status } = spread;
  const [some_member = ""] = spread.members;
  const [some_machine = ""] = spread.machines;
  const range = `starts_from=${iso(Date.now() - 96 * HOUR)}&starts_to=${iso(Date.now() - 48 * HOUR)}`;
  // Two bounds, and everything between them.
  const ever = `starts_from=${iso(Date.UTC(2001, 0))}&starts_to=${iso(Date.now())}`;
  const changed = `updated_since=${iso(Date.UTC(2001, 0))}`;
  const get = (title: string, api: Api, path: string): Probe => plain(title, () => api.get(`${path}&limit=${PAGE}`));
  const list = (title: string, query = "", api = root): Probe =>
    get(`GET reservations${title && ` of ${title}`}`, api, `${space}/reservations?${query}`);
  const of = {
    member: `member_id=${some_member}`,
    machine: `equipment_id=${some_machine}`,
    rare: `status=${rare_status}`,
  };
  return [
    list("", "", member),
    list("oneself", "member_id=me", member),
    list("oneself, with five", "member_id=me", rare),
    list("a member", of.member),
    list("a member with five", `member_id=${rare_member}`),
    list("a machine", of.machine),
    list("a machine with five", `equipment_id=${rare_machine}`),
    list("two machines", `${of.machine}&equipment_id=${rare_machine}`),
    list("member and machine", `${of.member}&${of.machine}`),
    list("member and machine that never met", `member_id=${rare_member}&${of.machine}`),
    list("a status", "status=completed"),
    list("a status with five", of.rare),
    list("a status with none", "status=pending"),
    list("member and rare status", `${of.member}&${of.rare}`),
    list("machine and rare status", `${of.machine}&${of.rare}`),
    list("member, machine and rare status", `${of.member}&${of.machine}&${of.rare}`),
    list("two days", range),
    list("two days and a rare status", `${range}&${of.rare}`),
    list("all time before now and a rare status", `${ever}&${of.rare}`),
    list("what changed lately", `updated_since=${iso(Date.now() - 96 * HOUR)}`),
    farDown("GET reservations, far down", root, `${space}/reservations?`, 0.4),
    farDown("GET reservations of a machine, far down", root, `${space}/reservations?${of.machine}`, 0.2),
    farDown("GET reservations of all time before now, far down", root, `${space}/reservations?${ever}`, 0.4),
    farDown("GET reservations of what changed, far down", root, `${space}/reservations?${changed}`, 0.4),
    secondPage("GET reservations of a status with five, on", root, `${space}/reservations?${of.rare}`),
    secondPage("GET reservations of a member with five, on", root, `${space}/reservations?member_id=${rare_member}`),
    secondPage("GET reservations of all time and a rare status, on", root, `${space}/reservations?${ever}&${of.rare}`),
    get("GET sessions of oneself", member, `${space}/sessions?`),
    get("GET sessions of oneself, with five", rare, `${space}/sessions?`),
    get("GET sessions of oneself on a machine never used", member, `${space}/sessions?equipment_id=${rare_machine}`),
    get("GET sessions of a machine", root, `${space}/sessions?${of.machine}`),
    secondPage("GET sessions of a machine with five, on", root, `${space}/sessions?equipment_id=${rare_machine}`),
    secondPage(
      "GET sessions of oneself, with five, on",
      rare,
      `${space}/sessions?started_from=${iso(Date.UTC(2001, 0))}`,
    ),
    get("GET sessions of a status with none", root, `${space}/sessions?status=active`),
    get("GET notifications", member, `${space}/notifications?`),
    get("GET notifications, with five", rare, `${space}/notifications?`),
    secondPage("GET notifications, with five, on", rare, `${space}/notifications?`),
    get("GET equipment", root, `${space}/equipment?`),
    get("GET members", root, `${space}/members?`),
    plain("GET /api/v1/me", () => member.get("/api/v1/me")),
    get("GET /api/v1/me/reservations", member, "/api/v1/me/reservations?"),
    get("GET /api/v1/me/reservations, with five", rare, "/api/v1/me/reservations?"),
    get("GET /api/v1/me/reservations of a rare status", member, `/api/v1/me/reservations?${of.rare}`),
    get("GET /api/v1/makerspaces", member, "/api/v1/makerspaces?"),
    plain("GET reservations/{id}", () => root.get(`${space}/reservations/reservation-000000500`)),
    plain("GET sessions/{id}", () => root.get(`${space}/sessions/session-000000500`)),
    plain("GET equipment/{id}", () => member.get(`${space}/equipment/${some_machine}`)),
    plain("GET /health", () => member.get("/health")),
  ];
}
