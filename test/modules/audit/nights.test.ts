/** The audit is verified by night, without anybody asking: to its end, a broken link is told once, and a long chain takes several nights. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { cronTasks } from "../../../src/background.ts";
import type { EventEnvelope } from "../../../src/platform/events.ts";
import { DAY, HOUR } from "../../../src/platform/time.ts";
import { record, seal, tamper } from "../../support/audit.ts";
import { blackHole, deliver } from "../../support/background.ts";
import { inWorld } from "../../support/faults.ts";
import { makeSpace, makeTwoSpaces, type TestSpace, until } from "../../support/space.ts";
import type { AuditVerification, Notification } from "../../support/wire.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

const lastPass = async (space: TestSpace): Promise<AuditVerification["last_pass"]> =>
  (await space.root.get<AuditVerification>(space.path("/audit/verify"))).last_pass;

/** One night in this makerspace. @returns how many messages it took */
async function night(space: TestSpace, at = Date.now()): Promise<number> {
  const taken: EventEnvelope[] = [];
  const mine = () =>
    taken.splice(0).filter(({ type, makerspace_id }) => type === "audit.verify_due" && makerspace_id === space.id);
  return inWorld({ EVENTS: blackHole(taken) as Queue }, async () => {
    await cronTasks.find(({ name }) => name === "verify_audit")?.run(at);
    let count = 0;
    for (let due = mine(); due.length > 0; due = mine()) {
      // Each message comes twice, as it may.
      await Promise.all([deliver(due), deliver(due)]);
      count += 1;
    }
    return count;
  });
}

/** Entries enough for several messages. */
async function fill(space: TestSpace, entries: number): Promise<void> {
  await env.DB_000.prepare(
    `INSERT INTO audit_log (makerspace_id, seq, commit_id, occurred_at, recorded_at, actor_kind, actor_id, action, subject_type, subject_id, request_id)
     SELECT ?1, value + (SELECT max(seq) FROM audit_log WHERE makerspace_id = ?1), ?1 || '.' || value, 1, ?3, 'system', 'test', 'thing.changed', 'thing', 't1', 'r'
     FROM json_each(?2)`,
  )
    .bind(space.id, JSON.stringify(Array.from({ length: entries }, (_, index) => index + 1)), Date.now())
    .run();
  await seal(space);
}

describe("a night", () => {
  it("verifies each chain from its first link to its end, and says when and how far", async () => {
    const { home, abroad } = await makeTwoSpaces();
    await record(home);
    await seal(home);
    expect(await lastPass(home)).toBeNull();
    expect(await night(home)).toBe(1);
    expect(await lastPass(home)).toEqual({
      status: "intact",
      started_at: expect.any(String),
      finished_at: expect.any(String),
      verified_through: 2,
      broken: null,
    });
    expect(await lastPass(abroad)).toBeNull();
  });

  it("goes through a long chain in steps, and the next one begins anew", async () => {
    const space = await makeSpace();
    await fill(space, 4_500);
    expect(await night(space)).toBe(3);
    expect(await lastPass(space)).toMatchObject({ status: "intact", verified_through: 4_501 });
    expect(await night(space, Date.now() + 1)).toBe(3);
  });

  it("that is too short for a chain leaves the rest to the next", async () => {
    const space = await makeSpace();
    await fill(space, 4_500);
    const begun = Date.now() - 2 * DAY;
    // As after a night that looked at as many as one may.
    await env.DB_000.prepare(
      `INSERT INTO audit_verifications (makerspace_id, started_at, finished_at, next_from_seq, verified_through, night, night_checked)
       VALUES (?, ?, NULL, 2001, 2000, ?, 100000)`,
    )
      .bind(space.id, begun, begun)
      .run();
    expect(await lastPass(space)).toMatchObject({ status: "running", finished_at: null, verified_through: 2_000 });
    expect(await night(space)).toBe(2);
    expect(await lastPass(space)).toMatchObject({
      status: "intact",
      started_at: new Date(begun).toISOString(),
      verified_through: 4_501,
    });
  });

  it("that finds a broken link tells administrators once, logs it each time, and writes it into the audit", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const space = await makeSpace();
    const [admin, member] = [await space.as("makerspace_admin"), await space.as("user")];
    for (let n = 0; n < 4; n++) await record(space);
    await seal(space);
    await tamper(space, "UPDATE audit_log SET actor_id = 'x' WHERE makerspace_id = ? AND seq = 3");
    await night(space);
    const next = Date.now() + HOUR;
    await night(space, next);
    const row = env.DB_000.prepare("SELECT night FROM audit_verifications WHERE makerspace_id = ?").bind(space.id);
    expect(await row.first("night")).toBe(next);
    const broken = { kind: "row_changed", seq: 3, detail: expect.any(String) };
    expect(await lastPass(space)).toMatchObject({ status: "broken", verified_through: 2, broken });
    const entries = await space.root.all(space.path("/audit?action=audit.broken"));
    expect(entries).toHaveLength(1);
    expect(logged.mock.calls.filter(([line]) => String(line).includes("audit_broken")).length).toBeGreaterThanOrEqual(
      2,
    );
    // The message waits in the outbox, which the broker of this test forgot.
    const [event] = (
      await env.DB_000.prepare("SELECT envelope FROM outbox WHERE makerspace_id = ?")
        .bind(space.id)
        .all<{ envelope: string }>()
    ).results
      .map((row) => JSON.parse(row.envelope) as EventEnvelope)
      .filter(({ type }) => type === "audit.broken");
    await deliver([event, event]);
    const told = () => admin.api.all<Notification>(space.path("/notifications?type=audit.broken"));
    const [one, ...others] = await until("the message", async () => {
      const found = await told();
      return found.length > 0 && found;
    });
    expect([one?.data, others]).toMatchObject([{ kind: "row_changed", seq: 3 }, []]);
    expect(await member.api.all(space.path("/notifications?type=audit.broken"))).toEqual([]);
  });

  it("goes on behind a break, and tells each break once however many nights find it", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const space = await makeSpace();
    await fill(space, 4_500);
    await tamper(
      space,
      "UPDATE audit_log SET actor_id = 'x' WHERE makerspace_id = ? AND seq = 2500",
      "DELETE FROM audit_log WHERE makerspace_id = ? AND seq = 2600",
      "DELETE FROM audit_chain WHERE makerspace_id = ? AND seq IN (4000, 4001)",
    );
    const told = async () =>
      (await space.root.all<{ subject: { id: string } }>(space.path("/audit?action=audit.broken")))
        .map(({ subject }) => subject.id)
        .sort();
    const breaks = ["chain_cut.4000", "row_changed.2500", "row_missing.2600"];
    expect(await night(space)).toBe(3);
    expect(await told()).toEqual(breaks);
    const first = { status: "broken", verified_through: 2_499, broken: { kind: "row_changed", seq: 2_500 } };
    expect(await lastPass(space)).toMatchObject({ ...first, finished_at: expect.any(String) });
    // A first stretch without a break: what is known behind it stands.
    const next = Date.now() + HOUR;
    await env.DB_000.prepare(
      "UPDATE audit_verifications SET night_checked = 100000 - 2000, night = ?, next_from_seq = 1, finished_at = NULL WHERE makerspace_id = ?",
    )
      .bind(next, space.id)
      .run();
    expect(await night(space, next)).toBe(1);
    expect(await lastPass(space)).toMatchObject({ status: "broken", finished_at: null, broken: first.broken });
    await night(space, next + HOUR);
    expect(await told()).toEqual(breaks);
    // What was put right is known no more once a pass has been there; what was broken since is told.
    await tamper(
      space,
      "UPDATE audit_log SET actor_id = 'test' WHERE makerspace_id = ? AND seq = 2500",
      "UPDATE audit_log SET actor_id = 'x' WHERE makerspace_id = ? AND seq = 3000",
    );
    await night(space, next + 2 * HOUR);
    expect(await told()).toEqual([...breaks, "row_changed.3000"].sort());
    expect(await lastPass(space)).toMatchObject({ broken: { kind: "row_missing", seq: 2_600 } });
  });
});
