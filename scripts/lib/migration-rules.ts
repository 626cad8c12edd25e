/** What every migration keeps, judged from its text. What needs a database is in test/contract/migrations.test.ts. */

/** One migration file. */
export interface MigrationFile {
  /** File name, without the folder. */
  name: string;
  sql: string;
}

const withoutComments = (sql: string): string => sql.replaceAll(/--[^\n]*/g, "").replaceAll(/\/\*[\s\S]*?\*\//g, "");

/** The text of each statement that creates an ordinary table. */
const createdTables = (sql: string): { name: string; text: string }[] =>
  [...sql.matchAll(/CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?["`]?(\w+)["`]?\s*\([\s\S]*?\)([^;()]*);/gi)].map(
    (match) => ({
      name: match[1] ?? "",
      text: match[0],
    }),
  );

const referencedTables = (sql: string): string[] =>
  [...sql.matchAll(/\bREFERENCES\s+["`]?(\w+)["`]?/gi)].map((match) => match[1] ?? "");

const numberOf = (name: string): number => Number(/^(\d{4})_[a-z0-9_]+\.sql$/.exec(name)?.[1] ?? Number.NaN);

const checkNames = (files: readonly MigrationFile[]): string[] =>
  files.flatMap(({ name }, index) => {
    const number = numberOf(name);
    if (Number.isNaN(number)) return [`${name}: a migration is named 0001_one_concern.sql`];
    return number === index + 1
      ? []
      : [`${name}: number ${index + 1} is expected here; numbers are unique and have no gaps`];
  });

const checkTables = (name: string, sql: string): string[] =>
  createdTables(sql)
    .filter(({ text }) => !/\)\s*[\w\s,]*\bSTRICT\b/i.test(text.slice(text.lastIndexOf(")"))))
    .map((table) => `${name}: table ${table.name} is not STRICT`);

/**
 * Everything that breaks a rule in the migrations of one database.
 *
 * @param files in the order in which they are applied
 */
export const checkMigrations = (files: readonly MigrationFile[]): string[] => {
  const texts = files.map(({ name, sql }) => ({ name, sql: withoutComments(sql) }));
  const referenced = new Set(texts.flatMap(({ sql }) => referencedTables(sql)));
  const inFiles = texts.flatMap(({ name, sql }) => [
    ...(/\bCASCADE\b/i.test(sql) ? [`${name}: CASCADE deletes what nobody named`] : []),
    ...[...sql.matchAll(/\bDROP\s+TABLE\s+(?:IF\s+EXISTS\s+)?["`]?(\w+)/gi)]
      .filter((match) => referenced.has(match[1] ?? ""))
      .map((match) => `${name}: ${match[1]} is referenced by other tables; dropping it on D1 loses their rows`),
    ...(/\bPRAGMA\b/i.test(sql) ? [`${name}: a migration sets no PRAGMA`] : []),
    ...checkTables(name, sql),
  ]);
  return [...checkNames(files), ...inFiles];
};
