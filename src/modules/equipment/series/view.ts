import type { z } from "@hono/zod-openapi";
import { toIso } from "../../../platform/time.ts";
import type { SeriesConflict, SeriesOutcome, SeriesRecord, WholeSeries } from "../port.ts";
import { type Viewer, viewReservation } from "../reservations/view.ts";
import type { Series, SeriesDetail, SeriesMade } from "./contract.ts";

/** Record → JSON. */
export const viewSeries = (record: SeriesRecord, viewer: Viewer): z.output<typeof Series> => ({
  id: record.id,
  makerspace_id: viewer.makerspace_id,
  equipment_id: record.equipment_id,
  member_id: record.member_id,
  mine: record.member_id === viewer.member_id,
  status: record.status,
  rrule: record.rrule,
  local_start: record.local_start,
  timezone: record.timezone,
  duration_minutes: record.duration_minutes,
  starts_at: toIso(record.starts_at),
  ends_at: toIso(record.ends_at),
  purpose: record.purpose,
  project_id: record.project_id,
  created_by: record.created_by,
  continues: record.continues,
  created_at: toIso(record.created_at),
  updated_at: toIso(record.updated_at),
  version: record.version,
});

export const viewWhole = ({ record, reservations }: WholeSeries, viewer: Viewer): z.output<typeof SeriesDetail> => ({
  ...viewSeries(record, viewer),
  reservations: reservations.map((each) => viewReservation(each, viewer)),
});

/** A conflict on the wire. */
export const viewConflict = ({ starts_at, ends_at, code, reasons, conflicts_with }: SeriesConflict) => ({
  starts_at: toIso(starts_at),
  ends_at: toIso(ends_at),
  code,
  reasons: [...reasons],
  ...(conflicts_with && {
    conflicts_with: { starts_at: toIso(conflicts_with.starts_at), ends_at: toIso(conflicts_with.ends_at) },
  }),
});

export const viewMade = (
  { record, reservations, conflicts }: SeriesOutcome,
  viewer: Viewer,
): z.output<typeof SeriesMade> => ({
  id: record.id,
  series_id: record.id,
  version: record.version,
  booked: reservations.map((each) => viewReservation(each, viewer)),
  conflicts: conflicts.map(viewConflict),
});
