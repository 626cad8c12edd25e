/** What an erasure asks of the rest of the house; src/app.ts provides it. */

import type { SettingsSource } from "../../../platform/access/membership.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { PersonalTable, PersonalWork } from "../../../platform/personal-data.ts";
import type { ReasonInput } from "../../../platform/problem.ts";
import type { MemberEffects } from "../port.ts";

export interface ErasurePorts {
  registry: readonly PersonalTable[];
  /** In order; what shows a person to others comes first. */
  works: readonly PersonalWork[];
  effects: MemberEffects;
  settings: SettingsSource;
  /** What has to end before somebody can be erased. */
  obstacles(store: SpaceStore, member_id: string): Promise<ReasonInput[]>;
}
