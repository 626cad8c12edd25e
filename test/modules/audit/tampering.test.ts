/** Somebody who owns the database tampers with the audit, each way there is; verification names the first broken link. */

import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { anchorHead } from "../../../src/platform/audit/anchors.ts";
import { eraseAuditDetails } from "../../../src/platform/audit/index.ts";
import { DAY, MINUTE } from "../../../src/platform/time.ts";
import { record, seal, storeOf, tamper } from "../../support/audit.ts";
import { tick } from "../../support/background.ts";
import { makeTwoSpaces, type TestSpace, until } from "../../support/space.ts";
import type { AuditVerification, Job } from "../../support/wire.ts";

let space: TestSpace;
let other: TestSpace;

/** Seven sealed entries: the makerspace, five changes, the fifth without details, and an erasure of what came before. */
beforeEach(async () => {
  ({ home: space, abroad: other } = await makeTwoSpaces());
  for (let n = 2; n <= 6; n += 1) {
    const plain = n === 5 ? { after: undefined } : {};
    await record(space, { subject: { type: "thing", id: `t${n}`, version: 1 }, ...plain });
  }
  const writes = eraseAuditDetails(storeOf(space), { type: "thing", id: "t6" }, "asked", 1);
  await record(space, { action: "thing.erased" }, { writes });
  await seal(space);
  await seal(other);
});

afterEach(async () => {
  vi.restoreAllMocks();
  expect((await verify(other)).status).toBe("intact");
});

const verify = (where = space, query = ""): Promise<AuditVerification> =>
  where.root.get<AuditVerification>(where.path(`/audit/verify${query}`));

/** What verification names. */
async function broken(query = ""): Promise<[string, number] | null> {
  const { status, broken: found } = await verify(space, query);
  expect(status).toBe(found ? "broken" : "intact");
  return found && [found.kind, found.seq];
}

it("finds nothing where nobody tampered", async () => {
  expect(await verify()).toMatchObject({
    status: "intact",
    from_seq: 1,
    checked: 7,
    erased: 1,
    sealed_through: 7,
    unsealed: { entries: 0, since: null },
    broken: null,
    next_from_seq: null,
  });
});

describe("an entry", () => {
  const columns = ["actor_id", "action", "subject_type", "subject_id", "request_id"];
  it.each([
    ...columns.map((name) => `${name} = 'x'`),
    "occurred_at = 1",
    "recorded_at = 1",
    "commit_id = 'x' || seq",
    "actor_kind = 'service'",
  ])("that was changed is named: %s", async (change) => {
    await tamper(space, `UPDATE audit_log SET ${change} WHERE makerspace_id = ? AND seq IN (3, 5)`);
    expect(await broken()).toEqual(["row_changed", 3]);
  });

  it.each([1, 4, 7])("that is missing is named: %s", async (seq) => {
    await tamper(space, `DELETE FROM audit_log WHERE makerspace_id = ? AND seq = ${seq}`);
    expect(await broken()).toEqual(["row_missing", seq]);
  });

  it("that was taken out before it was sealed leaves a gap", async () => {
    await record(space);
    await record(space);
    await tamper(space, "DELETE FROM audit_log WHERE makerspace_id = ? AND seq = 8");
    expect(await broken()).toEqual(["row_missing", 8]);
    vi.spyOn(console, "error").mockImplementation(() => {});
    expect(await seal(space)).toBe(0);
    expect(await broken()).toEqual(["row_missing", 8]);
  });

  it("that waits for its seal for more than five minutes is named; one that came just now is not", async () => {
    await record(space);
    expect(await verify()).toMatchObject({ status: "intact", unsealed: { entries: 1, since: expect.any(String) } });
    await record(other, {}, { now: Date.now() - 4 * MINUTE });
    expect((await verify(other)).status).toBe("intact");
    await seal(other);
    await seal(space);
    await record(space, {}, { now: Date.now() - 6 * MINUTE });
    expect(await broken()).toEqual(["unsealed", 9]);
    await seal(space);
    expect(await broken()).toBeNull();
  });
});

describe("details", () => {
  it.each(["after = '{}'", "before = '1'", "salt = '00000000000000000000000000000000'"])(
    "that were changed are named: %s",
    async (change) => {
      await tamper(space, `UPDATE audit_details SET ${change} WHERE makerspace_id = ? AND seq >= 3`);
      expect(await broken()).toEqual(["details_changed", 3]);
    },
  );

  it("that were made up for an entry without any are named", async () => {
    await tamper(
      space,
      "INSERT INTO audit_details (makerspace_id, seq, salt) VALUES (?, 5, '00000000000000000000000000000000')",
    );
    expect(await broken()).toEqual(["details_changed", 5]);
  });

  it("that are gone are named", async () => {
    await tamper(space, "DELETE FROM audit_details WHERE makerspace_id = ? AND seq = 4");
    expect(await broken()).toEqual(["details_missing", 4]);
  });

  it("that are gone with an erasure that nobody did are named", async () => {
    await tamper(
      space,
      "INSERT INTO audit_erasures (makerspace_id, seq, by_seq, ground, erased_at) VALUES (?, 4, 5, 'x', 1)",
      "DELETE FROM audit_details WHERE makerspace_id = ? AND seq = 4",
    );
    expect(await broken()).toEqual(["details_missing", 4]);
  });
});

describe("the chain", () => {
  it("with a link cut out is named there", async () => {
    await tamper(space, "DELETE FROM audit_chain WHERE makerspace_id = ? AND seq IN (3, 4)");
    expect(await broken()).toEqual(["chain_cut", 3]);
    expect(await broken("?from_seq=2&limit=1")).toBeNull();
    expect(await broken("?from_seq=5")).toEqual(["chain_cut", 4]);
  });

  it("with its beginning cut off is named there", async () => {
    await tamper(space, "DELETE FROM audit_chain WHERE makerspace_id = ? AND seq <= 2");
    expect(await broken()).toEqual(["chain_cut", 1]);
  });

  it("with one link forged to fit its entry is named at the next", async () => {
    await tamper(space, "UPDATE audit_chain SET prev_hash = hash WHERE makerspace_id = ? AND seq = 4");
    expect(await broken()).toEqual(["chain_cut", 4]);
  });

  it("with an entry and its link forged together does not fit the next link", async () => {
    await tamper(space, "UPDATE audit_log SET actor_id = 'x' WHERE makerspace_id = ? AND seq = 4");
    const forged = "CREATE TABLE IF NOT EXISTS kept AS SELECT * FROM audit_chain WHERE makerspace_id = ? AND seq > 4";
    await tamper(
      space,
      forged.replace("?", `'${space.id}' AND ?1 = ?1`),
      "DELETE FROM audit_chain WHERE makerspace_id = ? AND seq >= 4",
    );
    await seal(space);
    await tamper(
      space,
      "DELETE FROM audit_chain WHERE makerspace_id = ? AND seq > 4",
      "INSERT INTO audit_chain SELECT * FROM kept WHERE makerspace_id = ?",
      "DELETE FROM kept WHERE makerspace_id = ?",
    );
    await env.DB_000.exec("DROP TABLE kept");
    expect(await broken()).toEqual(["chain_cut", 5]);
  });

  /** Changes an entry and forges the whole chain anew. */
  async function rewrite(): Promise<void> {
    await tamper(
      space,
      "UPDATE audit_log SET actor_id = 'x' WHERE makerspace_id = ? AND seq = 2",
      "DELETE FROM audit_chain WHERE makerspace_id = ?",
    );
    await seal(space);
  }

  it("forged as a whole contradicts the head that was put aside", async () => {
    await anchorHead(storeOf(space), Date.now());
    await record(space);
    await seal(space);
    await rewrite();
    expect(await broken()).toEqual(["head_differs", 7]);
    expect(await broken("?limit=3")).toBeNull();
    expect(await broken("?from_seq=4&limit=3")).toBeNull();
    expect(await broken("?from_seq=7")).toEqual(["head_differs", 7]);
  });

  it("forged as a whole before a head was ever put aside goes unseen, as the documents say", async () => {
    await rewrite();
    expect(await broken()).toBeNull();
  });

  it("shortened together with its entries is shorter than the head that was put aside", async () => {
    await anchorHead(storeOf(space), Date.now());
    await tamper(
      space,
      "DELETE FROM audit_chain WHERE makerspace_id = ? AND seq > 5",
      "DELETE FROM audit_log WHERE makerspace_id = ? AND seq > 5",
    );
    expect(await broken()).toEqual(["head_differs", 7]);
  });
});

describe("the head", () => {
  it("is put aside each night, once a day, and a later one of the day does not replace it", async () => {
    const now = Date.now();
    expect(await anchorHead(storeOf(space), now - DAY)).toBe(true);
    await record(space);
    await tick("night");
    const { anchor } = await until("the head", async () => {
      const found = await verify();
      return found.anchor?.seq === 8 && found;
    });
    const { head_hash } = await verify();
    expect(anchor).toEqual({ date: new Date(now).toISOString().slice(0, 10), seq: 8, hash: head_hash });
    await record(space);
    await seal(space);
    expect(await anchorHead(storeOf(space), now)).toBe(false);
    expect((await verify()).anchor?.seq).toBe(8);
  }, 60_000);

  it("is kept out of the database, under its makerspace", async () => {
    await anchorHead(storeOf(space), Date.UTC(2026, 4, 1));
    const object = await env.FILES.get(`${space.id}/audit_heads/2026-05-01`);
    const { head_hash } = await verify();
    expect(await object?.json()).toEqual({
      makerspace_id: space.id,
      seq: 7,
      hash: head_hash,
      at: "2026-05-01T00:00:00.000Z",
    });
  });
});

describe("the whole chain, as a job", () => {
  const verified = async (): Promise<Job> => {
    const { api } = await space.as("makerspace_admin");
    await seal(space);
    const { id } = await api.post<Job>(space.path("/audit/verifications"));
    return until("the job", async () => {
      const job = await api.get<Job>(space.path(`/jobs/${id}`));
      return job.status === "succeeded" && job;
    });
  };

  it("is intact, with figures", async () => {
    const { result } = await verified();
    expect(result).toMatchObject({ status: "intact", erased: 1 });
    expect(Number(result?.checked)).toBeGreaterThanOrEqual(8);
  });

  it("names the first broken link", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    await tamper(space, "UPDATE audit_log SET action = 'x' WHERE makerspace_id = ? AND seq = 6");
    expect((await verified()).result).toMatchObject({ status: "broken", broken_kind: "row_changed", broken_seq: 6 });
  });
});
