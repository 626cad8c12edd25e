/** What is asked of a store, as the workers count it and the report shows it. */

/** Of an object's own SQLite. */
export interface StorageCounts {
  statements: number;
  rows_read: number;
  rows_written: number;
}

/** Of D1. */
export interface DatabaseCounts extends StorageCounts {
  trips: number;
}
