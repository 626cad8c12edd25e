import { it } from "vitest";
import { Api } from "../../support/api.ts";
import { makeSpace } from "../../support/space.ts";
import type { Member } from "../../support/wire.ts";

/** Who is there, and where they belong. */
export function people(): void {
  it("begins with who is there", async () => {
    await new Api().get("/health");
    await new Api().get("/ready");
    await new Api().get("/api/v1/dev/jwks.json");
    const space = await makeSpace();
    const [admin, one] = [await space.as("makerspace_admin"), await space.as("user")];
    await one.api.get("/api/v1/me");
    await one.api.get("/api/v1/makerspaces");
    await one.api.get(space.path());
    await admin.api.patch(space.path(), { show_holder: "first_name" }, 1);
    const path = space.path(`/members/${one.member.id}`);
    await admin.api.get<Member>(path);
    await admin.api.get(space.path("/members"));
    await admin.api.patch(path, { metadata: { badge: "7" } });
    await admin.api.post(`${path}/suspend`, { reason: "Unpaid" });
    await admin.api.post(`${path}/reactivate`);
  });
}
