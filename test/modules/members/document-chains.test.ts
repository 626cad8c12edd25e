/** Documents that follow one another: what counts goes on counting, and what was replaced is in nobody's way. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { DAY } from "../../../src/platform/time.ts";
import { documentsOf, handedIn, handIn } from "../../support/documents.ts";
import { iso, makeSpace } from "../../support/space.ts";
import type { Document } from "../../support/wire.ts";

describe("a document", () => {
  it("that is verified goes with the one that follows at last, whatever became of those between", async () => {
    const space = await makeSpace();
    const [ada, desk] = [await space.person(), await space.as("desk")];
    const at = (id: string, rest = "") => documentsOf(space, ada, `/${id}${rest}`);
    const status = async ({ id }: Document) => (await ada.api.get<Document>(at(id))).status;
    for (const between of ["pending", "rejected"]) {
      const first = await handedIn(space, ada, { kind: "insurance" });
      await desk.api.post(at(first.id, "/verify"), { expires_at: iso(Date.now() + 30 * DAY) }, { key: null });
      const second = await handedIn(space, ada, { kind: "insurance", replaces: first.id });
      if (between === "rejected") await desk.api.post(at(second.id, "/reject"), { reason: "No." }, { key: null });
      const third = await handedIn(space, ada, { kind: "insurance", replaces: second.id });
      expect([between, await status(first), await status(second)]).toEqual([between, "verified", "replaced"]);
      // One alone waits to follow what counts.
      const another = await handIn(space, ada, ada.api, { kind: "insurance", replaces: first.id });
      expect([between, another.status]).toEqual([between, 409]);
      await desk.api.post(at(third.id, "/verify"), {}, { key: null });
      expect([between, await status(first), await status(third)]).toEqual([between, "replaced", "verified"]);
    }
  });

  it("may follow another for ever: those that were replaced do not count", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const rows = Array.from({ length: 50 }, (_, index) => ({ id: `r${index}`, kind: "insurance" }));
    await env.DB_000.prepare(
      `INSERT INTO member_documents (makerspace_id, id, member_id, kind, status, content_type, size, sha256, submitted_by, version, created_at, updated_at)
       SELECT ?, value ->> 'id', ?, 'insurance', 'replaced', 'image/png', 1, hex(zeroblob(32)), 'x', 1, 1, 1 FROM json_each(?)`,
    )
      .bind(space.id, ada.member.id, JSON.stringify(rows))
      .run();
    const { id } = await handedIn(space, ada);
    await env.DB_000.prepare("UPDATE member_documents SET status = 'rejected' WHERE makerspace_id = ? AND id LIKE 'r%'")
      .bind(space.id)
      .run();
    expect((await handIn(space, ada, ada.api)).problem?.code).toBe("too_many_documents");
    // At the limit one still takes another's place.
    await env.DB_000.prepare("DELETE FROM member_documents WHERE makerspace_id = ? AND id = 'r0'").bind(space.id).run();
    expect((await handIn(space, ada, ada.api, { replaces: id })).status).toBe(201);
  });
});
