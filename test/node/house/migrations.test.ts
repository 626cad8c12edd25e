import assert from "node:assert/strict";
import { test } from "node:test";
import { checkLock, extendLock } from "../../../scripts/lib/migration-lock.ts";
import { checkMigrations } from "../../../scripts/lib/migration-rules.ts";

const table = (name: string, body = "id TEXT PRIMARY KEY", options = "STRICT"): string =>
  `CREATE TABLE ${name} (${body}) ${options};`;

const findingsOf = (...sql: string[]): string[] =>
  checkMigrations(sql.map((text, index) => ({ name: `000${index + 1}_x.sql`, sql: text })));

test("migrations in order, strict and without deletions pass", () => {
  const child = table(
    "b",
    "a_id TEXT NOT NULL REFERENCES a (id), n INTEGER CHECK (n IN (0, 1))",
    "STRICT, WITHOUT ROWID",
  );
  assert.deepEqual(findingsOf(`-- CASCADE is not used\n${table("a")}`, `${child}\nDROP TABLE b;`), []);
});

test("two files with one number are found", () => {
  const names = ["0001_a.sql", "0001_b.sql"];
  assert.equal(checkMigrations(names.map((name) => ({ name, sql: "" }))).length, 1);
});

test("a gap and a name without a number are found", () => {
  const names = ["0001_a.sql", "0003_b.sql", "last.sql"];
  assert.equal(checkMigrations(names.map((name) => ({ name, sql: "" }))).length, 2);
});

test("a table that is not STRICT is found", () => {
  assert.match(
    findingsOf(table("a"), `${table("b")}${table("c", "n INT CHECK (n > 0)", "WITHOUT ROWID")}`).join(),
    /^0002_x.sql: table c is not STRICT$/,
  );
});

test("CASCADE is found", () => {
  assert.match(findingsOf(table("a", "p TEXT REFERENCES a (id) ON DELETE cascade")).join(), /CASCADE/);
});

test("dropping a table that another refers to is found", () => {
  assert.match(
    findingsOf(table("a"), table("b", "a_id TEXT REFERENCES a (id)"), "DROP TABLE a;").join(),
    /a is referenced/,
  );
});

test("a PRAGMA is found", () => {
  assert.match(findingsOf("PRAGMA foreign_keys = off;").join(), /PRAGMA/);
});

test("a migration that changed or went after it landed is found, and so is one that is not written down", () => {
  const first = { path: "space/0001_a.sql", sql: table("a") };
  const second = { path: "space/0002_b.sql", sql: table("b") };
  const lock = extendLock("", [first, second]);
  assert.match(lock, /^[0-9a-f]{64} {2}space\/0001_a\.sql\n[0-9a-f]{64} {2}space\/0002_b\.sql\n$/);
  assert.deepEqual(checkLock(lock, [first, second]), []);
  const changed = { ...first, sql: `${first.sql}\n` };
  assert.match(checkLock(lock, [changed, second]).join(), /^space\/0001_a\.sql: has changed since it landed/);
  assert.match(checkLock(lock, [first]).join(), /^space\/0002_b\.sql: has landed and is gone/);
  const third = { path: "space/0003_c.sql", sql: "" };
  assert.match(checkLock(lock, [first, second, third]).join(), /^space\/0003_c\.sql: is not in migrations\/checksums/);
});

test("writing down what is new leaves what landed as it was", () => {
  const first = { path: "space/0001_a.sql", sql: table("a") };
  const lock = extendLock("", [first]);
  const changed = { ...first, sql: table("other") };
  const longer = extendLock(lock, [changed, { path: "directory/0001_a.sql", sql: "" }]);
  assert.ok(longer.endsWith(lock));
  assert.equal(checkLock(longer, [changed]).length, 2);
});
