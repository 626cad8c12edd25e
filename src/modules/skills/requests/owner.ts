/** Whose the evidence is that comes with a request to be certified. */

import { fileTypes } from "../../../platform/file-types.ts";
import { type FileOwner, mib } from "../../files/index.ts";
import { readRequest } from "./service.ts";

/** Whoever may see the request reads it. */
export const skillRequestFiles = {
  about: "Evidence of what one can do.",
  types: fileTypes,
  max_bytes: mib(20),
  mayUpload: (space) => space.scope("skills.request") !== "none",
  mayRead: (space, id) =>
    readRequest(space, id).then(
      () => true,
      () => false,
    ),
  of_the_erased: "delete",
} as const satisfies FileOwner;
