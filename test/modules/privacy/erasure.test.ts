/** Erasure: nothing of the person is left anywhere, and ledgers, histories and the audit stay consistent. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { cronTasks } from "../../../src/background.ts";
import { seal } from "../../support/audit.ts";
import { makeKnown, marksOf } from "../../support/personal.ts";
import type { Known } from "../../support/personal-rows.ts";
import { slotIn, until } from "../../support/space.ts";
import { tracesOf } from "../../support/traces.ts";
import type {
  AuditVerification,
  Equipment,
  Erasure,
  Job,
  Member,
  MembershipTransaction,
  Reservation,
} from "../../support/wire.ts";

const pathOf = ({ space, member_id }: Known): string => space.path(`/members/${member_id}/erasure`);

const traces = async (known: Known): Promise<string[]> => {
  const { space, marks, user_id } = known;
  const machines = await space.root.all<Equipment>(space.path("/equipment"));
  return tracesOf([...marksOf(marks), user_id], { makerspace_id: space.id, machines });
};

const done = (known: Known): Promise<Erasure> =>
  until("the erasure", async () => {
    const erasure = await known.space.root.get<Erasure>(pathOf(known));
    return erasure.status === "done" && erasure;
  });

describe("an erasure", () => {
  it("leaves no trace of the person in any table, file or object, and says what it keeps", async () => {
    const known = await makeKnown();
    const { space, machine, ada, member_id } = known;
    await space.booked(ada.api, machine, { ...slotIn(30), purpose: known.marks.text });
    const file = await ada.api.post<Job>(space.path(`/members/${member_id}/data_exports`));
    const exported = await until("the export", async () => {
      const job = await ada.api.get<Job>(space.path(`/jobs/${file.id}`));
      return job.status === "succeeded" && job;
    });
    // Proof that the search finds what is there.
    const before = await traces(known);
    for (const place of ["members", "invites", "principals", "files", "object holders", "object reservations", "jobs"])
      expect(before.some((trace) => trace.startsWith(`${place}:`))).toBe(true);

    const begun = await space.root.must<Erasure>("POST", pathOf(known));
    expect(begun).toMatchObject({ id: member_id, status: "running", done_at: null });
    const { kept } = await done(known);
    // Told with what is left, should something be.
    let left: string[] = [];
    await until(
      "the projection and the board",
      async () => {
        left = await traces(known);
        return left.length <= 1;
      },
      20,
    ).catch(() => undefined);
    expect(left).toEqual([`denylist: ${known.user_id}`]);
    // That a sign-in was ended is kept for a day, by the user alone.
    expect(await traces(known)).toEqual([`denylist: ${known.user_id}`]);

    expect(kept.map(({ data }) => data)).toEqual(
      expect.arrayContaining([
        "membership_transactions",
        "memberships",
        "reservations",
        "sessions",
        "audit_log",
        "members",
      ]),
    );
    const accounting = kept.find(({ data }) => data === "membership_transactions");
    const year = new Date().getFullYear() + 11;
    expect(accounting).toMatchObject({ ground: "accounting", keep_until: `${year - 1}-12-31T23:00:00.000Z` });
    expect((await ada.api.refused("GET", space.path())).code).toBe("not_found");
    expect((await ada.api.refused("GET", exported.result_url ?? "")).code).toBe("not_found");
    const [row] = await space.root.all<Reservation>(
      space.path(`/reservations?member_id=${member_id}&status=cancelled`),
    );
    expect(row).toMatchObject({ member_id, purpose: null, metadata: {} });
    const transactions = await space.root.all<MembershipTransaction>(
      space.path(`/membership_transactions?member_id=${member_id}`),
    );
    expect(transactions.map(({ kind }) => kind).sort()).toEqual(expect.arrayContaining(["join", "renewal"]));
  });

  it("leaves a number that is nobody's: not found by members, and never filled again", async () => {
    const known = await makeKnown();
    const { space, ben, member_id } = known;
    await space.root.must("POST", pathOf(known));
    await done(known);
    const path = space.path(`/members/${member_id}`);
    expect((await ben.api.refused("GET", path)).code).toBe("not_found");
    expect(await space.root.get<Member>(path)).toMatchObject({
      email: `${member_id}@erased.invalid`,
      display_name: "Erased",
      status: "left",
      user_id: null,
      phone: null,
      tags: [],
      duties: [],
      erased_at: expect.any(String),
    });
    const refusals = [
      await space.root.refused("PATCH", path, { body: { notes: "It was Ada." } }),
      await space.root.refused("POST", `${path}/reactivate`),
      await space.root.refused("POST", `${path}/erasure`),
      await space.root.refused("POST", `${path}/data_exports`),
      await space.root.refused("POST", space.path(`/members/${ben.member.id}/merge`), {
        body: { from_member_id: member_id },
      }),
    ];
    expect(refusals.map(({ code }) => code)).toEqual(Array(5).fill("illegal_transition"));
    const wall = env.DB_000.prepare("UPDATE members SET first_name = 'Ada' WHERE id = ?").bind(member_id).run();
    await expect(wall).rejects.toThrow(/stays nobody/);
    const found = await space.root.all<Member>(space.path(`/members?q=${known.marks.first_name}`));
    expect(found).toEqual([]);
  });

  it("is forgotten by the index of the search, too, in the night after", async () => {
    const known = await makeKnown();
    // Terms share their beginnings in the index: the end of a word stands there as it is.
    const term = known.marks.first_name.slice(-24);
    const isIndexed = async (): Promise<boolean> => {
      const blocks = env.DB_000.prepare("SELECT 1 FROM member_search_data WHERE instr(block, CAST(? AS BLOB)) > 0");
      return (await blocks.bind(term).first()) !== null;
    };
    expect(await isIndexed()).toBe(true);
    await known.space.root.must("POST", pathOf(known));
    await done(known);
    await cronTasks.find(({ name }) => name === "forget_search_terms")?.run(Date.now());
    expect(await isIndexed()).toBe(false);
    const found = await known.space.root.all<Member>(known.space.path("/members?q=Ben"));
    expect(found.map(({ id }) => id)).toEqual([known.ben.member.id]);
  });

  it("leaves the audit's chain whole, without what its details said of the person", async () => {
    const known = await makeKnown();
    const { space, member_id } = known;
    await seal(space);
    await space.root.must("POST", pathOf(known));
    await done(known);
    await seal(space);
    const verified = await space.root.get<AuditVerification>(space.path("/audit/verify"));
    expect(verified).toMatchObject({ status: "intact" });
    expect(verified.erased).toBeGreaterThan(0);
    const left = await env.DB_000.prepare(
      `SELECT count(*) AS left_over FROM audit_details JOIN audit_log USING (makerspace_id, seq)
       WHERE makerspace_id = ? AND subject_type = 'member' AND subject_id = ? AND action NOT LIKE 'member.era%'`,
    )
      .bind(space.id, member_id)
      .first<{ left_over: number }>();
    expect(left?.left_over).toBe(0);
  });
});
