/// <reference types="vite/types/importMeta.d.ts" />
/** The databases that the migrations make are the tables that the code knows: nothing more, nothing less, nothing else. */
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { is } from "drizzle-orm";
import { getTableConfig, type SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { describe, expect, it } from "vitest";
import { directoryTables } from "../../src/platform/db/tables.ts";

interface ColumnInfo {
  name: string;
  type: string;
  notnull: number;
  dflt_value: string | null;
  pk: number;
  hidden: number;
}

interface TableInfo {
  name: string;
  type: string;
  strict: number;
  sql: string;
}

const modules = import.meta.glob<Record<string, unknown>>("../../{src,durable-objects}/**/tables.ts", { eager: true });
const known = new Map(
  Object.values(modules)
    .flatMap((module) => Object.values(module))
    .filter((value): value is SQLiteTable => is(value, SQLiteTable))
    .map((table) => [getTableConfig(table).name, table]),
);
const directoryNames = new Set<string>(Object.values(directoryTables).map((table) => getTableConfig(table).name));

const all = async <T>(database: D1Database, sql: string): Promise<T[]> =>
  (await database.prepare(sql).all<T>()).results;

/** Tables of the application, without those of SQLite, of D1 and of the migrations themselves. */
const tablesOf = async (database: D1Database): Promise<TableInfo[]> => {
  const listed = await all<Omit<TableInfo, "sql">>(database, "PRAGMA table_list");
  const texts = await all<{ name: string; sql: string }>(
    database,
    "SELECT name, sql FROM sqlite_master WHERE type = 'table'",
  );
  // Full text keeps its index in tables of its own.
  return listed
    .filter(({ name, type }) => !/^(sqlite_|_cf_|d1_migrations$)/.test(name) && !["virtual", "shadow"].includes(type))
    .map((table) => ({ ...table, sql: texts.find(({ name }) => name === table.name)?.sql ?? "" }));
};

const columnsOf = (database: D1Database, table: string): Promise<ColumnInfo[]> =>
  all(database, `PRAGMA table_xinfo("${table}")`);

/** The default as SQLite spells it; null when there is none. */
const defaultOf = (column: SQLiteColumn): string | null => {
  if (column.default === undefined) return null;
  const value: unknown = column.mapToDriverValue(column.default);
  return typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value);
};

/** The values that a CHECK of the table allows for a text column; undefined when there is no such list. */
const checkedValues = (sql: string, column: string): string[] | null => {
  const list = new RegExp(`\\b${column} IN \\(((?:\\s*'[^']*'\\s*,?)+)\\)`).exec(sql.replaceAll(/--[^\n]*/g, ""))?.[1];
  return list === undefined ? null : [...list.matchAll(/'([^']*)'/g)].map((match) => match[1] ?? "").sort();
};

/** One column, told alike from both sides. */
const fromDatabase = (sql: string) => (column: ColumnInfo) => ({
  name: column.name,
  type: column.type.toLowerCase(),
  required: column.notnull === 1,
  values: checkedValues(sql, column.name),
});
const fromCode = (column: SQLiteColumn) => ({
  name: column.name,
  type: column.getSQLType().toLowerCase(),
  required: column.notNull,
  values: column.enumValues?.length ? [...column.enumValues].sort() : null,
});

const primaryKeyOf = (table: SQLiteTable): string[] => {
  const { columns, primaryKeys } = getTableConfig(table);
  const inline = columns.filter((column) => column.primary).map((column) => column.name);
  return inline.length > 0 ? inline : (primaryKeys[0]?.columns.map((column) => column.name) ?? []);
};

const schemaOf = (database: D1Database): Promise<unknown[]> =>
  all(database, "SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'd1_%' ORDER BY type, name");

const databases = [
  { name: "DIRECTORY", database: env.DIRECTORY, migrations: env.MIGRATIONS.directory, ofSpaces: false },
  { name: "DB_000", database: env.DB_000, migrations: env.MIGRATIONS.space, ofSpaces: true },
];

describe.each(databases)("$name", async ({ database, migrations, ofSpaces }) => {
  const tables = await tablesOf(database);
  const expected = [...known].filter(([name]) => directoryNames.has(name) !== ofSpaces);

  it("is left alone by migrations that it has already", async () => {
    const before = await schemaOf(database);
    await applyD1Migrations(database, migrations);
    expect(await schemaOf(database)).toEqual(before);
  });

  it("has exactly the tables that the code knows", () => {
    expect(tables.length).toBeGreaterThan(3);
    expect(tables.map(({ name }) => name).sort()).toEqual(expected.map(([name]) => name).sort());
  });

  it("has strict tables only", () => {
    expect(tables.filter(({ type, strict }) => type !== "virtual" && strict !== 1)).toEqual([]);
  });

  it.each(expected)("%s has the columns, types and allowed values that the code knows", async (name, table) => {
    const columns = await columnsOf(database, name);
    const sql = tables.find((each) => each.name === name)?.sql ?? "";
    const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name);
    expect(columns.map(fromDatabase(sql)).sort(byName)).toEqual(
      getTableConfig(table).columns.map(fromCode).sort(byName),
    );
    const key = columns.filter(({ pk }) => pk > 0).sort((a, b) => a.pk - b.pk);
    expect(key.map((column) => column.name)).toEqual(primaryKeyOf(table));
  });

  it.each(expected)("%s has the defaults that the code gives", async (name, table) => {
    const columns = new Map((await columnsOf(database, name)).map((column) => [column.name, column]));
    const wrong = getTableConfig(table).columns.filter((column) => {
      const stored = columns.get(column.name)?.dflt_value ?? null;
      // A required column without a default in the code is always written, so the database's default is never used.
      return defaultOf(column) !== stored && !(column.notNull && column.default === undefined);
    });
    expect(wrong.map((column) => `${column.name}: ${defaultOf(column)}`)).toEqual([]);
  });

  it("has references that stay in this database and in one makerspace, and delete nothing", async () => {
    const names = new Set(tables.map(({ name }) => name));
    for (const { name } of tables) {
      const parts = await all<{ id: number; seq: number; table: string; from: string; on_delete: string }>(
        database,
        `PRAGMA foreign_key_list("${name}")`,
      );
      expect(parts.filter((part) => !names.has(part.table) || part.on_delete === "CASCADE")).toEqual([]);
      const references = Map.groupBy(parts, (part) => part.id);
      for (const columns of ofSpaces ? references.values() : []) {
        expect(
          columns.map((column) => column.from),
          `${name} → ${columns[0]?.table}`,
        ).toContain("makerspace_id");
      }
    }
  });

  if (!ofSpaces) return;
  it("leads every key with the makerspace", async () => {
    for (const { name } of tables) {
      const columns = await columnsOf(database, name);
      expect(columns.find(({ pk }) => pk === 1)?.name, name).toBe("makerspace_id");
    }
  });
});
