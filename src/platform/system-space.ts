/** A makerspace as the system sees it: for messages and jobs, where nobody signed in. */

import type { SettingsSource } from "./access/membership.ts";
import { Access } from "./access/permissions.ts";
import { readTogether } from "./db/ready.ts";
import type { SpaceStore } from "./db/store.ts";
import { Space } from "./space.ts";

/** Whose work it is, and since when. */
interface SystemWork {
  /** Who the audit names: "suspension", "policy", … */
  actor_id: string;
  request_id: string;
  now: number;
}

/** The makerspace of a message or job; without settings, asking for them is an error. */
export const systemSpace = (store: SpaceStore, settings: Space["settings"] | null, work: SystemWork): Space =>
  new Space({
    id: store.makerspace_id,
    store,
    actor: { kind: "system", id: work.actor_id, membership: null },
    access: new Access("super_admin", [], work.now),
    settings,
    request_id: work.request_id,
    now: work.now,
    defer: () => undefined,
  });

/** The makerspace of a store, with its settings. Null when it has none any more. */
export async function loadSystemSpace(
  store: SpaceStore,
  source: SettingsSource,
  work: SystemWork,
): Promise<Space | null> {
  const { build, read } = source.settings;
  const [rows] = await readTogether(store, [build], {});
  const settings = read(rows);
  return settings && systemSpace(store, settings, work);
}
