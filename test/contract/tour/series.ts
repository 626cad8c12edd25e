import { it } from "vitest";
import { makeScene } from "../../support/scene.ts";
import { slotIn, until } from "../../support/space.ts";
import type { SeriesDetail, SeriesMade } from "../../support/wire.ts";

/** Bookings that come again and again. */
export function series(): void {
  it("comes again every week", async () => {
    const { space, machine, ada } = await makeScene();
    const path = space.path(`/equipment/${machine.id}/series`);
    const local_start = slotIn(48).starts_at.slice(0, 16);
    const body = { rrule: "FREQ=WEEKLY;COUNT=3", local_start, duration_minutes: 60, timezone: "UTC" };
    const { series_id } = await ada.api.post<SeriesMade>(path, body);
    const one = `${path}/${series_id}`;
    await ada.api.get(one);
    await ada.api.get(space.path("/series"));
    await until("the row", async () => (await ada.api.send("GET", space.path(`/series/${series_id}`))).status === 200);
    await ada.api.patch<SeriesDetail>(one, { scope: "all", duration_minutes: 30 }, 1);
    await ada.api.post(`${one}/cancel`, { scope: "all" });
  });
}
