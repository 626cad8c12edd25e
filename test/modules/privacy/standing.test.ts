/** Who asks for an erasure or an export, what stands in the way, and what happens at the same moment. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { putFile } from "../../../src/platform/files.ts";
import { tidyLooseFiles } from "../../../src/platform/loose-files.ts";
import { HOUR } from "../../../src/platform/time.ts";
import { tick } from "../../support/background.ts";
import { fileOf, handedIn } from "../../support/documents.ts";
import { faulty, through } from "../../support/faults.ts";
import { makeKnown } from "../../support/personal.ts";
import { makeSpace, type Person, type TestSpace, until } from "../../support/space.ts";
import type { AuditEntry, Erasure, Job, Member, Notification } from "../../support/wire.ts";
import { downloadZip, textIn } from "../../support/zip.ts";

const pathOf = (space: TestSpace, { member }: Person): string => space.path(`/members/${member.id}/erasure`);

const entriesOf = (space: TestSpace, { member }: Person): Promise<AuditEntry[]> =>
  space.root.all<AuditEntry>(space.path(`/audit?subject_type=member&subject_id=${member.id}`));

const actionsOf = async (space: TestSpace, who: Person) => (await entriesOf(space, who)).map(({ action }) => action);

const typesFor = async (space: TestSpace, { api }: Person) =>
  (await api.all<Notification>(space.path("/notifications"))).map(({ type }) => type);

/** As if the seven days had passed. */
const isDue = ({ member }: Person) =>
  env.DB_000.prepare(
    "UPDATE erasures SET requested_at = requested_at - 604800000, due_at = due_at - 604800000 WHERE member_id = ?",
  )
    .bind(member.id)
    .run();

/** A family of two; the first pays. */
async function makeFamily(space: TestSpace): Promise<[Person, Person, string]> {
  const [payer, other] = [await space.person(), await space.person()];
  const { id } = await space.root.post<{ id: string }>(space.path("/billing_groups"), {
    kind: "family",
    name: "The Byrons",
    payer_member_id: payer.member.id,
  });
  await space.root.post(space.path(`/billing_groups/${id}/members`), { member_id: other.member.id });
  return [payer, other, id];
}

describe("an erasure that is withdrawn at the last moment", () => {
  it("leaves the member in, whichever of the two commits comes first", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    await ada.api.post<Erasure>(pathOf(space, ada));
    let isWithdrawn = false;
    const DB_000 = faulty(env.DB_000, {
      async before(statements) {
        // All is read; the next thing is the first write of the erasure.
        if (isWithdrawn || !statements.some((sql) => /update "members"/i.test(sql))) return;
        isWithdrawn = true;
        await ada.api.delete(pathOf(space, ada));
      },
    });
    const staff = space.root.by(through({ DB_000 }));
    expect((await staff.refused("POST", pathOf(space, ada))).code).toBe("illegal_transition");
    expect(isWithdrawn).toBe(true);
    expect(await space.root.get<Erasure>(pathOf(space, ada))).toMatchObject({ status: "withdrawn" });
    expect(await ada.api.get<Member>(space.path("/members/me"))).toMatchObject({ status: "active" });
    expect(await actionsOf(space, ada)).not.toContain("member.removed");
  });

  it("is withdrawn by whoever asked, and by nobody in their place", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    await ada.api.post<Erasure>(pathOf(space, ada));
    const admin = await space.as("makerspace_admin");
    expect((await admin.api.refused("DELETE", pathOf(space, ada))).code).toBe("forbidden");
    expect(await space.root.get<Erasure>(pathOf(space, ada))).toMatchObject({ status: "waiting" });
    await ada.api.delete(pathOf(space, ada));
  });
});

describe("what stands in the way of an erasure", () => {
  it("is said at the request: who pays for others hands over first", async () => {
    const space = await makeSpace();
    const [payer, other, group] = await makeFamily(space);
    expect((await payer.api.refused("POST", pathOf(space, payer))).code).toBe("payer_of_group");
    await space.root.delete(space.path(`/billing_groups/${group}/members/${other.member.id}`));
    expect(await payer.api.post<Erasure>(pathOf(space, payer))).toMatchObject({ status: "waiting" });
  });

  it("is told once to the member and the administrators when it came up meanwhile, and the day after it is tried again", async () => {
    const space = await makeSpace();
    const admin = await space.as("makerspace_admin");
    const ada = await space.person();
    await ada.api.post<Erasure>(pathOf(space, ada));
    const { id } = await space.root.post<{ id: string }>(space.path("/billing_groups"), {
      kind: "family",
      name: "The Byrons",
      payer_member_id: ada.member.id,
    });
    const other = await space.person();
    await space.root.post(space.path(`/billing_groups/${id}/members`), { member_id: other.member.id });
    await isDue(ada);
    await tick("quarter");
    await until("the messages", async () => {
      const told = [await typesFor(space, ada), await typesFor(space, admin)];
      return told.every((types) => types.includes("member.erasure_put_off"));
    });
    const { due_at, status } = await space.root.get<Erasure>(pathOf(space, ada));
    expect(status).toBe("waiting");
    expect(Date.parse(due_at)).toBeGreaterThan(Date.now() + 23 * HOUR);
    await env.DB_000.prepare("UPDATE erasures SET due_at = ? WHERE member_id = ?")
      .bind(Date.now(), ada.member.id)
      .run();
    await tick("quarter");
    await until("the second try", async () => {
      const actions = await actionsOf(space, ada);
      return actions.filter((action) => action === "member.erasure_put_off").length === 2;
    });
    expect((await typesFor(space, ada)).filter((type) => type === "member.erasure_put_off")).toHaveLength(1);
  });
});

describe("a document that comes in while its member is erased", () => {
  it("is no file that stays: what was written after the files went is let go with the rows", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const { id } = await handedIn(space, ada);
    await space.root.must("POST", pathOf(space, ada));
    await until("the erasure", async () => (await space.root.get<Erasure>(pathOf(space, ada))).status === "done");
    // As if it had been written between the step of the files and the last one.
    const file = { makerspace_id: space.id, kind: "document", id };
    await putFile(file, fileOf(), { content_type: "application/pdf", expires_at: Date.now() + 24 * HOUR });
    await tidyLooseFiles(Date.now() + 2 * HOUR);
    expect((await env.FILES.list({ prefix: `${space.id}/document/` })).objects).toEqual([]);
  });
});

describe("what is older than the ground on which it would be kept", () => {
  it("goes with the erasure; what is not stays", async () => {
    const { space, member_id } = await makeKnown();
    const ages = "11 * 366 * 86400000";
    const vouchers = async (): Promise<number[]> => {
      const rows = await env.DB_000.prepare(
        "SELECT created_at FROM membership_transactions WHERE member_id = ? ORDER BY created_at",
      )
        .bind(member_id)
        .all<{ created_at: number }>();
      return rows.results.map(({ created_at }) => created_at);
    };
    const [first] = await vouchers();
    await env.DB_000.batch([
      env.DB_000.prepare(
        `UPDATE membership_transactions SET created_at = created_at - ${ages} WHERE member_id = ? AND created_at = ?`,
      ).bind(member_id, first),
      env.DB_000.prepare(
        `UPDATE guest_visits SET day_from = day_from - ${ages}, day_to = day_to - ${ages} WHERE host_member_id = ?`,
      ).bind(member_id),
    ]);
    const before = await vouchers();
    const path = space.path(`/members/${member_id}/erasure`);
    await space.root.must("POST", path);
    const { kept } = await until("the erasure", async () => {
      const erasure = await space.root.get<Erasure>(path);
      return erasure.status === "done" && erasure;
    });
    // What ended with the removal may have a voucher of its own.
    const [old, ...younger] = before;
    expect(await vouchers()).not.toContain(old);
    expect(await vouchers()).toEqual(expect.arrayContaining(younger));
    const tables = kept.map(({ data }) => data);
    expect(tables).toContain("membership_transactions");
    expect(tables).not.toContain("guest_visits");
    expect(tables).not.toContain("guest_waivers");
  });
});

describe("an export by somebody else", () => {
  it("is in the audit of the member, who is told; their own is in the audit alone", async () => {
    const space = await makeSpace();
    const [ada, admin] = [await space.person(), await space.as("makerspace_admin")];
    const path = space.path(`/members/${ada.member.id}/data_exports`);
    await ada.api.post<Job>(path);
    await admin.api.post<Job>(path);
    await until("the message", async () => (await typesFor(space, ada)).includes("member.data_exported"));
    const entries = (await entriesOf(space, ada)).filter(({ action }) => action === "member.data_exported");
    expect(entries).toHaveLength(2);
    expect((await typesFor(space, ada)).filter((type) => type === "member.data_exported")).toHaveLength(1);
  });

  it("holds what one pays for others, without saying for whom", async () => {
    const space = await makeSpace();
    const [payer, other] = await makeFamily(space);
    const { currency } = space.makerspace;
    const plan = await space.root.post<{ id: string }>(space.path("/plans"), {
      name: "Family",
      price: { amount_minor: 4200, currency },
    });
    await space.root.post(space.path(`/members/${other.member.id}/memberships`), { plan_id: plan.id });
    const { id } = await payer.api.post<Job>(space.path(`/members/${payer.member.id}/data_exports`));
    const job = await until("the export", async () => {
      const now = await payer.api.get<Job>(space.path(`/jobs/${id}`));
      return now.status === "succeeded" && now;
    });
    const text = textIn(await downloadZip(job.result_url ?? ""), "data.json");
    const { data } = JSON.parse(text) as { data: Record<string, { rows: object[] }> };
    expect(data.membership_transactions?.rows).toMatchObject([{ amount_minor: 4200, kind: "join" }]);
    expect(text).not.toContain(other.member.id);
  });
});
