/** What the module tells itself, and what it tells others. */

export type FileEventType = "files.lost";

declare module "../../platform/events.ts" {
  interface EventCatalogue {
    /** Rows were found whose files the store does not have any more. */
    "files.lost": { files: number };
    /** The clock: files wait to be swept, or to be looked through. */
    "files.due": Record<string, never>;
    /** The clock, at night: rows and objects are compared. */
    "files.compare_due": Record<string, never>;
  }
}
