import { it } from "vitest";
import { makeScene } from "../../support/scene.ts";
import { slotIn, until } from "../../support/space.ts";
import type { Reservation, WaitlistEntry } from "../../support/wire.ts";

/** Waiting for time that is taken. */
export function waitlist(): void {
  it("waits for a machine", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const { starts_at: window_starts_at, ends_at: window_ends_at } = slotIn(24);
    const window = { window_starts_at, window_ends_at, minutes: 60 };
    const booked = await space.booked(ben.api, machine, slotIn(24));
    const path = space.path(`/equipment/${machine.id}/waitlist`);
    const { id } = await ada.api.post<WaitlistEntry>(path, window);
    const other = await ada.api.post<WaitlistEntry>(space.path("/waitlist"), { category: "hand_tool", ...window });
    await ada.api.get(space.path("/waitlist"));
    await ada.api.delete(space.path(`/waitlist/${other.id}`));
    await space.step(ben.api, booked, "cancel");
    await until("the offer", async () => (await ada.api.get<WaitlistEntry>(space.path(`/waitlist/${id}`))).offer);
    await ada.api.post<Reservation>(`${path}/${id}/accept`);
  });
}
