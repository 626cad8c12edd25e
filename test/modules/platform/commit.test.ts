/** One batch or nothing: writes, audit, outbox and key; exactly once when the answer of D1 gets lost; never across tenants. */

import { env } from "cloudflare:workers";
import { eq, sql } from "drizzle-orm";
import { describe, expect, it, vi } from "vitest";
import { memberDuties, members } from "../../../src/modules/members/tables.ts";
import { type CommitEntry, commit, KeyTaken, type Write, write } from "../../../src/platform/db/commit.ts";
import { shardOf } from "../../../src/platform/db/driver.ts";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { auditDetails, auditLog, idempotencyKeys, makerspaces, outbox } from "../../../src/platform/db/tables.ts";
import { newId } from "../../../src/platform/ids.ts";
import { connectionLost, type Faults, faulty, inWorld, through } from "../../support/faults.ts";
import { makeSpace, makeTwoSpaces } from "../../support/space.ts";
import type { Member } from "../../support/wire.ts";

const newStore = (): SpaceStore => new SpaceStore(newId(), "000");

/** A store on a database with faults. */
const faultyStore = (faults: Faults): SpaceStore => inWorld({ DB_000: faulty(env.DB_000, faults) }, newStore);

const memberRow = (store: SpaceStore, more: object = {}) =>
  store.row({
    id: newId(),
    user_id: null,
    email: `${newId()}@example.org`,
    first_name: "Ada",
    last_name: "Byron",
    role: "user" as const,
    status: "active" as const,
    version: 1,
    created_at: 1,
    updated_at: 1,
    ...more,
  });

const insert = (store: SpaceStore, row = memberRow(store)): Write =>
  write(store.db.insert(members).values(row), { unique: { "members.email": "email_taken" } });

const entry = (more: Partial<CommitEntry> = {}): CommitEntry => ({
  action: "member.added",
  subject: { type: "member", id: "m1", version: 1 },
  events: [{ type: "member.added", data: { user_id: null } }],
  ...more,
});

function commitTo(store: SpaceStore, writes: Write[], what = entry(), key: string | null = null) {
  const context = {
    store,
    actor: { kind: "system", id: "test" },
    request_id: newId(),
    now: Date.now(),
    idempotency: key === null ? null : { scope: "s", key, fingerprint: "f", expires_at: Date.now() + 60_000 },
    newId,
  } as const;
  return commit(context, what, writes);
}

/** How many rows of each table a makerspace has. */
async function count(store: SpaceStore) {
  const tables = { members, audit: auditLog, outbox, keys: idempotencyKeys };
  const { db } = new SpaceStore(store.makerspace_id, "000");
  const counts = Object.entries(tables).map(async ([name, table]) => [name, await db.$count(table, store.in(table))]);
  return Object.fromEntries(await Promise.all(counts)) as Record<keyof typeof tables, number>;
}

const nothing = { members: 0, audit: 0, outbox: 0, keys: 0 };

describe("a commit", () => {
  it("writes rows, audit, events and key together", async () => {
    const store = newStore();
    const envelopes = await commitTo(store, [insert(store)], entry({ answer: { status: 201, body: {} } }), "k");
    expect(await count(store)).toEqual({ members: 1, audit: 1, outbox: 1, keys: 1 });
    expect(envelopes).toMatchObject([
      { type: "member.added", makerspace_id: store.makerspace_id, subject: { id: "m1" } },
    ]);
  });

  it("writes nothing when one statement meets no row that it expects", async () => {
    const store = newStore();
    const stale = write(
      store.db
        .update(members)
        .set({ last_name: "B" })
        .where(store.in(members, eq(members.id, "nobody"))),
      { expect: "stale_version" },
    );
    await expect(commitTo(store, [insert(store), stale, insert(store)])).rejects.toMatchObject({
      code: "stale_version",
    });
    expect(await count(store)).toEqual(nothing);
  });

  it("writes nothing when a constraint says no, and names the problem", async () => {
    const store = newStore();
    const taken = { email: "ada@example.org" };
    const both = [insert(store, memberRow(store, taken)), insert(store, memberRow(store, taken))];
    await expect(commitTo(store, both)).rejects.toMatchObject({ code: "email_taken" });
    const duty = { member_id: "nobody", duty: "desk" as const, granted_by: "x", granted_at: 1 };
    const orphan = write(store.db.insert(memberDuties).values(store.row(duty)));
    await expect(commitTo(store, [insert(store), orphan])).rejects.toMatchObject({ code: "unknown_reference" });
    const nameless = insert(store, memberRow(store, { first_name: "" }));
    await expect(commitTo(store, [nameless])).rejects.toThrow(/CHECK constraint failed/);
    expect(await count(store)).toEqual(nothing);
  });

  it("knows a key that somebody else used meanwhile before it blames anything else", async () => {
    const store = newStore();
    const row = memberRow(store);
    const answered = entry({ answer: { status: 201, body: {} } });
    const all = await Promise.allSettled([1, 2, 3].map(() => commitTo(store, [insert(store, row)], answered, "one")));
    const failures = all.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
    expect(failures).toHaveLength(2);
    expect(failures.every((failure) => failure instanceof KeyTaken)).toBe(true);
    expect(await count(store)).toEqual({ members: 1, audit: 1, outbox: 1, keys: 1 });
  });
});

describe("the audit log", () => {
  it("is numbered without a gap under 50 concurrent commits, refused ones between them", async () => {
    const store = newStore();
    const refused = () =>
      write(store.db.delete(members).where(store.in(members, eq(members.id, "x"))), { expect: "conflict" });
    const writes = Array.from({ length: 60 }, (_, index) => (index % 6 === 5 ? refused() : insert(store)));
    const settled = await Promise.allSettled(writes.map((one) => commitTo(store, [one])));
    expect(settled.filter((one) => one.status === "fulfilled")).toHaveLength(50);
    const rows = await store.db
      .select({ seq: auditLog.seq })
      .from(auditLog)
      .where(store.in(auditLog))
      .orderBy(auditLog.seq);
    expect(rows.map((row) => row.seq)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it("can only grow", async () => {
    const store = newStore();
    await commitTo(store, []);
    const mine = store.in(auditLog);
    const changed = store.db.update(auditLog).set({ action: "nothing.happened" }).where(mine);
    await expect(changed).rejects.toMatchObject({ cause: { message: expect.stringContaining("append-only") } });
    await expect(store.db.delete(auditLog).where(mine)).rejects.toMatchObject({
      cause: { message: expect.stringContaining("append-only") },
    });
    expect((await count(store)).audit).toBe(1);
  });

  it("says who did what to what, in which request, before and after", async () => {
    const space = await makeSpace();
    const admin = await space.as("makerspace_admin");
    const someone = await space.as("user");
    const answer = await admin.api.send("POST", space.path(`/members/${someone.member.id}/suspend`), {
      body: { reason: "unpaid" },
    });
    const store = new SpaceStore(space.id, "000");
    const [row] = await store.db
      .select()
      .from(auditLog)
      .where(store.in(auditLog, eq(auditLog.action, "member.suspended")));
    const [details] = await store.db
      .select()
      .from(auditDetails)
      .where(store.in(auditDetails, eq(auditDetails.seq, row?.seq ?? 0)));
    expect(row).toMatchObject({
      actor_kind: "member",
      actor_id: admin.member.id,
      subject_type: "member",
      subject_id: someone.member.id,
      request_id: answer.headers.get("x-request-id"),
    });
    expect(details).toMatchObject({
      salt: expect.stringMatching(/^[0-9a-f]{32}$/),
      before: { status: "active" },
      after: { status: "suspended", status_reason: "unpaid" },
    });
  });
});

describe("when D1 loses the connection", () => {
  const isCommit = (statements: readonly string[]): boolean =>
    statements.some((text) => /INSERT INTO audit_log/i.test(text));

  /** Fails the first `times` commits, before or after their effect. */
  const losing = (when: "before" | "after", times: number): Faults => {
    let left = times;
    return {
      [when]: (statements: readonly string[]) => {
        if (isCommit(statements) && left-- > 0) throw connectionLost();
      },
    };
  };

  it.each(["before", "after"] as const)("%s the effect, a commit is tried again and happens once", async (when) => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const store = faultyStore(losing(when, 2));
    const row = memberRow(store);
    const renamed = write(
      store.db
        .update(members)
        .set({ last_name: "King", version: 2 })
        .where(store.in(members, eq(members.version, 1))),
      { expect: "stale_version" },
    );
    const answered = entry({ answer: { status: 201, body: {} } });
    await commitTo(store, [insert(store, row), renamed], answered, "k");
    expect(await count(store)).toEqual({ members: 1, audit: 1, outbox: 1, keys: 1 });
    vi.restoreAllMocks();
  });

  it.each(["before", "after"] as const)("%s the effect, a request over HTTP succeeds once", async (when) => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const space = await makeSpace();
    const way = through({ DB_000: faulty(env.DB_000, losing(when, 1)) });
    const body = { email: "grace@example.org", first_name: "Grace", last_name: "Hopper", role: "user" };
    const made = await space.root.by(way).post<Member>(space.path("/members"), body);
    expect(await space.root.all<Member>(space.path("/members"))).toEqual([made]);
    const store = new SpaceStore(space.id, "000");
    // The makerspace, and the member.
    expect((await count(store)).audit).toBe(2);
    vi.restoreAllMocks();
  });

  it("for good, it is 503 and nothing happened", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const store = faultyStore(losing("before", 100));
    await expect(commitTo(store, [insert(store)])).rejects.toMatchObject({ code: "unavailable" });
    expect(await count(store)).toEqual(nothing);
    vi.restoreAllMocks();
  });
});

describe("the wall between makerspaces", () => {
  /** The name of what a statement fails with: the tripwire's, with or without Drizzle's wrapping. */
  const failure = (statement: PromiseLike<unknown>): Promise<string> =>
    Promise.resolve(statement).then(
      () => "nothing",
      ({ name, cause }: Error) => (cause instanceof Error ? cause.name : name),
    );

  it("stops a statement that does not bind its makerspace", async () => {
    const [mine, other] = [newStore(), newStore()];
    expect(await failure(mine.db.select().from(members).where(eq(members.role, "user")))).toBe("TenantLeak");
    expect(await failure(mine.db.select().from(members).where(other.in(members)))).toBe("TenantLeak");
    expect(await failure(mine.db.update(members).set({ version: 2 }))).toBe("TenantLeak");
    expect(await failure(mine.db.delete(members).where(sql`1 = ${1}`))).toBe("TenantLeak");
    expect(await failure(commitTo(mine, [write(mine.db.delete(members))]))).toBe("TenantLeak");
    expect(await mine.db.select().from(members).where(mine.in(members))).toEqual([]);
  });

  it("stops a statement that reaches for the directory", async () => {
    const store = newStore();
    const reach = store.db.select().from(makerspaces).where(eq(makerspaces.id, store.makerspace_id));
    expect(await failure(reach)).toBe("TenantLeak");
  });

  it("knows the makerspaces inside a JSON parameter", async () => {
    const [one, two, three] = [newId(), newId(), newId()];
    const { db } = shardOf("000", [one, two]);
    const select = (ids: string[]) =>
      db
        .select()
        .from(members)
        .where(sql`makerspace_id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`);
    expect(await select([one, two])).toEqual([]);
    expect(await failure(select([three]))).toBe("TenantLeak");
  });

  it("is in SQLite, too: no reference crosses it", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const stranger = await abroad.as("service_provider");
    const machine = { code: "X", name: "X", category: "cnc_machine", owner_member_id: stranger.member.id };
    const refused = await home.root.refused("POST", home.path("/equipment"), { body: machine });
    expect(refused).toMatchObject({ status: 422, code: "unknown_reference" });
  });

  it("hides what lies beyond it as if it were not there", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const admin = await home.as("makerspace_admin");
    const [machine, member] = [await abroad.machine(), (await abroad.as("user")).member];
    for (const path of [`/equipment/${machine.id}`, `/members/${member.id}`]) {
      expect(await admin.api.refused("GET", home.path(path))).toMatchObject({ status: 404, code: "not_found" });
      expect(await admin.api.refused("GET", abroad.path(path))).toMatchObject({ status: 404, code: "not_found" });
    }
  });
});
