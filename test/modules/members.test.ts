/** What members change of themselves, and staff of them; what is told to whom. */

import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { LiveSocket } from "../support/live.ts";
import { makeScene, shiftClock } from "../support/scene.ts";
import { makeSpace, signInAsRoot, slotIn, until } from "../support/space.ts";
import type { Makerspace, Member, Notification, Reservation, Session } from "../support/wire.ts";

describe("a member", () => {
  it("decides whether tablets name them, and changes nothing else of themselves or of others", async () => {
    const space = await makeSpace();
    const [me, other] = [await space.as("user"), await space.person()];
    const path = space.path(`/members/${me.member.id}`);
    const after = await me.api.patch<Member>(path, { hide_name: true });
    const { tags: _, notes: __, suspended_by: ___, last_seen_at: ____, ...known } = me.member;
    expect(after).toEqual({
      ...known,
      hide_name: true,
      version: 2,
      updated_at: after.updated_at,
      last_seen_at: after.last_seen_at,
    });
    expect(await me.api.get<Member>(path)).toMatchObject({ ...after, last_seen_at: expect.any(String) });
    for (const body of [{ first_name: "Eve" }, { hide_name: false, external_id: "x" }]) {
      expect((await me.api.refused("PATCH", path, { body })).code).toBe("forbidden");
    }
    const theirs = space.path(`/members/${other.member.id}`);
    expect((await me.api.refused("PATCH", theirs, { body: { hide_name: true } })).code).toBe("forbidden");
    expect((await me.api.refused("PATCH", path, { body: {} })).code).toBe("invalid_body");
    const stale = await me.api.refused("PATCH", path, { body: { hide_name: false }, if_match: 1 });
    expect(stale).toMatchObject({ status: 412, code: "stale_version" });
  });

  it("is changed by those who manage members, and by no other staff", async () => {
    const space = await makeSpace();
    const [one, two] = [await space.person(), await space.person()];
    const { api } = await space.as("makerspace_admin");
    const path = space.path(`/members/${one.member.id}`);
    const patch = { first_name: "Grace", last_name: "Hopper", metadata: { badge: "7" }, external_id: "crm-1" };
    const after = await api.patch<Member>(path, patch, 1);
    expect(after).toMatchObject({ ...patch, display_name: "Grace Hopper", hide_name: false, version: 2 });
    const taken = await api.refused("PATCH", space.path(`/members/${two.member.id}`), {
      body: { external_id: "crm-1" },
    });
    expect(taken.code).toBe("external_id_taken");
    const desk = await space.as("desk");
    expect((await desk.api.refused("PATCH", path, { body: { hide_name: true } })).code).toBe("forbidden");
    const nobody = space.path(`/members/${crypto.randomUUID()}`);
    expect((await api.refused("PATCH", nobody, { body: { hide_name: true } })).code).toBe("not_found");
  });

  it("who hides their name is not named by the next booking", async () => {
    const { space, machine, ada } = await makeScene();
    await ada.api.patch(space.path(`/members/${ada.member.id}`), { hide_name: true });
    await space.booked(ada.api, machine, slotIn(1));
    const tablet = await space.tablet(machine);
    const wall = await (await LiveSocket.open(tablet.api, space.path(`/equipment/${machine.id}`))).heard(/snapshot/);
    expect(JSON.parse(wall)).toMatchObject({ state: { next: { holder: null } } });
  });

  it("sees a booking once, however often its status is asked for", async () => {
    const { space, machine, ada } = await makeScene();
    const booked = await space.booked(ada.api, machine, slotIn(24));
    const path = "/api/v1/me/reservations?status=approved&status=approved";
    const mine = await until("the row", async () => {
      const found = await ada.api.all<Reservation>(path);
      return found.length > 0 && found;
    });
    expect(mine.map((row) => row.id)).toEqual([booked.id]);
  });

  it("asks for the bookings of a whole board at once", async () => {
    const space = await makeSpace();
    const ids = Array.from({ length: 12 }, () => `equipment_id=${crypto.randomUUID()}`).join("&");
    expect(await space.root.all<Reservation>(space.path(`/reservations?${ids}`))).toEqual([]);
  });
});

describe("an overrun", () => {
  it("tells neither of the two who the other is", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const next = await space.booked(ben.api, machine, slotIn(1));
    const path = space.path(`/equipment/${machine.id}/sessions`);
    const session = await ada.api.post<Session>(path, { planned_minutes: 480 });
    await shiftClock(space, machine, Date.parse(next.starts_at) - Date.now() + 1_000);
    await runDurableObjectAlarm(env.EQUIPMENT.getByName(`${space.id}:${machine.id}`));
    const toldTo = async ({ api }: typeof ada): Promise<Notification> =>
      until("the warning", async () => {
        const found = await api.all<Notification>(space.path("/notifications"));
        return found.find((one) => one.type === "session.overrun") ?? false;
      });
    const [over, waiting] = [await toldTo(ada), await toldTo(ben)];
    expect(over.subject).toEqual({ type: "session", id: session.id });
    expect(waiting.subject).toEqual({ type: "reservation", id: next.id });
    const stranger = (text: object, ...ids: string[]) => ids.filter((id) => JSON.stringify(text).includes(id));
    expect(stranger(over, ben.member.id, next.id)).toEqual([]);
    expect(stranger(waiting, ada.member.id, session.id)).toEqual([]);
  });
});

describe("a key of a platform write", () => {
  it("that has expired makes room, even before it is tidied away", async () => {
    const root = await signInAsRoot();
    const key = crypto.randomUUID();
    const open = () => {
      const name = crypto.randomUUID().slice(0, 8);
      const body = { name: "Lab", slug: `lab-${name}`, timezone: "Europe/Berlin", currency: "EUR" };
      return root.send<Makerspace>("POST", "/api/v1/makerspaces", { body, key });
    };
    expect((await open()).status).toBe(201);
    await env.DIRECTORY.prepare("UPDATE platform_idempotency_keys SET expires_at = 1 WHERE key = ?").bind(key).run();
    expect((await open()).status).toBe(201);
  });
});
