/** Hand-written SQL inside an object: a migrator and readers that give rows their shape. */

/** One step of a schema; ids count from 1 and never change once released. */
export interface Migration {
  id: number;
  name: string;
  sql: string;
}

/** True when somebody has set this object up. Looking leaves no trace. */
export const isMigrated = ({ sql }: DurableObjectStorage): boolean =>
  sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_migrations'").toArray().length > 0;

/** Runs the steps that this object has not seen, all or none. `PRAGMA user_version` is not allowed here, so a table keeps count. */
export function migrate(storage: DurableObjectStorage, migrations: readonly Migration[]): void {
  const { sql } = storage;
  sql.exec(
    "CREATE TABLE IF NOT EXISTS _migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL)",
  );
  const done = Number(sql.exec("SELECT coalesce(max(id), 0) AS id FROM _migrations").one().id);
  const missing = migrations.filter((migration) => migration.id > done);
  if (missing.length === 0) return;
  storage.transactionSync(() => {
    for (const migration of missing) {
      sql.exec(migration.sql);
      sql.exec(
        "INSERT INTO _migrations (id, name, applied_at) VALUES (?, ?, ?)",
        migration.id,
        migration.name,
        Date.now(),
      );
    }
  });
}

/** Every row of a statement. The statement's columns are the fields of `T`: SQL and type stand side by side at each caller. */
export const rows = <T>(sql: SqlStorage, statement: string, ...params: SqlStorageValue[]): T[] =>
  sql.exec(statement, ...params).toArray() as unknown as T[];

/** The first row, or null. */
export const row = <T>(sql: SqlStorage, statement: string, ...params: SqlStorageValue[]): T | null =>
  rows<T>(sql, statement, ...params)[0] ?? null;
