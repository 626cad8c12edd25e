import { it } from "vitest";
import { makeSpace } from "../../support/space.ts";
import type { BillingGroup } from "../../support/wire.ts";

/** A family with one payer. */
export function billingGroups(): void {
  it("has families", async () => {
    const space = await makeSpace();
    const [{ api }, ada, ben] = [await space.as("desk"), await space.person(), await space.person()];
    const group = await api.post<BillingGroup>(space.path("/billing_groups"), {
      kind: "family",
      name: "The Byrons",
      payer_member_id: ada.member.id,
    });
    const path = space.path(`/billing_groups/${group.id}`);
    await api.post(`${path}/members`, { member_id: ben.member.id });
    await api.patch(path, { name: "The Okris" }, 2);
    await ada.api.get(space.path("/billing_groups"));
    await ada.api.get(path);
    await ada.api.get(`${path}/members`);
    await ada.api.get(space.path("/members/me/billing_group"));
    await api.post(`${path}/hand_over`, { payer_member_id: ben.member.id });
    await api.delete(`${path}/members/${ada.member.id}`);
    await api.delete(path);
  });
}
