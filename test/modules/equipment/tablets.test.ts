/** Tablets and live tickets: paired once, bound to their machines, gone at once. */

import { env, exports } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DAY, MINUTE, SECOND } from "../../../src/platform/time.ts";
import { Api } from "../../support/api.ts";
import { connectionLost, type Faults, faulty, through } from "../../support/faults.ts";
import { LiveSocket } from "../../support/live.ts";
import { makeScene, shiftClock } from "../../support/scene.ts";
import { makeSpace, makeTwoSpaces, slotIn, type TestSpace } from "../../support/space.ts";
import type { Equipment, LiveTicket, PairedTablet, PairingTablet, Tablet } from "../../support/wire.ts";

/** Tries a code from an address of its own. */
const pair = (code: string, address: string = crypto.randomUUID()) =>
  new Api().send<PairedTablet>("POST", "/api/v1/tablets/pair", {
    body: { code },
    headers: { "cf-connecting-ip": address },
  });

const announce = (space: TestSpace, ...machines: Equipment[]): Promise<PairingTablet> =>
  space.root.post<PairingTablet>(space.path("/tablets"), { equipment_ids: machines.map((machine) => machine.id) });

const live = (space: TestSpace, machine: Equipment): string => space.path(`/equipment/${machine.id}`);

describe("a tablet", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is paired once by its code, however it is typed", async () => {
    const space = await makeSpace();
    const machine = await space.machine();
    const announced = await announce(space, machine);
    expect(announced).toMatchObject({ status: "pairing", equipment_ids: [machine.id], label: machine.name });
    const typed = ` ${announced.pairing_code.toLowerCase().replace("-", " ")} `;
    const paired = await pair(typed);
    expect(paired.status).toBe(201);
    expect(paired.body?.tablet).toMatchObject({ id: announced.id, status: "paired", version: 2 });
    expect((await pair(announced.pairing_code)).problem).toMatchObject({ status: 410, code: "code_used" });
    expect(await space.root.get<Tablet>(space.path(`/tablets/${announced.id}`))).toEqual(paired.body?.tablet);
  });

  it("is paired by one of five who type the code at once", async () => {
    const space = await makeSpace();
    const { pairing_code } = await announce(space, await space.machine());
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => pair(pairing_code)));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 410, 410, 410, 410]);
  });

  it("is not paired when the ten minutes are over", async () => {
    const space = await makeSpace();
    const { pairing_code } = await announce(space, await space.machine());
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 10 * MINUTE + SECOND });
    expect((await pair(pairing_code)).problem?.code).toBe("code_used");
  });

  it("cannot be guessed: after twenty tries an address waits, and no other", async () => {
    const space = await makeSpace();
    const { pairing_code } = await announce(space, await space.machine());
    const address = crypto.randomUUID();
    for (let tries = 0; tries < 20; tries++) expect((await pair("AAAA-AAAA", address)).status).toBe(410);
    const limited = await pair(pairing_code, address);
    expect(limited.problem).toMatchObject({ status: 429, code: "rate_limited" });
    expect(Number(limited.headers.get("retry-after"))).toBeGreaterThan(500);
    expect((await pair(pairing_code)).status).toBe(201);
  });

  it("is announced for machines that are there", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [mine, foreign, retired] = [await home.machine(), await abroad.machine(), await home.machine()];
    await home.root.delete(home.path(`/equipment/${retired.id}`));
    const refused = async (equipment_ids: string[]) =>
      (await home.root.refused("POST", home.path("/tablets"), { body: { equipment_ids } })).code;
    expect(await refused([mine.id, foreign.id])).toBe("unknown_reference");
    expect(await refused([retired.id])).toBe("unknown_reference");
    expect(await refused([mine.id, mine.id])).toBe("invalid_body");
    expect(await refused([])).toBe("invalid_body");
    expect(await refused(Array.from({ length: 13 }, () => crypto.randomUUID()))).toBe("invalid_body");
  });

  it("sees its own machines and nothing else", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [mine, other, foreign] = [await home.machine(), await home.machine(), await abroad.machine()];
    const { api } = await home.tablet(mine);
    expect((await api.get<Equipment>(live(home, mine))).id).toBe(mine.id);
    expect((await api.refused("GET", live(home, other))).code).toBe("not_found");
    expect((await api.refused("GET", live(abroad, foreign))).code).toBe("not_found");
    expect((await api.refused("POST", `${live(home, other)}/live_tickets`)).code).toBe("not_found");
    expect((await api.refused("GET", home.path("/equipment"))).code).toBe("forbidden");
    expect((await home.book(api, mine, slotIn(24))).problem?.code).toBe("forbidden");
    expect((await api.refused("GET", "/api/v1/me")).code).toBe("forbidden");
    const board = await LiveSocket.open(api, home.path("/floor"));
    const snapshot = await board.heard(/snapshot/);
    expect(snapshot).toContain(mine.id);
    expect(snapshot).not.toContain(other.id);
  });

  it("goes on watching while D1 is away", async () => {
    const space = await makeSpace();
    const machine = await space.machine();
    const { api } = await space.tablet(machine);
    const away: Faults = {
      before: () => {
        throw connectionLost();
      },
    };
    const world = { DB_000: faulty(env.DB_000, away), DIRECTORY: faulty(env.DIRECTORY, away) };
    const ticket = await api.by(through(world)).post<LiveTicket>(`${live(space, machine)}/live_tickets`);
    expect((await LiveSocket.use(ticket)).status).toBe(101);
  });

  it("is out at once when it is revoked: its token, its code, its sockets", async () => {
    const space = await makeSpace();
    const machine = await space.machine();
    const { api, tablet } = await space.tablet(machine);
    const sockets = [
      await LiveSocket.open(api, live(space, machine)),
      await LiveSocket.open(api, space.path("/floor")),
    ];
    for (const socket of sockets) await socket.heard(/snapshot/);
    const path = space.path(`/tablets/${tablet.id}`);
    await space.root.delete(path);
    await space.root.delete(path);
    for (const socket of sockets) expect((await socket.closed).code).toBe(4403);
    expect((await api.refused("GET", live(space, machine))).code).toBe("unauthenticated");
    expect(await space.root.get<Tablet>(path)).toMatchObject({ status: "revoked", revoked_at: expect.any(String) });
    const waiting = await announce(space, machine);
    await space.root.delete(space.path(`/tablets/${waiting.id}`));
    expect((await pair(waiting.pairing_code)).problem?.code).toBe("code_used");
    expect((await space.root.refused("DELETE", space.path(`/tablets/${crypto.randomUUID()}`))).code).toBe("not_found");
  });

  it("is listed newest first, without a secret", async () => {
    const space = await makeSpace();
    const machine = await space.machine();
    const made = [await announce(space, machine), await announce(space, machine), await announce(space, machine)];
    const listed = await (await space.as("desk")).api.all<Tablet>(space.path("/tablets?limit=2"));
    expect(listed.map((tablet) => tablet.id)).toEqual(made.map((tablet) => tablet.id).reverse());
    const stored = await env.DIRECTORY.prepare("SELECT * FROM pairing_codes WHERE makerspace_id = ?")
      .bind(space.id)
      .all();
    for (const { pairing_code } of made) expect(JSON.stringify([listed, stored.results])).not.toContain(pairing_code);
  });
});

describe("a live ticket", () => {
  it("opens one socket, on its own machine, within half a minute", async () => {
    const { space, machine, ada } = await makeScene();
    const other = await space.machine();
    const ticketFor = (one: Equipment) => ada.api.post<LiveTicket>(`${live(space, one)}/live_tickets`);
    const ticket = await ticketFor(machine);
    const elsewhere = { ...ticket, url: ticket.url.replace(machine.id, other.id) };
    expect((await LiveSocket.use(elsewhere)).status).toBe(401);
    const socket = await LiveSocket.use(ticket);
    expect(socket.status).toBe(101);
    expect(await socket.heard(/snapshot/)).toContain(machine.id);
    expect((await LiveSocket.use(ticket)).status).toBe(401);
    const late = await ticketFor(machine);
    // A ticket lives by everybody's clock, not by the machine's.
    await shiftClock(space, machine, -DAY);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 31 * SECOND });
    expect((await LiveSocket.use(late)).status).toBe(401);
    vi.useRealTimers();
    const unknown = await ada.api.refused("POST", space.path(`/equipment/${crypto.randomUUID()}/live_tickets`));
    expect(unknown.code).toBe("not_found");
  });

  it("is taken from our own pages and those on the list, and only for a socket", async () => {
    const { space, machine, ada } = await makeScene();
    const ticket = () => ada.api.post<LiveTicket>(`${live(space, machine)}/live_tickets`);
    const statusFrom = async (origin: string) => (await LiveSocket.use(await ticket(), { origin })).status;
    expect(await statusFrom("https://evil.example")).toBe(403);
    expect(await statusFrom("https://app.makrcave.test")).toBe(101);
    expect(await statusFrom("https://makrcave.test")).toBe(101);
    const { url } = await ticket();
    expect((await exports.default.fetch(url.replace(/^ws/, "http"))).status).toBe(400);
    expect((await LiveSocket.use({ ...(await ticket()), url: url.replace(/ticket=.*/, "ticket=x") })).status).toBe(404);
  });

  it("shows each audience what it may see: staff the name, tablets initials, members nobody", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    const shy = await space.person({ first_name: "Zoe", last_name: "Quiet", hide_name: true });
    const tablet = await space.tablet(machine);
    const { starts_at } = slotIn(0);
    await space.booked(ada.api, machine, slotIn(0));
    await space.booked(shy.api, machine, slotIn(1));
    const heardBy = async (api: Api): Promise<string> =>
      (await LiveSocket.open(api, live(space, machine))).heard(/snapshot/);
    const [staff, member, wall] = [await heardBy(desk.api), await heardBy(ben.api), await heardBy(tablet.api)];
    expect(staff).toMatch(/Ada Byron.*Zoe Quiet/);
    expect(member).toContain(starts_at);
    expect(member).not.toMatch(/Ada|Byron|Zoe|Quiet|A\. ?B\./);
    expect(member).not.toContain(ada.member.id);
    expect(wall).not.toMatch(/Ada|Byron|Zoe|Quiet/);
    expect(JSON.parse(wall)).toMatchObject({ state: { next: { holder: expect.stringMatching(/^A\.? ?B\.?$/) } } });
    const own = JSON.parse(await heardBy(ada.api)) as { state: { next: object } };
    expect(own.state.next).toMatchObject({ mine: true, member_id: ada.member.id });
  });

  it("brings what happens, numbered, and what was missed", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const watching = await LiveSocket.open(ben.api, live(space, machine));
    const { seq } = JSON.parse(await watching.heard(/snapshot/)) as { seq: number };
    const booked = await space.booked(ada.api, machine, slotIn(1));
    await watching.heard(/reservation\.created/);
    await space.step(ada.api, booked, "cancel");
    await watching.heard(/reservation\.cancelled/);
    const ticket = await ben.api.post<LiveTicket>(`${live(space, machine)}/live_tickets`);
    const resumed = await LiveSocket.use(ticket, {}, `&resume=${seq}`);
    await resumed.heard(/reservation\.cancelled/);
    const seqs = resumed.texts.map((text) => (JSON.parse(text) as { seq: number }).seq);
    expect(seqs).toEqual([seq + 1, seq + 2]);
    watching.socket?.send("ping");
    await watching.heard(/^pong$/);
  });
});
