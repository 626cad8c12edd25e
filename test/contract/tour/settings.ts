import { it } from "vitest";
import { Api } from "../../support/api.ts";
import { makeSpace } from "../../support/space.ts";
import type { SettingsExport, SettingsSection } from "../../support/wire.ts";

/** A makerspace says how it wants to be run. */
export function settings(): void {
  it("has its settings made", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    await api.get(space.path("/settings"));
    const { version } = await api.get<SettingsSection>(space.path("/settings/access"));
    await api.patch(space.path("/settings/access"), { public_registration: true }, version);
    await api.post(space.path("/settings/access/toggles/membership_required"), { enabled: true });
    const { settings: taken } = await api.get<SettingsExport>(space.path("/settings/export"));
    await api.post(space.path("/settings/access/reset"));
    await api.post(space.path("/settings/import"), { settings: taken });
    await api.get(space.path("/settings/history"));
    await new Api().get(space.path("/settings/public"));
    await space.root.get("/api/v1/sealing_keys");
    await space.root.post("/api/v1/sealing_keys/rotate");
  });
}
