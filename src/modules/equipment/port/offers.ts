/** The waitlist as a machine's object knows it: windows without names, and what is offered to whom. Times are epoch milliseconds. */

import type { Interval } from "../model.ts";

/** Somebody waits for `minutes` within a window; who it is, the object learns with an offer. */
export interface WaitingWindow {
  entry_id: string;
  window_starts_at: number;
  window_ends_at: number;
  minutes: number;
}

/** Freed time that is kept: first for whoever is found, then for one member, who takes it or lets it go. */
export interface OfferRecord extends Interval {
  id: string;
  equipment_id: string;
  /** Null until somebody is found. */
  entry_id: string | null;
  member_id: string | null;
  expires_at: number;
  created_at: number;
}

export type OfferCommand =
  /** From now on what is freed within these windows is offered. Repeating it changes nothing. */
  | { type: "wait"; windows: readonly WaitingWindow[] }
  /** These wait no more; what is offered to one of them goes to the next. */
  | { type: "stop_waiting"; entry_ids: readonly string[] }
  /** Offers to the member of the facts; `answer_by` is when they should have answered. Judged like a booking of theirs. */
  | { type: "assign_offer"; offer_id: string; entry_id: string; answer_by: number }
  /** Nobody was found: the time is free. */
  | { type: "release_offer"; offer_id: string }
  /** Books what is offered to an entry. */
  | {
      type: "accept_offer";
      entry_id: string;
      reservation_id: string;
      purpose: string | null;
      project_id: string | null;
    };
