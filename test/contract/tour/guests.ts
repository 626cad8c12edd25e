import { it } from "vitest";
import { makeGuestHouse } from "../../support/guests.ts";

/** A guest from the invitation to the door and out of it. */
export function guests(): void {
  it("has guests", async () => {
    const { space, ada, desk, invite, today, tomorrow, waiver } = await makeGuestHouse({ guest_passes_per_cycle: 5 });
    const guest = await invite(ada.api, { visit_on: today });
    const path = space.path(`/guests/${guest.id}`);
    await ada.api.patch(path, { name: "Grace B. Hopper" }, 1);
    await desk.api.get(space.path("/guests?status=expected&visit_on=today"));
    await ada.api.get(path);
    await ada.api.get(space.path("/members/me/guest_passes"));
    await desk.api.get(`${path}/waivers`);
    await desk.api.post(`${path}/waivers`, { agreement_id: waiver.id, number: 1, method: "on_paper" });
    await desk.api.post(`${path}/check_in`);
    await desk.api.post(`${path}/check_out`);
    const other = await invite(ada.api, { visit_on: tomorrow });
    await ada.api.post(space.path(`/guests/${other.id}/cancel`));
  });
}
