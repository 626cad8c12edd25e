import { it } from "vitest";
import { makeScene } from "../../support/scene.ts";
import { slotIn, until } from "../../support/space.ts";
import type { Bundle } from "../../support/wire.ts";

/** A machine and the room around it, booked together and given up together. */
export function bundles(): void {
  it("has machines that are booked together", async () => {
    const { space, machine, ada } = await makeScene();
    const room = await space.machine();
    const items = [machine, room].map(({ id: equipment_id }) => ({ equipment_id, ...slotIn(24) }));
    const { id } = await ada.api.post<Bundle>(space.path("/bookings"), { items });
    const path = space.path(`/bookings/${id}`);
    await until(
      "the projections",
      async () => (await ada.api.send<Bundle>("GET", path)).body?.reservations.length === 2,
    );
    await ada.api.post(`${path}/cancel`);
  });
}
