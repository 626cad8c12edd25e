import type { z } from "@hono/zod-openapi";
import { DAY, toIso } from "../../../platform/time.ts";
import type { closures } from "../tables.ts";
import type { Closure } from "./contract.ts";

/** "2027-12-24" → days since 1970-01-01. */
export const dayOf = (date: string): number => Math.floor(Date.parse(`${date}T00:00:00Z`) / DAY);

const dateOf = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10);

/** Row → JSON. */
export const viewClosure = (row: typeof closures.$inferSelect): z.output<typeof Closure> => ({
  id: row.id,
  makerspace_id: row.makerspace_id,
  equipment_id: row.equipment_id,
  starts_on: dateOf(row.from_day),
  ends_on: dateOf(row.to_day),
  // Written only through the contract's DayWindows.
  open: row.windows as z.output<typeof Closure>["open"],
  title: row.title,
  external_id: row.external_id,
  created_at: toIso(row.created_at),
  updated_at: toIso(row.updated_at),
  version: row.version,
});
