import { it } from "vitest";
import { makeSpace } from "../../support/space.ts";
import type { Agreement } from "../../support/wire.ts";

/** What people agree to. */
export function agreements(): void {
  it("has its rules accepted", async () => {
    const space = await makeSpace();
    const [safety, one] = [await space.as("safety"), await space.as("user")];
    const { id } = await safety.api.post<Agreement>(space.path("/agreements"), { title: "Rules", body: "Be careful." });
    const path = space.path(`/agreements/${id}`);
    await safety.api.patch(path, { title: "House rules" });
    await safety.api.post(`${path}/texts`, { body: "Be very careful." });
    await one.api.get(space.path("/agreements"));
    await one.api.get(path);
    await one.api.get(`${path}/texts`);
    await one.api.post(`${path}/accept`, { number: 2 });
    await safety.api.post(`${path}/acceptances`, { number: 2, member_id: safety.member.id });
    await safety.api.get(`${path}/acceptances?status=accepted`);
    await safety.api.delete(path);
  });
}
