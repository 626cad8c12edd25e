/** The migration of the audit carries over what was written before it: every entry, its number, its details, under triggers that hold. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { root } from "../../../scripts/lib/env.ts";

const folder = join(root, "migrations/space");
const files = readdirSync(folder).sort();
const at = files.findIndex((name) => name.endsWith("_audit_chain.sql"));
const apply = (database: DatabaseSync, names: readonly string[]): void => {
  for (const name of names) database.exec(readFileSync(join(folder, name), "utf8"));
};

test("entries written before are there afterwards, with their details beside them, and wait for their seal", () => {
  const database = new DatabaseSync(":memory:");
  apply(database, files.slice(0, at));
  const insert = database.prepare(
    `INSERT INTO audit_log (makerspace_id, seq, commit_id, occurred_at, actor_kind, actor_id, action, subject_type,
       subject_id, request_id, before, after) VALUES (?, ?, ?, ?, 'member', 'm', 'member.updated', 'member', 's', 'r', ?, ?)`,
  );
  insert.run("one", 1, "c1", 10, null, null);
  insert.run("one", 2, "c2", 20, '{"status":"active"}', '{"status":"suspended"}');
  insert.run("one", 3, "c3", 30, null, "{}");
  insert.run("two", 1, "c1", 40, null, '{"n":1}');
  apply(database, files.slice(at));
  const all = (text: string) =>
    database
      .prepare(text)
      .all()
      .map((row) => Object.values(row));
  assert.deepEqual(all("SELECT makerspace_id, seq, commit_id, occurred_at, recorded_at, action FROM audit_log"), [
    ["one", 1, "c1", 10, 10, "member.updated"],
    ["one", 2, "c2", 20, 20, "member.updated"],
    ["one", 3, "c3", 30, 30, "member.updated"],
    ["two", 1, "c1", 40, 40, "member.updated"],
  ]);
  assert.deepEqual(all("SELECT makerspace_id, seq, before, after FROM audit_details ORDER BY 1, 2"), [
    ["one", 2, '{"status":"active"}', '{"status":"suspended"}'],
    ["one", 3, null, "{}"],
    ["two", 1, null, '{"n":1}'],
  ]);
  assert.equal(new Set(all("SELECT salt FROM audit_details").flat()).size, 3);
  assert.deepEqual(all("SELECT makerspace_id, seq FROM audit_unsealed ORDER BY 1"), [
    ["one", 1],
    ["two", 1],
  ]);
  assert.throws(() => database.exec("UPDATE audit_log SET actor_id = 'x'"), /append-only/);
  assert.throws(() => database.exec("DELETE FROM audit_details"), /go by erasure/);
  database.close();
});
