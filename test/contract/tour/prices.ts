import { it } from "vitest";
import { addRule, estimated, hourly, rulesOf, settlementOf } from "../../support/prices.ts";
import { makeScene } from "../../support/scene.ts";
import { slotIn } from "../../support/space.ts";
import type { CostRule } from "../../support/wire.ts";

/** What machines cost. */
export function prices(): void {
  it("charges", async () => {
    const { space, machine, ada } = await makeScene();
    const rule = await addRule(space, machine, hourly(1_000));
    const path = rulesOf(space, machine, `/${rule.id}`);
    await space.root.get(rulesOf(space, machine));
    await space.root.get<CostRule>(path);
    await space.root.must("PATCH", path, { body: { priority: 3 }, headers: { "if-match": '"1"' } });
    await estimated(space, ada.api, machine, slotIn(24));
    const booking = await space.booked(ada.api, machine, slotIn(24));
    await settlementOf(space, ada.api, booking);
    await space.root.delete(path);
  });
}
