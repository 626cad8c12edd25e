import { it } from "vitest";
import { makeScene } from "../../support/scene.ts";
import { until } from "../../support/space.ts";
import type { FaultReport, Rating } from "../../support/wire.ts";

/** What members say of machines, and what staff say to it. */
export function faults(): void {
  it("hears of faults, and what people think", async () => {
    const { space, machine, ada } = await makeScene();
    const { api } = await space.as("maintainer");
    const report = (): Promise<FaultReport> =>
      ada.api.post<FaultReport>(space.path("/fault_reports"), {
        equipment_id: machine.id,
        severity: "minor",
        text: "It squeaks.",
      });
    const [one, other] = [await report(), await report()];
    await ada.api.get(space.path("/fault_reports"));
    await ada.api.get(space.path(`/fault_reports/${one.id}`));
    const path = space.path(`/equipment/${machine.id}`);
    await api.get(`${path}/fault_reports`);
    await api.post(`${path}/fault_reports/${one.id}/acknowledge`);
    await api.post(`${path}/fault_reports/${one.id}/resolve`, { note: "Oiled." });
    await api.post(`${path}/fault_reports/${other.id}/dismiss`, { note: "The same." });
    await api.get(space.path("/equipment/labels"));

    const session = await ada.api.post<{ id: string }>(`${path}/sessions`, { planned_minutes: 30 });
    await ada.api.post(`${path}/sessions/${session.id}/end`);
    const rating = await until("the projection", async () => {
      const { body } = await ada.api.send<Rating>("POST", `${path}/ratings`, { body: { stars: 4 } });
      return body;
    });
    const mine = `${path}/ratings/${rating.id}`;
    await ada.api.get(`${path}/ratings`);
    await ada.api.get(mine);
    await ada.api.patch(mine, { text: "Quiet now." });
    await api.post(`${mine}/answer`, { answer: "Thank you." });
    await api.post(`${mine}/hide`, { reason: "a test" });
    await api.post(`${mine}/show`);
    await ada.api.delete(mine);
  });
}
