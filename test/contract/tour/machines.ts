import { expect, it } from "vitest";
import type { Api } from "../../support/api.ts";
import { LiveSocket } from "../../support/live.ts";
import { enter, makeScene, type Scene, shiftClock } from "../../support/scene.ts";
import { type Slot, slotIn, until } from "../../support/space.ts";
import type { Equipment, Hold, Reservation, Session } from "../../support/wire.ts";

/** Takes steps that must succeed. */
async function take({ space }: Scene, api: Api, reservation: Reservation, ...steps: string[]): Promise<void> {
  for (const step of steps) expect((await space.step(api, reservation, step)).status).toBe(200);
}

const both = ({ starts_at, ends_at }: Slot): string => `from=${starts_at}&to=${ends_at}`;

/** Machines, their tablets, bookings and sessions. */
export function machines(): void {
  it("goes on with machines and tablets", async () => {
    const { space, machine, ada } = await makeScene();
    const path = space.path(`/equipment/${machine.id}`);
    await ada.api.get(space.path("/equipment"));
    await ada.api.get(path);
    await space.root.patch<Equipment>(path, { location: "Hall 2" });
    for (const watched of [path, space.path("/floor")])
      expect((await LiveSocket.open(ada.api, watched)).status).toBe(101);
    const { tablet } = await space.tablet(machine);
    await space.root.get(space.path("/tablets"));
    await space.root.get(space.path(`/tablets/${tablet.id}`));
    await space.root.delete(space.path(`/tablets/${tablet.id}`));
    await space.root.delete(path);
  });

  it("has bookings in all their turns", async () => {
    const scene = await makeScene({ approval: "staff", check_in: "optional" });
    const { space, machine, ada, desk } = scene;
    const book = (hours: number) => space.booked(ada.api, machine, slotIn(hours));
    const [came, declined, missed, dropped] = [await book(24), await book(26), await book(28), await book(30)];
    await take(scene, desk.api, came, "approve");
    await take(scene, desk.api, declined, "reject");
    await take(scene, desk.api, missed, "approve");
    await take(scene, ada.api, dropped, "cancel");
    await ada.api.get(space.bookings(machine));
    await ada.api.get(space.bookings(machine, `/${came.id}`));
    await ada.api.get(space.path(`/equipment/${machine.id}/availability?${both(slotIn(24))}`));
    await ada.api.get(
      space.path(
        `/equipment/${machine.id}/access/explain?starts_at=${slotIn(24).starts_at}&ends_at=${slotIn(24).ends_at}`,
      ),
    );
    const holds = space.path(`/equipment/${machine.id}/holds`);
    const hold = await ada.api.post<Hold>(holds, slotIn(40));
    await ada.api.get(`${holds}/${hold.hold_token}`);
    await ada.api.post(`${holds}/${hold.hold_token}/renew`, {});
    await ada.api.delete(`${holds}/${hold.hold_token}`);
    await desk.api.patch(space.bookings(machine, `/${missed.id}`), slotIn(32), 2);
    await ada.api.get(space.path("/reservations"));
    await until(
      "the row",
      async () => (await ada.api.send("GET", space.path(`/reservations/${came.id}`))).status === 200,
    );
    await ada.api.get("/api/v1/me/reservations");
    await enter(space, machine, slotIn(24));
    await take(scene, ada.api, came, "check_in");
    await enter(space, machine, slotIn(32));
    await take(scene, desk.api, missed, "no_show", "excuse");
  });

  it("has sessions", async () => {
    const { space, machine, ada } = await makeScene();
    const path = space.path(`/equipment/${machine.id}/sessions`);
    const session = await ada.api.post<Session>(path, { planned_minutes: 15 });
    await ada.api.get(space.path("/sessions"));
    await until(
      "the row",
      async () => (await ada.api.send("GET", space.path(`/sessions/${session.id}`))).status === 200,
    );
    await shiftClock(space, machine, 60_000);
    await ada.api.post(`${path}/${session.id}/end`, { output_quality: "excellent" });
  });
}
