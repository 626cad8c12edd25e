/** Whose the files of machines are. */

import { fileTypes, imageTypes } from "../../../platform/file-types.ts";
import type { Space } from "../../../platform/space.ts";
import { type FileOwner, mib } from "../../files/index.ts";

/** Whoever may see the machine reads them; whoever may change some machine uploads them. */
const ofMachines = {
  mayUpload: (space: Space) => space.access.has("equipment.manage"),
  mayRead: async (space: Space, equipment_id: string) => space.scope("equipment.read", equipment_id) !== "none",
  of_the_erased: "keep",
} as const satisfies Partial<FileOwner>;

export const machineFileOwners = {
  equipment_photo: { ...ofMachines, about: "A photo of a machine.", types: imageTypes, max_bytes: mib(20) },
  equipment_manual: { ...ofMachines, about: "A manual of a machine.", types: fileTypes, max_bytes: mib(200) },
} as const satisfies Record<string, FileOwner>;
