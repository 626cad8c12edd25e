/** The chain: every entry once and in order, however many sealers there are; nothing can be changed; what is erased stays accounted for. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { GENESIS } from "../../../src/platform/audit/chain.ts";
import { eraseAuditDetails } from "../../../src/platform/audit/index.ts";
import { sha256 } from "../../../src/platform/ids.ts";
import { record, rowsOf, seal, storeOf } from "../../support/audit.ts";
import { blackHole, tick } from "../../support/background.ts";
import { inWorld } from "../../support/faults.ts";
import { makeScene } from "../../support/scene.ts";
import { makeSpace, slotIn, until } from "../../support/space.ts";
import type { AuditVerification } from "../../support/wire.ts";

interface Entry {
  seq: number;
  [name: string]: string | number;
}
interface Link {
  seq: number;
  digest: string;
  prev_hash: string;
  hash: string;
}
interface Details {
  seq: number;
  salt: string;
  before: string | null;
  after: string | null;
}

const numbers = (rows: { seq: number }[]): number[] => rows.map((row) => row.seq);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe("sealing", () => {
  it("links every entry to the one before it, as the documents say, byte for byte", async () => {
    const { space, machine, ada } = await makeScene();
    await space.booked(ada.api, machine, slotIn(24));
    await until("the booking", async () =>
      (await rowsOf<Entry>(space, "audit_log")).some((entry) => entry.action === "reservation.created"),
    );
    await record(space, { before: undefined, after: undefined });
    await seal(space);
    const entries = await rowsOf<Entry>(space, "audit_log");
    const links = await rowsOf<Link>(space, "audit_chain");
    const details = new Map((await rowsOf<Details>(space, "audit_details")).map((row) => [row.seq, row]));
    expect(entries.length).toBeGreaterThanOrEqual(6);
    expect(numbers(links)).toEqual(upTo(entries.length));
    let before = GENESIS;
    for (const [index, entry] of entries.entries()) {
      const beside = details.get(entry.seq);
      const digest = await sha256(JSON.stringify(beside ? [beside.salt, beside.before, beside.after] : []));
      const { makerspace_id, seq, commit_id, occurred_at, recorded_at, actor_kind, actor_id, action } = entry;
      const { subject_type, subject_id, request_id } = entry;
      const told = [before, makerspace_id, seq, commit_id, occurred_at, recorded_at, actor_kind, actor_id, action];
      const hash = await sha256(JSON.stringify([...told, subject_type, subject_id, request_id, digest]));
      expect(links[index]).toMatchObject({ seq, digest, prev_hash: before, hash });
      before = hash;
    }
    // The last one has no details, and says so.
    expect(details.has(entries.length)).toBe(false);
  });

  it("goes on where it stopped, and does nothing twice", async () => {
    const space = await makeSpace();
    await record(space);
    expect(await seal(space)).toBe(2);
    expect(await seal(space)).toBe(0);
    await record(space);
    expect(await seal(space)).toBe(1);
    expect(numbers(await rowsOf<Link>(space, "audit_chain"))).toEqual([1, 2, 3]);
  });

  it("by eight sealers at once, while entries are written, is as good as by one", async () => {
    const space = await makeSpace();
    const writers = Array.from({ length: 120 }, () => record(space));
    const sealers = Array.from({ length: 8 }, async () => {
      for (let round = 0; round < 6; round += 1) await seal(space);
    });
    await Promise.all([...writers, ...sealers]);
    await Promise.all([seal(space), seal(space), seal(space)]);
    expect(numbers(await rowsOf<Link>(space, "audit_chain"))).toEqual(upTo(121));
    expect(await space.root.get<AuditVerification>(space.path("/audit/verify"))).toMatchObject({
      status: "intact",
      checked: 121,
      unsealed: { entries: 0 },
    });
  }, 60_000);

  it("takes more entries than fit into one trip", async () => {
    const space = await makeSpace();
    await env.DB_000.prepare(
      `WITH RECURSIVE counter (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM counter WHERE n < 1300)
       INSERT INTO audit_log (makerspace_id, seq, commit_id, occurred_at, recorded_at, actor_kind, actor_id, action,
         subject_type, subject_id, request_id)
       SELECT ?, n, 'c' || n, n, n, 'system', 'test', 'thing.changed', 'thing', 't1', 'r' FROM counter`,
    )
      .bind(space.id)
      .run();
    expect(await seal(space)).toBe(1300);
    const first = await space.root.get<AuditVerification>(space.path("/audit/verify?limit=1000"));
    expect(first).toMatchObject({ status: "intact", checked: 1000, next_from_seq: 1001, sealed_through: 1300 });
    const second = await space.root.get<AuditVerification>(space.path("/audit/verify?limit=1000&from_seq=1001"));
    expect(second).toMatchObject({ status: "intact", checked: 300, next_from_seq: null, from_seq: 1001 });
  });

  it("happens each minute by itself, also after the broker forgot to", async () => {
    const space = await makeSpace();
    const isMarked = async () =>
      (await env.DB_000.prepare("SELECT 1 FROM audit_unsealed WHERE makerspace_id = ?").bind(space.id).first()) !==
      null;
    expect(await isMarked()).toBe(true);
    await inWorld({ EVENTS: blackHole() as Queue }, () => tick("minute"));
    expect(await rowsOf(space, "audit_chain")).toEqual([]);
    await tick("minute");
    await until("the seal", async () => (await rowsOf(space, "audit_chain")).length === 1);
    await until("the end of the mark", async () => !(await isMarked()));
  });
});

describe("what is written", () => {
  const refusals: [string, string][] = [
    ["UPDATE audit_log SET actor_id = 'x' WHERE makerspace_id = ?", "audit_log is append-only"],
    ["DELETE FROM audit_log WHERE makerspace_id = ?", "audit_log is append-only"],
    ["UPDATE audit_chain SET sealed_at = 1 WHERE makerspace_id = ?", "audit_chain is append-only"],
    ["DELETE FROM audit_chain WHERE makerspace_id = ?", "audit_chain is append-only"],
    ["UPDATE audit_details SET after = '{}' WHERE makerspace_id = ?", "audit_details never change"],
    ["DELETE FROM audit_details WHERE makerspace_id = ?", "audit_details go by erasure"],
    ["UPDATE audit_erasures SET ground = 'x' WHERE makerspace_id = ?", "audit_erasures is append-only"],
    ["DELETE FROM audit_erasures WHERE makerspace_id = ?", "audit_erasures is append-only"],
    [
      "INSERT INTO audit_chain SELECT makerspace_id, seq + 2, digest, hash, hash, 1 FROM audit_chain WHERE makerspace_id = ? ORDER BY seq DESC LIMIT 1",
      "audit_chain is contiguous",
    ],
    [
      "INSERT INTO audit_chain SELECT makerspace_id, seq + 1, digest, digest, hash, 1 FROM audit_chain WHERE makerspace_id = ? ORDER BY seq DESC LIMIT 1",
      "audit_chain is contiguous",
    ],
  ];

  it.each(refusals)("stays as it is: %s", async (statement, refusal) => {
    const space = await makeSpace();
    await record(space);
    await record(space, { action: "thing.erased" }, { writes: eraseAuditDetails(storeOf(space), thing, "asked", 1) });
    await record(space);
    await seal(space);
    await expect(env.DB_000.prepare(statement).bind(space.id).run()).rejects.toThrow(refusal);
  });
});

const thing = { type: "thing", id: "t1" };

describe("erased details", () => {
  it("are gone, with what hid them, and the chain is as good as before", async () => {
    const space = await makeSpace();
    await record(space, { after: { reason: "a secret" } });
    await record(space, { subject: { ...thing, id: "t2", version: 1 }, after: { reason: "of another" } });
    await seal(space);
    const sealed = await rowsOf<Link>(space, "audit_chain");
    const erased = { action: "thing.erased", after: { ground: "asked to" } };
    await record(space, erased, { writes: eraseAuditDetails(storeOf(space), thing, "The person asked.", 1_000) });
    await seal(space);
    const left = JSON.stringify(await rowsOf(space, "audit_details"));
    expect(left).not.toContain("a secret");
    expect(left).toContain("of another");
    expect(left).toContain("asked to");
    expect((await rowsOf<Link>(space, "audit_chain")).slice(0, sealed.length)).toEqual(sealed);
    expect(await space.root.get<AuditVerification>(space.path("/audit/verify"))).toMatchObject({
      status: "intact",
      checked: 4,
      erased: 1,
    });
    expect(await space.root.get(space.path("/audit/2"))).toMatchObject({
      details: null,
      erased: { ground: "The person asked.", by_seq: 4, erased_at: "1970-01-01T00:00:01.000Z" },
    });
  });

  it("may go before they are sealed, and never come back", async () => {
    const space = await makeSpace();
    await record(space);
    await record(space, { action: "thing.erased" }, { writes: eraseAuditDetails(storeOf(space), thing, "asked", 1) });
    await env.DB_000.prepare("INSERT INTO audit_details (makerspace_id, seq, salt) VALUES (?, 2, ?)")
      .bind(space.id, "0".repeat(32))
      .run();
    expect(numbers(await rowsOf<Details>(space, "audit_details"))).toEqual([1, 3]);
    await seal(space);
    const verified = await space.root.get<AuditVerification>(space.path("/audit/verify"));
    expect(verified).toMatchObject({ status: "intact", erased: 1 });
  });
});

describe("the cost of an entry", () => {
  it("is six rows and one for its details, in the one trip of its commit", async () => {
    const space = await makeSpace();
    const { d1 } = storeOf(space);
    const results: D1Result[][] = [];
    const batch: typeof d1.batch = async <T>(statements: D1PreparedStatement[]) => {
      const found = await d1.batch<T>(statements);
      results.push(found);
      return found;
    };
    const store = Object.assign(storeOf(space), {
      d1: new Proxy(d1, { get: (target, key) => (key === "batch" ? batch : bound(target, key)) }),
    });
    await record(space, {}, { store });
    expect(results).toHaveLength(1);
    const [facts, details] = results[0] ?? [];
    expect([facts?.meta.rows_written, details?.meta.rows_written]).toEqual([6, 1]);
  });
});

const bound = (target: object, key: PropertyKey): unknown => {
  const value: unknown = Reflect.get(target, key, target);
  return typeof value === "function" ? value.bind(target) : value;
};
