import { it, vi } from "vitest";
import { blackHole, deliver, outboxOf } from "../../support/background.ts";
import { through } from "../../support/faults.ts";
import { makeScene } from "../../support/scene.ts";
import { slotIn, until } from "../../support/space.ts";
import type { DeadLetter, Job, Notification } from "../../support/wire.ts";

/** What the system does by itself, and what people see of it. */
export function operations(): void {
  it("ends with what the system did meanwhile", async () => {
    const { space, machine, ada } = await makeScene();
    const { api } = await space.as("makerspace_admin");
    await space.booked(ada.api, machine, slotIn(24));
    const events = await until("the event", async () => {
      const found = await outboxOf(space, "reservation.created");
      return found.length > 0 && found;
    });
    vi.spyOn(console, "error").mockImplementation(() => {});
    await deliver(events, "makrcave-events-dead");
    vi.restoreAllMocks();
    const [letter] = await api.all<DeadLetter>(space.path("/dead_letters"));
    await api.get(space.path(`/dead_letters/${letter?.id}`));
    await api.post(space.path(`/dead_letters/${letter?.id}/replay`));
    const [told] = await until("the notification", async () => {
      const found = await ada.api.all<Notification>(space.path("/notifications"));
      return found.length > 0 && found;
    });
    await ada.api.get(space.path(`/notifications/${told?.id}`));
    await ada.api.post(space.path(`/notifications/${told?.id}/read`));
    // The broker forgets the job, so that it can be cancelled before it runs.
    const unheard = api.by(through({ EVENTS: blackHole() as Queue }));
    const job = await unheard.post<Job>(space.path("/reconciliations"));
    await api.post(space.path(`/jobs/${job.id}/cancel`));
    await api.get(space.path(`/jobs/${job.id}`));
    await api.get(space.path("/jobs"));
  });
}
