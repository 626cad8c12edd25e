import { it } from "vitest";
import { makeSpace } from "../../support/space.ts";
import type { Ban, Erasure, Job } from "../../support/wire.ts";

/** What is held on people, and how it goes. */
export function privacy(): void {
  it("gives people what is held on them, forgets them, and keeps others out", async () => {
    const space = await makeSpace();
    const [admin, one, two] = [await space.as("makerspace_admin"), await space.person(), await space.person()];
    const mine = space.path(`/members/${one.member.id}`);
    await one.api.post<Job>(`${mine}/data_exports`);
    await one.api.post<Erasure>(`${mine}/erasure`);
    await one.api.get<Erasure>(`${mine}/erasure`);
    await one.api.delete(`${mine}/erasure`);
    const ban = await admin.api.post<Ban>(space.path("/bans"), { member_id: two.member.id, reason_code: "conduct" });
    await admin.api.get<Ban>(space.path(`/bans/${ban.id}`));
    await admin.api.get(space.path("/bans"));
    await admin.api.post<Erasure>(space.path(`/members/${two.member.id}/erasure`));
    await admin.api.get(space.path("/erasures"));
    await admin.api.delete(space.path(`/bans/${ban.id}`));
  });
}
