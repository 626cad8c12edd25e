/** A row of somebody for each table of bookings on their way. */

interface Whose {
  id: string;
  other: string;
  equipment_id: string;
  member_id: string;
  now: number;
}

export function bookingRows(here: { makerspace_id: string }, { id, other, equipment_id, member_id, now }: Whose) {
  return {
    waitlist_entries: {
      ...here,
      id,
      member_id,
      equipment_id,
      window_starts_at: now,
      window_ends_at: now + 3_600_000,
      minutes: 60,
      status: "left",
      created_by: member_id,
      version: 1,
      created_at: now,
      updated_at: now,
    },
    booking_holds: {
      ...here,
      member_id,
      category: "laser_cutter",
      equipment_id,
      hold_id: id,
      expires_at: now + 60_000,
    },
    booking_claims: {
      ...here,
      member_id,
      equipment_id,
      key: "a".repeat(64),
      kind: "reservation",
      booking_id: other,
      settled_by: 1,
      bookings: 1,
      minutes: 60,
      starts_at: now,
      waiting: 1,
      decide_before: now + 1_000_000,
      created_at: now,
    },
  };
}
