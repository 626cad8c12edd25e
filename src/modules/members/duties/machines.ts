/** Machines that duties are limited to. */

import type { DutyGrant } from "../../../platform/access/permissions.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import type { MachineCheck } from "../port.ts";

/**
 * Duties reach machines of this makerspace alone; a retired one counts, because it may have a duty already.
 * @param pointerOf where the machines of a duty stand in the body, by the duty's place
 * @throws unknown_reference naming each id that names none
 */
export async function refuseUnknownMachines(
  space: Space,
  duties: readonly Pick<DutyGrant, "equipment_ids">[],
  machines: MachineCheck,
  pointerOf: (index: number) => string = (index) => `/duties/${index}/equipment_ids`,
): Promise<void> {
  const named = [...new Set(duties.flatMap(({ equipment_ids }) => equipment_ids ?? []))];
  const unknown = new Set(named.length > 0 ? await machines.unknown(space, named) : []);
  if (unknown.size === 0) return;
  const errors = duties.flatMap(({ equipment_ids }, index) =>
    (equipment_ids ?? []).flatMap((id, at) =>
      unknown.has(id) ? [{ pointer: `${pointerOf(index)}/${at}`, code: "unknown", detail: "names no machine" }] : [],
    ),
  );
  throw problem("unknown_reference", { errors: errors.slice(0, 50) });
}
