import { it } from "vitest";
import { makeSpace } from "../../support/space.ts";
import type { Closure } from "../../support/wire.ts";

/** Days on which nobody comes. */
export function closures(): void {
  it("closes on some days", async () => {
    const space = await makeSpace();
    const day = { starts_on: "2027-12-24", ends_on: "2027-12-26", title: "Christmas" };
    const closure = await space.root.post<Closure>(space.path("/closures"), day);
    await space.root.get(space.path("/closures"));
    await space.root.get(space.path(`/closures/${closure.id}`));
    await space.root.patch(space.path(`/closures/${closure.id}`), { ends_on: "2027-12-27" }, 1);
    await space.root.delete(space.path(`/closures/${closure.id}`));
  });
}
