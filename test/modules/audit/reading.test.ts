/** Who reads what of the audit, by which filter, and what a page costs. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { record, rowsOf, seal } from "../../support/audit.ts";
import { rowsReadBy } from "../../support/reads.ts";
import { iso, makeSpace, makeTwoSpaces, type TestSpace } from "../../support/space.ts";
import type { AuditEntry, AuditEntryInFull } from "../../support/wire.ts";

interface Row {
  seq: number;
  at: number;
  actor_id: string;
  action: string;
  subject_type: string;
  subject_id: string;
}

const START = Date.UTC(2027, 0, 1);
const pick = <T>(values: readonly T[], index: number): T => values[index % values.length] as T;

/** Entries of the past, many at the same instant, times not in the order of the numbers; a few have rare values. */
const makeRows = (count: number, first: number): Row[] =>
  Array.from({ length: count }, (_, index) => ({
    seq: first + index,
    at: START + Math.floor(((index * 37) % count) / 3) * 1_000,
    actor_id: index === 11 ? "rare" : pick(["ann", "bob", "cem"], index * 5 + Math.floor(index / 7)),
    action: index === 13 ? "thing.rare" : pick(["thing.made", "thing.changed"], index + Math.floor(index / 3)),
    subject_type: pick(["thing", "place"], Math.floor(index / 2)),
    subject_id: index === 17 ? "rare" : pick(["t1", "t2", "t3"], index),
  }));

async function insertRows(space: TestSpace, rows: readonly Row[]): Promise<void> {
  await env.DB_000.prepare(
    `INSERT INTO audit_log (makerspace_id, seq, commit_id, occurred_at, recorded_at, actor_kind, actor_id, action,
       subject_type, subject_id, request_id)
     SELECT ?, value ->> 'seq', 'c' || (value ->> 'seq'), value ->> 'at', value ->> 'at', 'member', value ->> 'actor_id',
       value ->> 'action', value ->> 'subject_type', value ->> 'subject_id', 'r' FROM json_each(?)`,
  )
    .bind(space.id, JSON.stringify(rows))
    .run();
}

describe("the list", () => {
  let space: TestSpace;
  let rows: Row[];

  beforeAll(async () => {
    space = await makeSpace();
    await space.as("makerspace_admin");
    const first = (await rowsOf(space, "audit_log")).length + 1;
    rows = makeRows(240, first);
    await insertRows(space, rows);
  });

  const filters = [
    {},
    { actor_id: "ann" },
    { actor_id: "rare" },
    { actor_id: "nobody" },
    { action: "thing.made" },
    { action: "thing.rare" },
    { subject_type: "thing", subject_id: "t2" },
    { subject_type: "place", subject_id: "rare" },
    { subject_type: "thing", subject_id: "rare" },
  ];
  const ranges = [
    { from: START, to: START + 1_000_000 },
    { from: START + 20_000, to: START + 50_000 },
  ];

  it("is what a naive filter finds, either way, on pages of any size", async () => {
    const { api } = await space.as("makerspace_admin");
    let found_any = 0;
    for (const [index, filter] of filters.entries()) {
      for (const { from, to } of ranges) {
        const sort = pick(["-occurred_at", "occurred_at"], index);
        const more = { occurred_from: iso(from), occurred_to: iso(to), sort, limit: pick(["100", "23", "7"], index) };
        const query = new URLSearchParams({ ...filter, ...more });
        const found = await api.all<AuditEntry>(space.path(`/audit?${query}`));
        const sign = sort === "occurred_at" ? 1 : -1;
        const expected = rows
          .filter((row) => Object.entries(filter).every(([name, value]) => row[name as keyof Row] === value))
          .filter((row) => row.at >= from && row.at < to)
          .sort((a, b) => sign * (a.at - b.at || a.seq - b.seq));
        expect(
          found.map((entry) => entry.seq),
          query.toString(),
        ).toEqual(expected.map((row) => row.seq));
        found_any += found.length;
      }
    }
    expect(found_any).toBeGreaterThan(600);
  }, 60_000);

  it("reads a page, not the table, also for rare values and far down", async () => {
    const { api } = await space.as("makerspace_admin");
    const far = await api.get<{ next_cursor: string }>(space.path("/audit?limit=100"));
    const pages = [
      ...filters.map((filter) => `/audit?${new URLSearchParams({ ...filter, limit: "10" })}`),
      `/audit?limit=10&occurred_from=${iso(START + 50_000)}&occurred_to=${iso(START + 52_000)}`,
      `/audit?limit=10&actor_id=ann&occurred_from=${iso(START + 50_000)}`,
      `/audit?limit=10&sort=occurred_at&action=thing.made&occurred_to=${iso(START + 2_000)}`,
    ];
    const cost = () => Promise.all(pages.map((page) => rowsReadBy(api, space.path(page), /audit_log/)));
    const few = await cost();
    await insertRows(space, makeRows(3_000, rows.length + 100));
    const many = await cost();
    for (const [index, count] of many.entries()) {
      expect(count, pages[index]).toBeLessThanOrEqual(2 * 11 + 2);
    }
    expect(few.some((count) => count > 10)).toBe(true);
    const down = space.path(`/audit?limit=100&cursor=${encodeURIComponent(far.next_cursor)}`);
    expect(await rowsReadBy(api, down, /audit_log/)).toBeLessThanOrEqual(2 * 101 + 2);
  }, 60_000);

  it("asks for one filter at a time, and for a subject in full", async () => {
    for (const query of [
      "actor_id=a&action=b",
      "action=b&subject_type=t&subject_id=1",
      "subject_type=t",
      "subject_id=1",
      "occurred_from=yesterday",
      "request_id=r",
    ]) {
      const refused = await space.root.refused("GET", space.path(`/audit?${query}`));
      expect([query, refused.status, refused.code]).toEqual([query, 400, "invalid_parameter"]);
    }
  });
});

describe("an entry", () => {
  it("is read in full by auditors, with its link once it is sealed", async () => {
    const space = await makeSpace();
    const [{ api, member }, { member: someone }] = [await space.as("makerspace_admin"), await space.person()];
    await api.post(space.path(`/members/${someone.id}/suspend`), { reason: "Unpaid" });
    const [entry] = await api.all<AuditEntry>(space.path("/audit?action=member.suspended"));
    expect(entry).toMatchObject({
      action: "member.suspended",
      subject: { type: "member", id: someone.id },
      actor: { kind: "member", id: member.id },
    });
    const path = space.path(`/audit/${entry?.id}`);
    expect(await api.get<AuditEntryInFull>(path)).toMatchObject({
      ...entry,
      details: { before: { status: "active" }, after: { status: "suspended" } },
      erased: null,
      seal: null,
    });
    await seal(space);
    const { seal: link } = await api.get<AuditEntryInFull>(path);
    const links = await rowsOf<{ seq: number; hash: string }>(space, "audit_chain");
    expect(link?.hash).toBe(links.find(({ seq }) => seq === entry?.seq)?.hash);
    for (const id of ["0", "-1", "999999", "x", "1.5"])
      expect((await api.refused("GET", space.path(`/audit/${id}`))).code).toBe("not_found");
  });

  it("of another makerspace is not there", async () => {
    const { home, abroad } = await makeTwoSpaces();
    for (let n = 0; n < 5; n += 1) await record(abroad);
    const { api } = await home.as("makerspace_admin");
    const mine = await api.all<AuditEntry>(home.path("/audit"));
    expect(mine.map(({ action }) => action).sort()).toEqual(["makerspace.created", "member.added"]);
    expect((await api.refused("GET", home.path("/audit/6"))).code).toBe("not_found");
    expect((await api.refused("GET", abroad.path("/audit"))).code).toBe("not_found");
  });
});

describe("a member", () => {
  it("sees what happened to themselves, not who did it, and no details", async () => {
    const space = await makeSpace();
    const [admin, ada, ben] = [await space.as("makerspace_admin"), await space.person(), await space.person()];
    await admin.api.post(space.path(`/members/${ada.member.id}/suspend`), { reason: "Unpaid" });
    await admin.api.post(space.path(`/members/${ada.member.id}/reactivate`));
    const mine = await ada.api.all<AuditEntry>(space.path("/audit"));
    expect(mine.map(({ action }) => action)).toEqual(["member.reactivated", "member.suspended", "member.added"]);
    expect(mine.map(({ actor }) => actor)).toEqual([
      { kind: "member", id: null },
      { kind: "member", id: null },
      { kind: "platform", id: null },
    ]);
    const named = space.path("/audit?subject_type=member&subject_id=me");
    expect(await ada.api.all<AuditEntry>(named)).toEqual(mine);
    const one = await ada.api.get<AuditEntryInFull>(space.path(`/audit/${mine[1]?.id}`));
    expect(one).toMatchObject({ action: "member.suspended", actor: { id: null }, details: null });
    // Somebody else's are not theirs to see.
    expect((await ben.api.refused("GET", space.path(`/audit/${mine[1]?.id}`))).code).toBe("not_found");
    for (const query of [
      `subject_type=member&subject_id=${ada.member.id}`,
      `actor_id=${admin.member.id}`,
      "action=member.suspended",
      `subject_type=makerspace&subject_id=${ben.member.id}`,
    ])
      expect((await ben.api.refused("GET", space.path(`/audit?${query}`))).code).toBe("forbidden");
  });

  it("sees what they did themselves", async () => {
    const space = await makeSpace();
    const { api, member } = await space.person();
    await api.patch(space.path(`/members/${member.id}`), { hide_name: true });
    const [did, ...rest] = await api.all<AuditEntry>(space.path("/audit?actor_id=me"));
    expect([did?.action, did?.actor, rest]).toEqual(["member.updated", { kind: "member", id: member.id }, []]);
  });

  it("neither verifies nor exports", async () => {
    const space = await makeSpace();
    const { api } = await space.as("user");
    expect((await api.refused("GET", space.path("/audit/verify"))).code).toBe("forbidden");
    const body = { format: "csv" };
    expect((await api.refused("POST", space.path("/audit/exports"), { body })).code).toBe("forbidden");
    const safety = await space.as("safety");
    expect((await safety.api.refused("POST", space.path("/audit/exports"), { body })).code).toBe("forbidden");
    await safety.api.get(space.path("/audit/verify"));
  });
});
