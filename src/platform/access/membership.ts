/** What the platform needs to know of a person in a makerspace. Modules implement the ports; src/app.ts brings them together. */

import type { BatchItem } from "drizzle-orm/batch";
import type { SpaceStore } from "../db/store.ts";
import type { DutyGrant, MemberRole } from "./permissions.ts";

export const membershipStatuses = ["pending", "active", "suspended"] as const;
export type MembershipStatus = (typeof membershipStatuses)[number];

export interface Membership {
  id: string;
  user_id: string | null;
  role: MemberRole;
  status: MembershipStatus;
  first_name: string;
  last_name: string;
  hide_name: boolean;
  duties: DutyGrant[];
}

/** The settings every request of a makerspace may need. */
export interface SpaceSettings {
  name: string;
  slug: string;
  timezone: string;
  currency: string;
  location_hint: string | null;
  /** What machines start from; opaque here, the equipment module knows its shape. */
  booking_defaults: unknown;
  created_at: number;
  updated_at: number;
  version: number;
}

/** One statement of the authorisation batch and how to read its rows. */
export interface BatchRead<T> {
  statement: BatchItem<"sqlite">;
  read(rows: unknown): T;
}

export interface MembershipSource {
  /** The membership of a user, duties included. */
  byUser(store: SpaceStore, user_id: string): BatchRead<Membership | null>;
  /** Links a membership that waits for this verified e-mail address to the person, once. */
  claim(store: SpaceStore, user_id: string, email: string, now: number): Promise<Membership | null>;
}

export interface SettingsSource {
  settings(store: SpaceStore): BatchRead<SpaceSettings | null>;
}
