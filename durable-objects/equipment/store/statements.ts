/** Pieces of SQL that the stores share. */

export const listOf = (columns: readonly string[]): string => columns.join(", ");

const marks = (columns: readonly string[]): string => columns.map(() => "?").join(", ");

/** Everything but the id may change. */
export const upsertOf = (table: string, columns: readonly string[]): string => {
  const changes = columns.slice(1).map((column) => `${column} = excluded.${column}`);
  return `INSERT INTO ${table} (${listOf(columns)}) VALUES (${marks(columns)})
    ON CONFLICT (id) DO UPDATE SET ${listOf(changes)}`;
};
