/** Where the bytes of files lie. Nobody but files.ts and its neighbours asks here. */

import type { Storage } from "./storage/port.ts";
import { r2Storage } from "./storage/r2.ts";

let provided: Storage = r2Storage;

/** The store of this worker. */
export const storage = (): Storage => provided;

/** Chooses the store: src/app.ts does, once, by configuration. */
export function provideStorage(chosen: Storage): void {
  provided = chosen;
}
