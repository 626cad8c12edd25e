/** Settings on their way to the objects, with the closures as they are now: read after the versions, so never older than those say. */

import { and, asc, gte, isNull, or, sql } from "drizzle-orm";
import type { DayWindow, Exception } from "../../../platform/settings/hours.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY } from "../../../platform/time.ts";
import { equipmentPart, type SharedParts } from "../policy.ts";
import type { PolicyParts } from "../port.ts";
import { closures, type equipment } from "../tables.ts";

type EquipmentRow = typeof equipment.$inferSelect;

/** What is over by two days is over in every zone. */
const today = (now: number): number => Math.floor(now / DAY) - 2;

/** The closures of the makerspace (`null`) and of these machines that are not over. */
async function closuresOf(space: Space, ids: readonly string[]): Promise<Map<string | null, Exception[]>> {
  const { equipment_id, from_day, to_day, windows, title } = closures;
  const isMeant = or(
    isNull(equipment_id),
    sql`${equipment_id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`,
  );
  const rows = await space.db
    .select({ equipment_id, from_day, to_day, windows, title })
    .from(closures)
    .where(space.store.in(closures, and(isMeant, gte(to_day, today(space.now)))))
    .orderBy(asc(from_day), asc(closures.id));
  const found = new Map<string | null, Exception[]>();
  for (const { equipment_id: of, windows: open, ...rest } of rows) {
    // Written only through the contract.
    found.set(of, [...(found.get(of) ?? []), { ...rest, windows: open as DayWindow[] }]);
  }
  return found;
}

/** What the objects of these machines are given. */
export async function partsOf(
  space: Space,
  { makerspace, hours }: SharedParts,
  rows: readonly EquipmentRow[],
): Promise<(row: EquipmentRow) => PolicyParts> {
  if (rows.length === 0) return (row) => ({ makerspace, hours, equipment: equipmentPart(row) });
  const found = await closuresOf(
    space,
    rows.map((row) => row.id),
  );
  const shared = { ...hours, closures: found.get(null) ?? [] };
  return (row) => ({
    makerspace,
    hours: shared,
    equipment: { ...equipmentPart(row), closures: found.get(row.id) ?? [] },
  });
}
