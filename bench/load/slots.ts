/** Which slot the n-th booking takes: each once, all over the next two years, so that no index is only appended to. */

const MINUTE = 60_000;
const DAY = 86_400_000;

export const SLOT_MINUTES = 5;
export const HORIZON_DAYS = 730;
/** How many bookings a machine has room for. */
export const SLOTS = ((HORIZON_DAYS - 2) * DAY) / (SLOT_MINUTES * MINUTE);
/** Prime to SLOTS, so that counting up visits every slot. */
const STRIDE = 75_017;

export interface Slot {
  starts_at: number;
  ends_at: number;
}

/** The n-th slot; the first day is the one after `today` (any instant of it). */
export function slot(index: number, today: number): Slot {
  const tomorrow = (Math.floor(today / DAY) + 1) * DAY;
  const starts_at = tomorrow + ((index * STRIDE) % SLOTS) * SLOT_MINUTES * MINUTE;
  return { starts_at, ends_at: starts_at + SLOT_MINUTES * MINUTE };
}
