import { describe, expect, it } from "vitest";
import { type Fetch, isWholeCode, pair, requestTicket, showCode, ticketPath } from "../../../web/src/tablet/api.ts";
import type { ConnectionPorts, SocketEvents } from "../../../web/src/tablet/connection.ts";
import { linkOf, OFFLINE_AFTER_MS, TabletSession } from "../../../web/src/tablet/session.ts";
import {
  loadMemory,
  loadPairing,
  type Pairing,
  type Store,
  saveMemory,
  savePairing,
} from "../../../web/src/tablet/storage.ts";
import { applyMessage, inOrder } from "../../../web/src/tablet/view.ts";
import { machine, NOW } from "./fixtures.ts";

const pairing: Pairing = {
  token: "secret",
  tablet_id: "tablet-1",
  label: "Hall 2",
  makerspace_id: "space-1",
  equipment_ids: ["machine-1"],
};

const server_time = new Date(NOW).toISOString();

const store = (): Store & { map: Map<string, string> } => {
  const map = new Map<string, string>();
  return {
    map,
    getItem: (key) => map.get(key) ?? null,
    setItem: (key, value) => map.set(key, value),
    removeItem: (key) => map.delete(key),
  };
};

const answer =
  (status: number, body: unknown, headers: Record<string, string> = {}): Fetch =>
  async () =>
    new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json", ...headers } });

const problem = (status: number): Fetch => answer(status, {}, { "content-type": "application/problem+json" });

describe("a pairing code", () => {
  it("may be typed with any case, spaces and dashes", () => {
    for (const typed of ["k7qm4xrd", " K7QM 4XRD ", "k7qm-4xrd", "K7-QM-4X-RD-99"])
      expect(showCode(typed)).toBe("K7QM-4XRD");
    expect(showCode("k7qm")).toBe("K7QM");
    expect(isWholeCode("K7QM-4XR")).toBe(false);
    expect(isWholeCode("K7QM-4XRD")).toBe(true);
  });

  it("is traded for the device's token", async () => {
    const { token, makerspace_id, equipment_ids, label } = pairing;
    const tablet = { id: "tablet-1", label, makerspace_id, equipment_ids, version: 1 };
    expect(await pair(answer(201, { token, tablet }), "k7qm4xrd")).toEqual({ ok: true, pairing });
  });

  it.each([
    [problem(410), "not_valid"],
    [problem(422), "not_valid"],
    [problem(500), "failed"],
    [answer(201, { nothing: true }), "failed"],
  ] as const)("tells apart why it failed (%#)", async (fetcher, why) => {
    expect(await pair(fetcher, "K7QM-4XRD")).toMatchObject({ ok: false, why });
  });

  it("waits as told after too many tries, and knows when the network is gone", async () => {
    expect(await pair(answer(429, {}, { "retry-after": "30" }), "K7QM-4XRD")).toMatchObject({
      why: "too_many",
      seconds: 30,
    });
    const offline: Fetch = () => Promise.reject(new TypeError("Failed to fetch"));
    expect(await pair(offline, "K7QM-4XRD")).toMatchObject({ why: "offline" });
  });
});

describe("a ticket", () => {
  it("is asked of the machine, or of the floor for a board", () => {
    expect(ticketPath(pairing)).toBe("/api/v1/makerspaces/space-1/equipment/machine-1/live_tickets");
    expect(ticketPath({ ...pairing, equipment_ids: ["a", "b"] })).toBe(
      "/api/v1/makerspaces/space-1/floor/live_tickets",
    );
  });

  it("carries the device's token", async () => {
    let seen: RequestInit = {};
    const fetcher: Fetch = async (_, init) => {
      seen = init;
      return Response.json({ url: "ws://x" }, { status: 201 });
    };
    expect(await requestTicket(fetcher, pairing)).toEqual({ kind: "granted", url: "ws://x" });
    expect(new Headers(seen.headers).get("authorization")).toBe("Bearer secret");
  });

  it("is refused only by the server's own problem document, not by a hotspot's page", async () => {
    expect(await requestTicket(problem(401), pairing)).toEqual({ kind: "refused" });
    expect(await requestTicket(problem(403), pairing)).toEqual({ kind: "refused" });
    expect(await requestTicket(problem(404), pairing)).toEqual({ kind: "gone" });
    for (const status of [401, 403, 404, 511])
      expect(await requestTicket(answer(status, "log in", { "content-type": "text/html" }), pairing)).toMatchObject({
        kind: "later",
      });
  });

  it("is tried again later after a fault", async () => {
    const busy = answer(503, {}, { "retry-after": "5", "content-type": "application/problem+json" });
    expect(await requestTicket(busy, pairing)).toEqual({ kind: "later", wait_ms: 5_000 });
    expect(await requestTicket(() => Promise.reject(new Error("no network")), pairing)).toMatchObject({
      kind: "later",
    });
  });
});

describe("the tablet's memory", () => {
  it("survives a restart, and belongs to one pairing only", () => {
    const kept = store();
    savePairing(kept, pairing);
    const memory = { machines: [machine()], heard_at: 5, offset_ms: 1 };
    saveMemory(kept, "tablet-1", memory);
    expect(loadPairing(kept)).toEqual(pairing);
    expect(loadMemory(kept, "tablet-1")).toMatchObject(memory);
    expect(loadMemory(kept, "tablet-2")).toBeNull();
    savePairing(kept, { ...pairing, tablet_id: "tablet-2" });
    expect(loadMemory(kept, "tablet-1")).toBeNull();
  });

  it("does without storage, and without sense in it", () => {
    const broken: Store = {
      getItem: () => {
        throw new Error("forbidden");
      },
      setItem: () => {
        throw new Error("full");
      },
      removeItem: () => {},
    };
    for (const each of [null, broken]) {
      savePairing(each, pairing);
      saveMemory(each, "tablet-1", null);
      expect(loadPairing(each)).toBeNull();
    }
    const nonsense = store();
    for (const value of ["{", "7", "{}", '{"token":"x","equipment_ids":[]}']) {
      nonsense.map.set("makrcave.tablet.pairing", value);
      expect(loadPairing(nonsense)).toBeNull();
    }
  });
});

describe("what the tablet knows", () => {
  it("takes a snapshot whole, and events as they come", () => {
    const first = applyMessage(null, { type: "snapshot", seq: 4, server_time, state: machine({ seq: 4 }) }, NOW);
    const gap = applyMessage(first, { type: "event", seq: 5, server_time, event: { type: "x" } }, NOW + 10);
    expect(gap.machines).toEqual(first.machines);
    const state = machine({ seq: 6, status: "in_use" });
    const then = applyMessage(gap, { type: "event", seq: 6, server_time, event: { type: "x" }, state }, NOW + 20);
    expect(then.machines).toEqual([state]);
    expect(then.heard_at).toBe(NOW + 20);
  });

  it("never goes back to an older state, but believes a snapshot", () => {
    const fresh = machine({ seq: 9, status: "in_use" });
    const view = applyMessage(null, { type: "snapshot", seq: 9, server_time, machines: [fresh] }, NOW);
    const late = { type: "update" as const, seq: 10, server_time, machines: [machine({ seq: 8 })], removed: [] };
    expect(applyMessage(view, late, NOW).machines).toEqual([fresh]);
    const restored = machine({ seq: 2 });
    expect(applyMessage(view, { type: "snapshot", seq: 2, server_time, state: restored }, NOW).machines).toEqual([
      restored,
    ]);
  });

  it("lets a machine leave the board and keeps the order of the tablet", () => {
    const machines = ["a", "b", "c"].map((equipment_id) => machine({ equipment_id }));
    const view = applyMessage(null, { type: "snapshot", seq: 1, server_time, machines }, NOW);
    const left = applyMessage(view, { type: "update", seq: 2, server_time, machines: [], removed: ["b"] }, NOW);
    expect(inOrder(left.machines, ["c", "b", "a"]).map((each) => each.equipment_id)).toEqual(["c", "a"]);
  });
});

describe("a tablet at work", () => {
  const begin = async (kept: Store) => {
    const sockets: SocketEvents[] = [];
    let refuse = false;
    const ports: ConnectionPorts = {
      ticket: async () => (refuse ? { kind: "refused" } : { kind: "granted", url: "ws://x" }),
      open: (_, events) => {
        sockets.push(events);
        return { send: () => {}, close: () => {} };
      },
      after: () => () => {},
      now: () => NOW,
      random: () => 0,
    };
    const session = new TabletSession(pairing, ports, kept);
    session.start();
    await Promise.resolve();
    await Promise.resolve();
    return {
      session,
      say: (value: unknown) => sockets.at(-1)?.received(JSON.stringify(value)),
      revoke: async () => {
        refuse = true;
        sockets.at(-1)?.closed(4403);
        session.check();
        await Promise.resolve();
        await Promise.resolve();
      },
    };
  };

  it("shows the last known state from before the restart until it hears anew", async () => {
    const kept = store();
    (await begin(kept)).say({ type: "snapshot", seq: 1, server_time, state: machine({ name: "Lathe" }) });
    const { session } = await begin(kept);
    expect(session.state().view?.machines[0]?.name).toBe("Lathe");
  });

  it("forgets every name when it is disconnected by the staff", async () => {
    const kept = store();
    const { session, say, revoke } = await begin(kept);
    say({ type: "snapshot", seq: 1, server_time, state: machine() });
    await revoke();
    expect(session.state()).toMatchObject({ phase: "refused", view: null });
    expect(loadMemory(kept, "tablet-1")).toBeNull();
  });

  it("calls itself offline only after a while, and says since when by the server's clock", () => {
    const view = { machines: [], heard_at: 1_000, offset_ms: 50 };
    const state = { phase: "waiting" as const, began_at: 0, view };
    expect(linkOf(state, 1_000 + OFFLINE_AFTER_MS - 1)).toEqual({ name: "reconnecting" });
    expect(linkOf(state, 1_000 + OFFLINE_AFTER_MS)).toEqual({ name: "offline", since: 1_050 });
    expect(linkOf({ ...state, phase: "live" }, 9e9)).toEqual({ name: "live" });
    const reloaded = { phase: "connecting" as const, began_at: 1e6, view };
    expect(linkOf(reloaded, 1e6 + 200)).toEqual({ name: "reconnecting" });
  });
});
