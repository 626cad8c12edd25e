/** What the members module asks of the rest of the house; src/app.ts provides it. */

import type { Write } from "../../platform/db/commit.ts";
import type { SpaceStore } from "../../platform/db/store.ts";
import type { Space } from "../../platform/space.ts";
import type { TransactionKind } from "./memberships/model.ts";

export interface MemberEffects {
  /**
   * Runs after a suspension or removal is committed and before its answer: sockets are closed, and future bookings cancelled unless they
   * are kept. The event repairs it.
   */
  shutOut(space: Space, member_id: string, cancel_bookings: boolean): Promise<void>;
  /** True while the member has bookings ahead or uses a machine, as far as the lists know. */
  isBusy(space: Space, member_id: string): Promise<boolean>;
  /**
   * Runs after the standing, role or duties of these members changed: their sockets close, so that they open again with what they may see
   * now. What else follows from it is left to the events.
   */
  changed(space: Space, member_ids: readonly string[]): Promise<void>;
}

/** Which machines there are; the equipment module knows. */
export interface MachineCheck {
  /** Those of the ids that name no machine of this makerspace. */
  unknown(space: Space, ids: readonly string[]): Promise<string[]>;
}

/** An amount that a membership's transaction states. */
export interface AmountDue {
  transaction_id: string;
  membership_id: string;
  member_id: string;
  /** Who pays: the payer of the member's family or company, or the member. */
  payer_member_id: string;
  plan_id: string;
  kind: TransactionKind;
  /** In the smallest unit of the currency; negative for a credit. */
  amount_minor: number;
  currency: string;
  reason: string | null;
}

/** Who collects what memberships cost. */
export interface PaymentsPort {
  /** Writes that go into the commit in which an amount falls due, or a credit is given: an invoice stands or falls with its transaction. */
  fallsDue(space: Space, due: AmountDue): Write[];
}

/** Without a collector the transaction alone says that the amount is due. */
export const recordedAsDue: PaymentsPort = { fallsDue: () => [] };

/** Two records of one person: whose things go to whom. */
export interface Merged {
  from: string;
  into: string;
  now: number;
}

/** What a module holds of a member who is merged into another. */
export interface MemberMove {
  /** Each of its tables that says whose a row is, with what becomes of these rows. A test knows the tables that are missing here. */
  tables: Readonly<Record<string, string>>;
  /** Goes into the batch of the merge. */
  writes(store: SpaceStore, merged: Merged): Write[];
}
