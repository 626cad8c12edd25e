/**
 * A D1 database for bare workerd: an object with SQLite behind D1's own client, as wrangler's local D1 is, and with a
 * count of every trip and row. It also takes whole scripts, to be migrated and filled with.
 */

import { DurableObject } from "cloudflare:workers";
import type { DatabaseCounts } from "../load/counts.ts";

interface Query {
  sql: string;
  params?: (string | number | null)[];
}

interface DatabaseEnv {
  DATABASE: DurableObjectNamespace<Database>;
}

/** Of the whole process: an object that nobody asks for some seconds loses its memory. */
const counts: DatabaseCounts = { trips: 0, statements: 0, rows_read: 0, rows_written: 0 };
/** The last statements, newest last. */
const recent: (Query & { rows_read: number; rows_written: number })[] = [];

export class Database extends DurableObject {
  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/counts") return Response.json(counts);
    if (pathname === "/recent") return Response.json(recent.splice(0));
    if (pathname === "/plan") return Response.json(this.#plan((await request.json()) as Query));
    if (pathname === "/script") {
      this.ctx.storage.sql.exec(await request.text());
      return new Response();
    }
    if (pathname !== "/query" && pathname !== "/execute") return new Response(null, { status: 404 });
    return this.#answer((await request.json()) as Query | Query[]);
  }

  /** One trip: all statements in one transaction. */
  #answer(asked: Query | Query[]): Response {
    const queries = Array.isArray(asked) ? asked : [asked];
    counts.trips += 1;
    try {
      const results = this.ctx.storage.transactionSync(() => queries.map((query) => this.#run(query)));
      return Response.json(Array.isArray(asked) ? results : results[0]);
    } catch (error) {
      return Response.json({ success: false, error: error instanceof Error ? error.message : String(error) });
    }
  }

  #run({ sql, params = [] }: Query) {
    const cursor = this.ctx.storage.sql.exec(sql, ...params);
    const columns = cursor.columnNames;
    const rows = [...cursor.raw()];
    const { rowsRead: rows_read, rowsWritten: rows_written } = cursor;
    counts.statements += 1;
    counts.rows_read += rows_read;
    counts.rows_written += rows_written;
    recent.push({ sql, params, rows_read, rows_written });
    if (recent.length > 50) recent.shift();
    const meta = {
      served_by: "bench",
      duration: 0,
      changes: rows_written,
      last_row_id: 0,
      changed_db: rows_written > 0,
    };
    return { success: true, results: { columns, rows }, meta: { ...meta, size_after: 0, rows_read, rows_written } };
  }

  /** How SQLite would go about a statement. */
  #plan({ sql, params = [] }: Query): string[] {
    return this.ctx.storage.sql
      .exec(`EXPLAIN QUERY PLAN ${sql}`, ...params)
      .toArray()
      .map((step) => String(step.detail));
  }
}

export default {
  fetch: (request: Request, env: DatabaseEnv): Promise<Response> => env.DATABASE.getByName("database").fetch(request),
};
