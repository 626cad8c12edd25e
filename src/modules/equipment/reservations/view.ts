import type { z } from "@hono/zod-openapi";
import { toIso, toIsoOrNull } from "../../../platform/time.ts";
import type { ReservationRecord } from "../port.ts";
import { viewFee, viewPrice } from "../prices/view.ts";
import type { Reservation } from "./contract.ts";

/** Who looks: their membership, and whether they see more than their own. */
export interface Viewer {
  makerspace_id: string;
  member_id: string;
  sees_all: boolean;
}

/** What became of it, and whether it may go elsewhere. */
const fateOf = ({ may_move, cancelled_by, outage_id, moved_to, moved_from }: ReservationRecord) => ({
  may_move: may_move === 1,
  cancelled_by,
  outage_id,
  moved_to,
  moved_from,
});
const UNTOLD = { may_move: false, cancelled_by: null, outage_id: null, moved_to: null, moved_from: null };

/** Record → JSON. Others' reservations are busy times without a name for those who see only their own. */
export function viewReservation(
  record: ReservationRecord & { orphan?: boolean },
  viewer: Viewer,
): z.output<typeof Reservation> {
  const mine = record.member_id === viewer.member_id;
  const open = mine || viewer.sees_all;
  return {
    id: record.id,
    makerspace_id: viewer.makerspace_id,
    equipment_id: record.equipment_id,
    status: record.status,
    starts_at: toIso(record.starts_at),
    ends_at: toIso(record.ends_at),
    mine,
    member_id: open ? record.member_id : null,
    purpose: open ? record.purpose : null,
    project_id: open ? record.project_id : null,
    // Written only through the contract's Metadata.
    metadata: open ? (JSON.parse(record.metadata) as Record<string, string>) : {},
    external_id: open ? record.external_id : null,
    series_id: open ? record.series_id : null,
    bundle_id: open ? record.bundle_id : null,
    note: open ? record.note : null,
    created_by: open ? record.created_by : null,
    decided_by: open ? record.decided_by : null,
    decided_at: open ? toIsoOrNull(record.decided_at) : null,
    counted_minutes: open ? record.counted_minutes : null,
    checked_in_at: open ? toIsoOrNull(record.checked_in_at) : null,
    price: open ? viewPrice(record.price) : null,
    fee: open ? viewFee(record.price, record.fee_minor) : null,
    ...(open ? fateOf(record) : UNTOLD),
    expires_at: open ? toIsoOrNull(record.expires_at) : null,
    created_at: toIso(record.created_at),
    updated_at: toIso(record.updated_at),
    version: record.version,
    ...(record.orphan && { orphan: true as const }),
  };
}
