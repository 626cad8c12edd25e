/** A database that was in use before a migration keeps what it held. */

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

/** Rows as they were written before members had all their fields. */
const rowsOfBefore = `
INSERT INTO members (makerspace_id, id, user_id, email, first_name, last_name, role, status, status_reason, hide_name, metadata, external_id, version, created_at, updated_at) VALUES
  ('s', 'm1', 'u1', 'ada@example.org', 'Ada', 'Byron', 'makerspace_admin', 'active', NULL, 1, '{"badge":"7"}', 'x-1', 3, 1000, 2000),
  ('s', 'm2', NULL, 'ben@example.org', 'Ben', 'Nevis', 'user', 'pending', NULL, 0, '{}', NULL, 1, 1000, 1000),
  ('s', 'm3', 'u3', 'cy@example.org', 'Cy', 'Twombly', 'user', 'suspended', 'unpaid', 0, '{}', NULL, 2, 1000, 1500);
INSERT INTO member_duties VALUES ('s', 'm1', 'desk', '["e1"]', 9000, 'root', 1000), ('s', 'm3', 'safety', NULL, NULL, 'm1', 1200);
INSERT INTO notifications VALUES ('s', 'n1', 'm3', 'event-1', 'reservation.cancelled', 'reservation', 'r1', '{}', NULL, 1, 1000, 1000);
INSERT INTO equipment (makerspace_id, id, code, name, category, status, owner_member_id, created_at, updated_at)
  VALUES ('s', 'e1', 'L1', 'Laser', 'laser_cutter', 'available', 'm1', 1000, 1000);
INSERT INTO reservations (makerspace_id, id, equipment_id, member_id, status, starts_at, ends_at, created_by, projected_at, version, created_at, updated_at)
  VALUES ('s', 'r1', 'e1', 'm3', 'cancelled', 1000, 2000, 'm3', 1000, 1, 1000, 1000);
`;

type Row = Record<string, SqlStorageValue>;

/** Runs in the SQLite of the platform, on a database of its own. */
const inDatabase = <T>(name: string, work: (sql: SqlStorage) => T): Promise<T> =>
  runInDurableObject(env.ATTEMPTS.getByName(name), (_, state) => work(state.storage.sql));

describe("members of before", () => {
  it("keep their fields, duties, messages, machines and bookings, and get what is new", async () => {
    const tables = ["members", "member_duties", "notifications", "equipment", "reservations"];
    const { before, after, strays, found } = await inDatabase("carried-over", (sql) => {
      const all = env.MIGRATIONS.space;
      const first = all.findIndex(({ name }) => name.endsWith("_member_entity.sql"));
      const apply = (migrations: typeof all): void => {
        for (const query of migrations.flatMap(({ queries }) => queries)) sql.exec(query);
      };
      const read = () =>
        Object.fromEntries(
          tables.map((table) => [table, sql.exec<Row>(`SELECT * FROM ${table} ORDER BY 2`).toArray()]),
        );
      apply(all.slice(0, first));
      sql.exec(rowsOfBefore);
      const before = read();
      apply(all.slice(first));
      return {
        before,
        after: read(),
        strays: sql.exec("PRAGMA foreign_key_check").toArray(),
        found: sql
          .exec<Row>(
            "SELECT id FROM members WHERE search_id IN (SELECT rowid FROM member_search WHERE member_search MATCH 'scope : s AND names : ada')",
          )
          .toArray(),
      };
    });
    for (const table of tables) {
      expect(after[table]?.length, table).toBeGreaterThan(0);
      expect(after[table], table).toMatchObject(before[table] ?? []);
    }
    expect(strays).toEqual([]);
    expect(after.members).toMatchObject([
      { sort_name: "byron ada", joined_at: 1000, last_seen_at: 0, public_skills: "[]" },
      { sort_name: "nevis ben", joined_at: 0 },
      { sort_name: "twombly cy", joined_at: 1000 },
    ]);
    expect(found).toEqual([{ id: "m1" }]);
  });
});
