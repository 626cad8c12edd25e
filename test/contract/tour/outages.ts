import { expect, it } from "vitest";
import { makeScene } from "../../support/scene.ts";
import { slotIn } from "../../support/space.ts";
import type { Outage } from "../../support/wire.ts";

/** A machine goes out of service and comes back. */
export function outages(): void {
  it("takes machines out of service", async () => {
    const { space, machine, ada } = await makeScene();
    const { api } = await space.as("maintainer");
    const path = space.path(`/equipment/${machine.id}/outages`);
    const body = { ...slotIn(24), reason: "New tube", affected: "cancel" };
    expect((await api.send("POST", `${path}?dry_run=true`, { body })).status).toBe(200);
    const outage = await api.post<Outage>(path, body);
    await ada.api.get(path);
    await ada.api.get(`${path}/${outage.id}`);
    await api.patch(`${path}/${outage.id}`, { reason: "New tube and mirrors" }, outage.version);
    await api.delete(`${path}/${outage.id}`);
    await ada.api.get(space.path("/outages"));
  });
}
