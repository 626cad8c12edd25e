/** What the settings module asks of the rest of the house; src/app.ts provides it. */

import type { SpaceSettings } from "../../platform/access/membership.ts";
import type { Write } from "../../platform/db/commit.ts";
import type { SectionName } from "../../platform/settings/sections.ts";
import type { Space } from "../../platform/space.ts";

/** Somebody who acts when a section of settings changes. */
export interface SettingsEffects {
  /** Statements of the batch that changes the section, behind it: what is owed to whom. They stand or fall together. */
  writes?(space: Space, section: SectionName, before: SpaceSettings, after: SpaceSettings): Write[];
  /**
   * Runs once the change is committed and before its answer. It may be lost with a crash: what must happen is owed by `writes`.
   * @returns false when somebody has not heard of it yet and will within minutes.
   */
  changed(space: Space, section: SectionName, before: SpaceSettings, after: SpaceSettings): Promise<boolean>;
}

/** Somebody who has something to begin with in a new makerspace, and something that hangs on its clock. */
export interface MakerspaceEffects {
  /** Statements of the commit that makes it, behind its settings. */
  created(space: Space): Write[];
  /** Statements of the commit that gives it another time zone: what was worked out by the old one. */
  rezoned(space: Space, timezone: string): Write[];
}
