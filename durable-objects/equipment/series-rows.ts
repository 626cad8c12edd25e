/** Writes series: the row, and the event that tells of it. */

import type { SeriesEventType } from "../../src/modules/equipment/events.ts";
import type { SeriesRecord } from "../../src/modules/equipment/port.ts";
import type { Turn } from "./turn.ts";

/** Writes a new series. Its bookings are there. */
export function beginSeries(
  turn: Turn,
  fields: Omit<SeriesRecord, "version" | "equipment_id" | "created_at" | "updated_at">,
  type: SeriesEventType = "series.created",
): SeriesRecord {
  const { store, now } = turn;
  const made = { equipment_id: store.equipment_id, created_at: now, updated_at: now };
  const record = { ...fields, ...made, version: store.state.nextVersion(0) };
  store.series.put(record);
  turn.seriesEvent(type, null, record);
  return record;
}

/** Writes a changed series; without a type nobody is told. */
export function changeSeries(
  turn: Turn,
  before: SeriesRecord,
  patch: Partial<SeriesRecord>,
  type: SeriesEventType | null,
): SeriesRecord {
  const record = { ...before, ...patch, updated_at: turn.now, version: turn.store.state.nextVersion(before.version) };
  turn.store.series.put(record);
  if (type === null) turn.silently("series", record);
  else turn.seriesEvent(type, before, record);
  return record;
}
