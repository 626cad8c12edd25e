/**
 * What the tables hold of people, as data: whose a row is, what the person is given of it, and what becomes of it when they are erased. Every
 * module says it of its own tables (personal.ts); src/personal-data.ts brings them together, and a test holds them against the schema.
 */

import { and, eq, getTableColumns, not, or, type SQL, sql } from "drizzle-orm";
import { getTableConfig, type SQLiteColumn, type SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Database } from "./db/driver.ts";
import type { SpaceStore } from "./db/store.ts";
import { directoryTables } from "./db/tables.ts";

/** Whatever leads to one person. */
export interface Person {
  /** The member, and records that were merged into theirs. */
  member_ids: readonly string[];
  user_ids: readonly string[];
  /** As members keep them, in lower case. */
  emails: readonly string[];
}

/** What a column holds: a member's id, a user's id, either of the two, an e-mail address, or "member:<id>". */
export type PersonKey = "member" | "user" | "actor" | "email" | "recipient";

const valuesOf = ({ member_ids, user_ids, emails }: Person, key: PersonKey): readonly string[] =>
  ({
    member: member_ids,
    user: user_ids,
    actor: [...member_ids, ...user_ids],
    email: emails,
    recipient: member_ids.map((id) => `member:${id}`),
  })[key];

/**
 * Why something outlives an erasure, and for how long: calendar years after the one in which the person was erased, or days. What is older than
 * that already goes with the erasure, where the table says when it happened (`since`).
 */
export const grounds = {
  accounting: {
    years: 10,
    about: "Accounts and vouchers are kept for ten years (Art. 17(3)(b) GDPR; in Germany § 147 AO and § 257 HGB).",
  },
  claims: {
    years: 3,
    about:
      "Who used a machine when, and what was agreed to, is kept until claims have lapsed (Art. 17(3)(e) GDPR; in Germany §§ 195, 199 BGB).",
  },
  accountability: {
    about: "That and when somebody was erased is kept as proof of it, by a number alone (Art. 5(2) GDPR).",
  },
  integrity: {
    about:
      "Other records refer to this number. No name, address or text stands with it any more, and nothing leads from it to a person.",
  },
  passing: { days: 31, about: "It is on its way, or short-lived, and goes by itself." },
} as const satisfies Record<string, { about: string; years?: number; days?: number }>;
export type Ground = keyof typeof grounds;

/** What becomes of rows when their person is erased. What is kept on a ground that ends is deleted then. */
export type Erasure =
  /** With `file`, each row has a file of this kind under its id: it is let go in the same step. */
  | { how: "delete"; file?: string }
  /** These columns are emptied; the rows stay. `since`: when it happened, epoch milliseconds. */
  | { how: "empty"; set: Readonly<Record<string, unknown>>; keep?: Ground; since?: SQL }
  /** The rows hold ids and facts, and stay as they are. */
  | { how: "keep"; keep: Ground; since?: SQL }
  /** Another part of the house does it, as told. */
  | { how: "elsewhere"; by: string; keep?: Ground };

/** Work of an erasure outside the makerspace's tables: objects, files, the directory. Each part may be repeated. */
export interface PersonalWork {
  name: string;
  /** Does a part, from `place` on ("" at first); answers where to go on, or null when all is done. */
  run(store: SpaceStore, person: Person, place: string): Promise<string | null>;
  /** Deletes what it keeps of these tables, when the time for which it is kept is over; part by part as well. */
  end?: { tables: readonly string[]; run: PersonalWork["run"] };
}

type ColumnOf<T extends SQLiteTable> = Extract<keyof T["_"]["columns"], string>;

/** What a module says of a table. */
interface Told<T extends SQLiteTable> {
  /** What is held there, as the person reads it. */
  about: string;
  /** Columns that say whose a row is. */
  whose?: { readonly [C in ColumnOf<T>]?: PersonKey };
  /** Texts that may hold such a value somewhere. */
  mentions?: { readonly [C in ColumnOf<T>]?: readonly PersonKey[] };
  /** Rows that another table makes somebody's. */
  through?: (makerspace_id: string, person: Person) => SQL;
  /** Columns with bare ids: of staff who acted, of what it is about. They stay, and lead nowhere once their person is erased. */
  bare?: readonly ColumnOf<T>[];
  /** What the person gets, or why they get nothing. */
  exported: readonly ColumnOf<T>[] | { withheld: string };
  /** Rows of others in which the person has a part: what they get of them. An erasure leaves these to those whose they are. */
  part?: { whose: { readonly [C in ColumnOf<T>]?: PersonKey }; exported: readonly ColumnOf<T>[] };
  /** Further conditions on what is erased. */
  only?: SQL;
  erasure: Erasure;
  /** The file of a row, as it is exported, where it has another name than the row; null for a row without one. */
  file?: (row: Readonly<Record<string, unknown>>) => RowFile | null;
}

/** A file that a row speaks of. */
interface RowFile {
  kind: string;
  id: string;
}

/** A table that holds something of people. */
export interface PersonalTable {
  readonly table: SQLiteTable;
  readonly name: string;
  readonly database: "space" | "directory";
  readonly about: string;
  /** Columns that are accounted for. */
  readonly columns: readonly string[];
  /** Conditions that make a row somebody's, one per column, each led by its index. Empty for a table that names staff alone. */
  walks(makerspace_id: string, person: Person): SQL[];
  /** What the person gets: of their own rows, and of others in which they have a part. */
  readonly exported: readonly string[] | { withheld: string };
  parts(person: Person): { walk: SQL; exported: readonly string[] }[];
  readonly only: SQL | undefined;
  readonly erasure: Erasure;
  /** The file of an exported row; left out for a table without files. */
  readonly file: ((row: Readonly<Record<string, unknown>>) => RowFile | null) | undefined;
}

const among = (values: readonly string[]): SQL => sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`;
const directoryNames = Object.values(directoryTables).map((table) => getTableConfig(table).name);

/** Says what a table holds of people. */
export function personal<T extends SQLiteTable>(table: T, told: Told<T>): PersonalTable {
  const { about, whose = {}, mentions = {}, through, bare = [], exported, part, only, erasure } = told;
  const kind = erasure.how === "delete" ? erasure.file : undefined;
  const columns: Record<string, SQLiteColumn> = getTableColumns(table);
  const mentioned = Object.entries(mentions) as [string, readonly PersonKey[]][];
  const { name } = getTableConfig(table);
  const held = (by: object, person: Person): SQL[] =>
    (Object.entries(by) as [string, PersonKey][]).map(
      ([column, key]) => sql`unlikely(${columns[column]} IN ${among(valuesOf(person, key))})`,
    );
  return {
    table,
    name,
    database: directoryNames.includes(name) ? "directory" : "space",
    about,
    columns: [...Object.keys(whose), ...Object.keys(mentions), ...bare, ...("withheld" in exported ? [] : exported)],
    exported,
    only,
    erasure,
    file: told.file ?? (kind === undefined ? undefined : ({ id }) => ({ kind, id: String(id) })),
    parts: (person) => (part ? held(part.whose, person).map((walk) => ({ walk, exported: part.exported })) : []),
    walks: (makerspace_id, person) => [
      ...held(whose, person),
      ...mentioned.map(([column, keys]) => {
        const values = JSON.stringify(keys.flatMap((key) => valuesOf(person, key)));
        return sql`EXISTS (SELECT 1 FROM json_each(${values}) wanted WHERE instr(${columns[column]}, wanted.value) > 0)`;
      }),
      ...(through ? [through(makerspace_id, person)] : []),
    ],
  };
}

/** Says of a table that it is about no person, and names staff who acted by bare ids. */
export const namesStaff = <T extends SQLiteTable>(table: T, ...bare: ColumnOf<T>[]): PersonalTable =>
  personal(table, {
    about: "What staff did, by bare ids.",
    bare,
    exported: { withheld: "It is about the makerspace; the audit says what one did." },
    erasure: { how: "keep", keep: "integrity" },
  });

/** The condition "of this makerspace", where the table has one. */
const here = (table: SQLiteTable, makerspace_id: string): SQL | undefined => {
  const { makerspace_id: column }: Record<string, SQLiteColumn> = getTableColumns(table);
  return column && eq(column, makerspace_id);
};

/** The rows of a table that an erasure is about; undefined for a table that is about nobody. */
export function rowsOf(entry: PersonalTable, makerspace_id: string, person: Person): SQL | undefined {
  const walks = entry.walks(makerspace_id, person);
  return walks.length === 0 ? undefined : and(here(entry.table, makerspace_id), or(...walks), entry.only);
}

const PAGE = 500;

const keyOf = (table: SQLiteTable): SQLiteColumn[] => {
  const { primaryKeys, columns } = getTableConfig(table);
  const key = primaryKeys[0]?.columns ?? columns.filter((column) => column.primary);
  return key.filter((column) => column.name !== "makerspace_id");
};

const list = (parts: readonly unknown[]): SQL =>
  sql`(${sql.join(
    parts.map((part) => sql`${part}`),
    sql`, `,
  )})`;

/** A table's rows of a person, page by page, as the person gets them. Each row comes once, however many columns make it theirs. */
export async function* exportedRows(
  store: SpaceStore,
  directory: Database,
  entry: PersonalTable,
  person: Person,
): AsyncGenerator<Record<string, unknown>[]> {
  const { table, exported } = entry;
  if ("withheld" in exported) return;
  const db = entry.database === "directory" ? directory : store.db;
  const columns: Record<string, SQLiteColumn> = getTableColumns(table);
  const key = keyOf(table);
  const own = entry.walks(store.makerspace_id, person).map((walk) => ({ walk, exported }));
  const walks = [...own, ...entry.parts(person)];
  for (const [index, { walk, exported: names }] of walks.entries()) {
    const earlier = walks.slice(0, index).map((one) => one.walk);
    const selected = Object.fromEntries([
      ...names.map((name) => [name, columns[name]]),
      ...key.map((column, place) => [`key_${place}`, sql`${column}`.as(`key_${place}`)]),
    ]) as Record<string, SQLiteColumn>;
    for (let after: unknown[] | null = null; ; ) {
      const rows: Record<string, unknown>[] = await db
        .select(selected)
        .from(table)
        .where(
          and(
            here(table, store.makerspace_id),
            walk,
            earlier.length > 0 ? not(sql`(${or(...earlier)})`) : undefined,
            after ? sql`${list(key)} > ${list(after)}` : undefined,
          ),
        )
        .orderBy(...key)
        .limit(PAGE);
      if (rows.length > 0) yield rows.map((row) => Object.fromEntries(names.map((name) => [name, row[name]])));
      const last = rows.at(-1);
      if (!last || rows.length < PAGE) break;
      after = key.map((_, place) => last[`key_${place}`]);
    }
  }
}
