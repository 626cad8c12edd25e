/** Where charges go. */

import type { BatchItem } from "drizzle-orm/batch";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { PriceLine } from "../prices/model.ts";
import type { ChargeKind } from "./owed.ts";

/** What is owed for one booking or walk-up as its version says; a later version replaces it. */
export interface Charge {
  subject: { type: "reservation" | "session"; id: string; version: number };
  equipment_id: string;
  member_id: string;
  /** Null when nothing is due, and what was due is lifted. */
  due: { kind: ChargeKind; amount_minor: number; lines: PriceLine[] } | null;
  currency: string;
  price_version: number;
  /** Epoch milliseconds. */
  occurred_at: number;
}

/** Takes charges. The statements run in one batch with the mark that makes it happen once. */
export interface ChargePort {
  charge(store: SpaceStore, charge: Charge, now: number): BatchItem<"sqlite">[];
}
