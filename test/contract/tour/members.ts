import { it } from "vitest";
import { putSettings } from "../../support/settings.ts";
import { makeSpace, signIn } from "../../support/space.ts";
import type { Member } from "../../support/wire.ts";

/** Members and what becomes of them. */
export function members(): void {
  it("goes on with members", async () => {
    const space = await makeSpace();
    const [admin, one] = [await space.as("makerspace_admin"), await space.as("user")];
    await one.api.get(space.path("/members/me"));
    await one.api.patch(space.path("/members/me"), { public_skills: ["welding"] });
    const path = space.path(`/members/${one.member.id}`);
    await admin.api.post(`${path}/role`, { role: "service_provider" });
    await admin.api.must("PUT", `${path}/duties/desk`, { body: {} });
    await admin.api.delete(`${path}/duties/desk`);
    await admin.api.delete(path);
    await putSettings(space, "access", { public_registration: true });
    const asking = async () => (await signIn()).post<Member>(space.path("/join"));
    const [welcome, unwelcome] = [await asking(), await asking()];
    await admin.api.post(space.path(`/members/${welcome.id}/approve`));
    await admin.api.post(space.path(`/members/${unwelcome.id}/decline`), { reason: "Full" });
    await (await space.person()).api.delete(space.path("/members/me"));
    await admin.api.get(space.path("/members/statistics"));
    const [kept, spare] = [await space.person(), await space.person()];
    await admin.api.post(space.path("/members/bulk"), {
      member_ids: [kept.member.id],
      do: { operation: "add_tag", tag: "night" },
    });
    const body = { email: `${crypto.randomUUID()}@example.org`, first_name: "Ada", last_name: "B", role: "user" };
    const other = await admin.api.post<Member>(space.path("/members"), body);
    await admin.api.post(space.path(`/members/${spare.member.id}/merge`), { from_member_id: other.id });
    await admin.api.post(space.path("/members/import"), { csv: "email,first_name\nx@example.org,X", dry_run: true });
    await admin.api.post(space.path("/members/export"));
  });
}
