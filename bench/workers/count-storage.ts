/** Counts what an object asks of its SQLite storage. */

import type { StorageCounts } from "../load/counts.ts";
import { proxy } from "./proxy.ts";

/** Puts a counter in front of the object's storage; call it before the object's own constructor. */
export function countStorage(ctx: DurableObjectState): StorageCounts {
  const counts: StorageCounts = { statements: 0, rows_read: 0, rows_written: 0 };
  const { storage } = ctx;
  const sql = proxy(storage.sql, {
    exec: (statement: string, ...params: SqlStorageValue[]) => {
      const cursor = storage.sql.exec(statement, ...params);
      // Read to the end here, so that the figures are complete; callers get the rows from memory.
      const rows = cursor.toArray();
      counts.statements += 1;
      counts.rows_read += cursor.rowsRead;
      counts.rows_written += cursor.rowsWritten;
      return { toArray: () => rows, one: () => rows[0] };
    },
  });
  Object.defineProperty(ctx, "storage", { value: proxy(storage, { sql }) });
  return counts;
}
