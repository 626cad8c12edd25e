/** Calendar feeds, read back by another library than the one that writes them. */

import ICAL from "ical.js";
import { beforeAll, describe, expect, it } from "vitest";
import { Api } from "../../support/api.ts";
import { makeScene, type Scene } from "../../support/scene.ts";
import { makeTwoSpaces, slotIn, until } from "../../support/space.ts";
import type { Reservation } from "../../support/wire.ts";

interface Feed {
  id: string;
  url: string;
  status: string;
  version: number;
}

const nobody = new Api();
const read = (url: string, by = nobody) => by.send<string>("GET", new URL(url).pathname);

/** The events of a feed as ical.js understands them, by start. */
async function eventsOf(url: string) {
  const { status, body } = await read(url);
  expect(status).toBe(200);
  const calendar = new ICAL.Component(ICAL.parse(body ?? ""));
  const events = calendar.getAllSubcomponents("vevent").map((one) => {
    const { uid, sequence, summary, description, startDate, endDate } = new ICAL.Event(one);
    return {
      uid,
      sequence,
      summary,
      description: description ?? null,
      status: one.getFirstPropertyValue("status"),
      starts_at: startDate.toJSDate().toISOString(),
      ends_at: endDate.toJSDate().toISOString(),
    };
  });
  return events.sort((a, b) => (a.starts_at < b.starts_at ? -1 : 1));
}

const statusesOf = async (url: string) => (await eventsOf(url)).map(({ status }) => status);

describe("a calendar feed", () => {
  let scene: Scene;
  let feeds: string;
  const make = (by: Api, input: object) => by.post<Feed>(feeds, input);
  beforeAll(async () => {
    scene = await makeScene();
    feeds = scene.space.path("/calendar_feeds");
  });

  it("shows one's own bookings to whoever has its address, the same event under the same UID as it changes", async () => {
    const { space, machine, ada, ben } = scene;
    const slot = slotIn(24);
    const purpose = "Lid; hinge, 3 pieces\nBEGIN:VEVENT";
    const booked = await space.booked(ada.api, machine, { ...slot, purpose });
    await space.booked(ben.api, machine, slotIn(30));
    const { url, status } = await make(ada.api, { scope: "mine" });
    expect(status).toBe("active");
    await until("the projection", async () => (await eventsOf(url)).length === 1);
    const [first] = await eventsOf(url);
    expect(first).toMatchObject({ ...slot, status: "CONFIRMED", sequence: 0, summary: machine.name });
    expect(first?.description).toBe(purpose);
    const path = space.path(`/equipment/${machine.id}/reservations/${booked.id}`);
    const later = slotIn(40);
    const moved = await ada.api.patch<Reservation>(path, later, booked.version);
    await until("the move", async () => (await eventsOf(url))[0]?.sequence === 1);
    expect((await eventsOf(url))[0]).toMatchObject({ ...later, uid: first?.uid, sequence: moved.version - 1 });
    await ada.api.post(`${path}/cancel`);
    await until("the cancellation", async () => (await statusesOf(url))[0] === "CANCELLED");
    expect((await eventsOf(url))[0]).toMatchObject({ uid: first?.uid, sequence: 2 });
  });

  it("of a machine or of all shows busy times, and purposes to staff alone", async () => {
    const { space, machine, ada, ben, desk } = scene;
    const other = await space.machine();
    const slot = slotIn(60);
    await space.booked(ben.api, other, { ...slot, purpose: "Secret gift" });
    const ofMachine = await make(ada.api, { scope: "equipment", equipment_id: other.id, name: "The other" });
    await until("the projection", async () => (await eventsOf(ofMachine.url)).length === 1);
    expect(await eventsOf(ofMachine.url)).toMatchObject([
      { ...slot, summary: `${other.name}: booked`, description: null },
    ]);
    const { body, headers } = await read(ofMachine.url);
    expect(body).toContain("The other");
    expect(body).not.toMatch(/Okri|Ben\b|Secret gift/);
    expect(headers.get("content-type")).toBe("text/calendar; charset=utf-8");
    const all = await make(desk.api, { scope: "makerspace" });
    const seen = await eventsOf(all.url);
    expect(seen.some(({ summary }) => summary.startsWith(machine.name))).toBe(true);
    expect(seen.find(({ starts_at }) => starts_at === slot.starts_at)?.description).toBe("Secret gift");
    for (const wrong of [{ scope: "equipment" }, { scope: "mine", equipment_id: other.id }, { scope: "all" }]) {
      expect((await ada.api.refused("POST", feeds, { body: wrong })).status).toBe(422);
    }
    const unknown = { scope: "equipment", equipment_id: crypto.randomUUID() };
    expect((await ada.api.refused("POST", feeds, { body: unknown })).code).toBe("unknown_reference");
  });

  it("ends when it is renewed or revoked, and while its owner is shut out; its address is never shown again", async () => {
    const { space, ada, ben, desk } = scene;
    const old = await make(ada.api, { scope: "mine" });
    const { url } = await ada.api.post<Feed>(`${feeds}/${old.id}/renew`);
    expect((await read(old.url)).status).toBe(404);
    expect((await read(url)).status).toBe(200);
    const shown = await ada.api.get<object>(`${feeds}/${old.id}`);
    expect(JSON.stringify(shown)).not.toContain("mkf_");
    expect((await ben.api.refused("GET", `${feeds}/${old.id}`)).status).toBe(404);
    expect((await ben.api.refused("DELETE", `${feeds}/${old.id}`)).status).toBe(404);
    expect((await ben.api.refused("GET", `${feeds}?member_id=${ada.member.id}`)).status).toBe(403);
    // Not even an administrator gets an address that opens what somebody else sees.
    expect((await space.root.refused("POST", `${feeds}/${old.id}/renew`)).status).toBe(404);
    await space.root.post(space.path(`/members/${ada.member.id}/suspend`), { reason: "Left the tap on" });
    expect((await read(url)).status).toBe(404);
    await space.root.post(space.path(`/members/${ada.member.id}/reactivate`));
    expect((await read(url)).status).toBe(200);
    await space.root.delete(`${feeds}/${old.id}`);
    await space.root.delete(`${feeds}/${old.id}`);
    expect((await read(url)).problem?.code).toBe("link_expired");
    expect((await ada.api.refused("POST", `${feeds}/${old.id}/renew`)).code).toBe("conflict");
    expect((await desk.api.get<{ data: Feed[] }>(feeds)).data.map(({ id }) => id)).not.toContain(old.id);
  });

  it("opens nothing in another makerspace, and nobody has more than twenty", async () => {
    const { home: here, abroad: there } = await makeTwoSpaces();
    const ada = await here.person();
    const list = here.path("/calendar_feeds");
    const made = await Promise.allSettled(
      Array.from({ length: 24 }, () => ada.api.post<Feed>(list, { scope: "mine" })),
    );
    const won = made.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(won.length).toBe(20);
    expect((await ada.api.refused("POST", list, { body: { scope: "mine" } })).code).toBe("too_many_calendar_feeds");
    expect((await ada.api.all<Feed>(`${list}?limit=7`)).length).toBe(20);
    const [{ url } = { url: "" }] = won;
    const elsewhere = new URL(url).pathname.replace(here.id, there.id);
    expect((await nobody.send("GET", elsewhere)).status).toBe(404);
  });
});
