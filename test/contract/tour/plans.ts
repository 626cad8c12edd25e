import { it } from "vitest";
import type { Page } from "../../support/api.ts";
import { Api } from "../../support/api.ts";
import { makeSpace } from "../../support/space.ts";
import type { Membership, MembershipTransaction, Plan } from "../../support/wire.ts";

const price = { amount_minor: 9_900, currency: "EUR" };

/** Plans, and the memberships of those who are on them. */
export function plans(): void {
  it("has plans", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    await api.post(space.path("/plans/defaults"));
    const plan = await api.post<Plan>(space.path("/plans"), { name: "Weekend", price });
    const path = space.path(`/plans/${plan.id}`);
    await api.get(space.path("/plans"));
    await api.get(path);
    await new Api().get(space.path("/plans/public"));
    await api.patch(path, { description: "For those who work" }, 1);
    const copy = await api.post<Plan>(`${path}/duplicate`, { name: "Weekend twice" });
    await api.post(`${path}/archive`);
    await api.post(`${path}/unarchive`);
    await api.get(`${path}/members`);
    await api.delete(space.path(`/plans/${copy.id}`));
  });

  it("has memberships in all their turns", async () => {
    const space = await makeSpace();
    const [{ api }, ada] = [await space.as("makerspace_admin"), await space.person()];
    const [maker, pro, club] = [
      await api.post<Plan>(space.path("/plans"), { name: "A", price }),
      await api.post<Plan>(space.path("/plans"), { name: "B", price: { ...price, amount_minor: 19_900 } }),
      await api.post<Plan>(space.path("/plans"), { name: "C", price, requires_approval: true }),
    ];
    const own = space.path(`/members/${ada.member.id}/memberships`);
    const at = ({ id }: Membership, step = "") => space.path(`/memberships/${id}${step}`);
    const joined = await ada.api.post<Membership>(own, { plan_id: maker.id });
    await ada.api.get(own);
    await ada.api.get(at(joined));
    await ada.api.get(space.path("/memberships"));
    await ada.api.post(at(joined, "/renew"));
    await ada.api.post(at(joined, "/pause"));
    await ada.api.post(at(joined, "/resume"));
    await ada.api.post(at(joined, "/cancel"));
    await ada.api.post(at(joined, "/continue"));
    await ada.api.get(at(joined, `/quote?plan_id=${pro.id}`));
    const changed = await ada.api.post<Membership>(at(joined, "/change_plan"), { plan_id: pro.id });
    const [no, yes] = [await ada.api.post<Membership>(own, { plan_id: club.id }), changed];
    await api.post(at(no, "/decline"), { reason: "Not this year" });
    const again = await ada.api.post<Membership>(own, { plan_id: club.id });
    await api.post(at(again, "/approve"));
    await api.get(at(yes));
    const transactions = await ada.api.get<Page<MembershipTransaction>>(space.path("/membership_transactions"));
    await ada.api.get(space.path(`/membership_transactions/${transactions.data[0]?.id}`));
  });
}
