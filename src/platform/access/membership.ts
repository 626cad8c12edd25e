/** What the platform needs to know of a person in a makerspace. Modules implement the ports; src/app.ts brings them together. */

import type { ReadBuilder } from "../db/ready.ts";
import type { SpaceStore } from "../db/store.ts";
import type { LoadedSettings } from "../settings/load.ts";
import type { DutyGrant, MemberRole } from "./permissions.ts";
import type { MembershipStatus } from "./statuses.ts";

export { type MembershipStatus, membershipStatuses } from "./statuses.ts";

export interface Membership {
  id: string;
  user_id: string | null;
  role: MemberRole;
  status: MembershipStatus;
  first_name: string;
  last_name: string;
  hide_name: boolean;
  /** Epoch milliseconds, to the hour; 0 for never. */
  last_seen_at: number;
  duties: DutyGrant[];
}

/** The settings every request of a makerspace may need. */
export interface SpaceSettings extends LoadedSettings {
  name: string;
  slug: string;
  timezone: string;
  currency: string;
  location_hint: string | null;
  /** What machines start from; opaque here, the equipment module knows its shape. */
  booking_defaults: unknown;
  /** Grows with every closure of the makerspace that is added, changed or dropped. */
  closures_version: number;
  created_at: number;
  updated_at: number;
  version: number;
}

/** One read of the authorisation batch, built once, and what its rows say. */
export interface BatchRead<T> {
  build: ReadBuilder;
  read(rows: unknown): T;
}

export interface MembershipSource {
  /** The membership of the user `user_id`, duties included. */
  byUser: BatchRead<Membership | null>;
  /** Links a membership that waits for this verified e-mail address to the person, once. */
  claim(store: SpaceStore, user_id: string, email: string, now: number): Promise<Membership | null>;
  /** Notes that the member was here; asked for at most once an hour. */
  seen(store: SpaceStore, member_id: string, now: number): Promise<void>;
}

export interface SettingsSource {
  settings: BatchRead<SpaceSettings | null>;
}
