import { it } from "vitest";
import { makeSpace } from "../../support/space.ts";
import type { Job } from "../../support/wire.ts";

/** What happened, and whether it is what was written. */
export function audit(): void {
  it("looks back at it", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    await api.get(space.path("/audit"));
    await api.get(space.path("/audit/1"));
    await api.get(space.path("/audit/verify"));
    await api.post<Job>(space.path("/audit/verifications"));
    await api.post<Job>(space.path("/audit/exports"), { format: "csv" });
  });
}
