/** Whose the photos of fault reports are. */

import { fileTypes } from "../../../platform/file-types.ts";
import { type FileOwner, mib } from "../../files/index.ts";
import { maySeeFault } from "./reads.ts";

export const faultReportFiles = {
  about: "A photo of a fault.",
  types: fileTypes,
  max_bytes: mib(20),
  mayUpload: (space) => space.scope("fault_reports.create") !== "none",
  mayRead: maySeeFault,
  of_the_erased: "delete",
} as const satisfies FileOwner;
