/** Files of all modules: announced, received, looked through, attached to what they belong to, and read by whoever may see that. */

export { attachWrites, dropFiles, fileIdsOf, fileOf, filesOf, removeWrites } from "./attach.ts";
export { fileComparison } from "./compare.ts";
export { fileRounds } from "./due.ts";
export type { FileEventType } from "./events.ts";
export { moveFiles } from "./merges.ts";
export { mib } from "./model.ts";
export { deleteFilesOf, filePersonalData } from "./personal.ts";
export {
  type FileOwner,
  type FilePorts,
  MAX_PIXELS,
  type MakePicture,
  PICTURE_EDGE,
  type Scan,
  THUMBNAIL_EDGE,
} from "./port.ts";
export { fileRoutes } from "./routes.ts";
export type { FileRow } from "./view.ts";
