import { it } from "vitest";
import { makeSpace } from "../../support/space.ts";

/** Members and what becomes of them. */
export function members(): void {
  it("goes on with members", async () => {
    const space = await makeSpace();
    const [admin, one] = [await space.as("makerspace_admin"), await space.as("user")];
    await one.api.get(space.path("/members/me"));
    await one.api.patch(space.path("/members/me"), { public_skills: ["welding"] });
    await admin.api.delete(space.path(`/members/${one.member.id}`));
  });
}
