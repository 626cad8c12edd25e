/** Supporting documents: handed in, looked at by staff, in force until they end, and gone with their files. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { DAY, HOUR, MINUTE } from "../../../src/platform/time.ts";
import { Api } from "../../support/api.ts";
import { tick } from "../../support/background.ts";
import { documentsOf, fileOf, handedIn, handIn } from "../../support/documents.ts";
import { through } from "../../support/faults.ts";
import { set } from "../../support/plans.ts";
import { iso, makeSpace, makeTwoSpaces, type TestSpace, until } from "../../support/space.ts";
import type { Document, Notification } from "../../support/wire.ts";

interface Link {
  url: string;
  expires_at: string;
}

const keysOf = async (space: TestSpace): Promise<string[]> =>
  (await env.FILES.list({ prefix: `${space.id}/document/` })).objects.map(({ key }) => key.split("/")[2] ?? "");

const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<string> =>
  [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");

/** A file whose length nobody knows. */
const unending = (): ReadableStream<Uint8Array> => new ReadableStream({ pull: (to) => to.enqueue(fileOf()) });

/** Moves a document in time. */
const shift = (id: string, values: Partial<Record<"expires_at" | "due_at", number>>) =>
  env.DB_000.prepare("UPDATE member_documents SET expires_at = coalesce(?, expires_at), due_at = ? WHERE id = ?")
    .bind(values.expires_at ?? null, values.due_at ?? null, id)
    .run();

describe("a document", () => {
  it("is handed in, waits, is opened by a link for ten minutes and verified by staff", async () => {
    const space = await makeSpace();
    const [ada, desk] = [await space.person(), await space.as("desk")];
    const bytes = fileOf("image/png", 3 * 1024 * 1024);
    bytes.set([1, 2, 3], 2_000_000);
    const expires_at = iso(Date.now() + 400 * DAY);
    const handed = await handedIn(space, ada, { bytes, type: "image/png", kind: "certificate", expires_at });
    expect(handed).toMatchObject({
      member_id: ada.member.id,
      kind: "certificate",
      status: "pending",
      content_type: "image/png",
      size: bytes.length,
      sha256: await sha256(bytes),
      submitted_by: ada.member.id,
      expires_at,
    });
    expect(await desk.api.all(space.path("/documents"))).toEqual([handed]);
    const path = documentsOf(space, ada, `/${handed.id}`);
    const asked = Date.now();
    const link = await desk.api.post<Link>(`${path}/links`, {}, { key: null });
    const minutes = (Date.parse(link.expires_at) - asked) / MINUTE;
    expect(minutes).toBeGreaterThan(9.5);
    expect(minutes).toBeLessThan(10.5);
    const file = await new Api().send<string>("GET", link.url);
    expect(file.headers.get("content-type")).toBe("image/png");
    expect(file.headers.get("content-disposition")).toContain(`certificate-${handed.id}.png`);
    const verified = await desk.api.post<Document>(`${path}/verify`, {}, { key: null });
    expect(verified).toMatchObject({ status: "verified", decided_by: desk.member.id, expires_at, version: 2 });
    expect(await ada.api.get(path)).toEqual(verified);
    expect(await desk.api.all(space.path("/documents"))).toEqual([]);
    expect((await desk.api.refused("POST", `${path}/verify`, { key: null })).current_status).toBe("verified");
  });

  it("is PDF, JPEG or PNG by its first bytes, whatever it calls itself, and at most 10 MiB", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const text = new TextEncoder();
    const html = Uint8Array.from(text.encode("<html><script>alert(1)</script>"));
    const nearly = Uint8Array.from(text.encode("%PDF"));
    const refused: [string, Parameters<typeof handIn>[3], number, string][] = [
      ["HTML as PDF", { bytes: html }, 415, "file_type_refused"],
      ["a beginning alone", { bytes: nearly }, 415, "file_type_refused"],
      ["a PNG as PDF", { bytes: fileOf("image/png") }, 415, "file_type_refused"],
      ["HTML", { bytes: html, type: "text/html" }, 415, "unsupported_media_type"],
      ["a type inside another", { type: "text/html; application/pdf" }, 415, "unsupported_media_type"],
      ["a length unknown", { bytes: unending(), length: null }, 411, "length_required"],
      ["more than 10 MiB", { bytes: fileOf("application/pdf", 10 * 1024 * 1024 + 1) }, 413, "payload_too_large"],
      ["an unknown kind", { kind: "passport_photo" }, 400, "invalid_parameter"],
      ["an end that has passed", { expires_at: iso(Date.now() - 1) }, 400, "invalid_parameter"],
      ["to follow nothing", { replaces: crypto.randomUUID() }, 422, "unknown_reference"],
    ];
    for (const [what, more, status, code] of refused) {
      const answer = await handIn(space, ada, ada.api.by(through({})), more);
      expect([what, answer.status, answer.problem?.code]).toEqual([what, status, code]);
    }
    expect([await keysOf(space), await ada.api.all(documentsOf(space, ada))]).toEqual([[], []]);
    for (const type of ["application/pdf", "image/jpeg", "image/png"] as const)
      expect((await handIn(space, ada, ada.api, { bytes: fileOf(type), type })).status).toBe(201);
    const whole = await handIn(space, ada, ada.api, { bytes: fileOf("application/pdf", 10 * 1024 * 1024) });
    expect(whole.body?.size).toBe(10 * 1024 * 1024);
  }, 30_000);

  it("that was rejected says why, is told its member, and may be followed by another", async () => {
    const space = await makeSpace();
    const [ada, safety] = [await space.person(), await space.as("safety")];
    const first = await handedIn(space, ada);
    const path = documentsOf(space, ada, `/${first.id}`);
    const reason = "It cannot be read.";
    const rejected = await safety.api.post<Document>(`${path}/reject`, { reason }, { key: null });
    expect(rejected).toMatchObject({ status: "rejected", reason });
    await until("the news", async () =>
      (await ada.api.all<Notification>(space.path("/notifications"))).find(({ type }) => type === "document.rejected"),
    );
    const second = await handedIn(space, ada, { replaces: first.id });
    expect(second.replaces_id).toBe(first.id);
    // What nobody needs any more is not kept.
    expect(await ada.api.get(path)).toMatchObject({ status: "replaced" });
    expect(await keysOf(space)).toEqual([second.id]);
    expect((await ada.api.refused("POST", `${path}/links`, { key: null })).current_status).toBe("replaced");
    const again = await handIn(space, ada, ada.api, { replaces: first.id });
    expect(again.problem?.code).toBe("illegal_transition");
    const other = await handIn(space, ada, ada.api, { replaces: second.id, kind: "insurance" });
    expect(other.problem?.code).toBe("unknown_reference");
  });

  it("that is verified counts until the one that follows it is verified; of two that follow one waits", async () => {
    const space = await makeSpace();
    const [ada, desk] = [await space.person(), await space.as("desk")];
    const first = await handedIn(space, ada, { kind: "insurance" });
    const at = (id: string, rest = "") => documentsOf(space, ada, `/${id}${rest}`);
    await desk.api.post(at(first.id, "/verify"), { expires_at: iso(Date.now() + 30 * DAY) }, { key: null });
    const tries = await Promise.all(
      [1, 2, 3].map(() => handIn(space, ada, ada.api, { kind: "insurance", replaces: first.id })),
    );
    expect(tries.map(({ status }) => status).sort()).toEqual([201, 409, 409]);
    const second = tries.find(({ body }) => body)?.body as Document;
    expect((await ada.api.get<Document>(at(first.id))).status).toBe("verified");
    await desk.api.post(at(second.id, "/verify"), {}, { key: null });
    expect((await ada.api.get<Document>(at(first.id))).status).toBe("replaced");
    const kept = await env.DB_000.prepare("SELECT id FROM loose_files WHERE makerspace_id = ?").bind(space.id).all();
    // The losers' files are left to the clockwork.
    expect((await keysOf(space)).sort()).toEqual([second.id, ...kept.results.map(({ id }) => String(id))].sort());
    expect(kept.results).toHaveLength(2);
  });

  it("is decided by others than its member, once, however many decide", async () => {
    const space = await makeSpace();
    const [desk, safety] = [await space.as("desk"), await space.as("safety")];
    const own = await handedIn(space, desk);
    const path = documentsOf(space, desk, `/${own.id}`);
    expect((await desk.api.refused("POST", `${path}/verify`, { key: null })).code).toBe("forbidden");
    const body = { reason: "No." };
    expect((await desk.api.refused("POST", `${path}/reject`, { body, key: null })).code).toBe("forbidden");
    const [late] = [iso(Date.now() - 1)];
    const passed = { body: { expires_at: late }, key: null };
    expect((await safety.api.refused("POST", `${path}/verify`, passed)).code).toBe("invalid_body");
    const answers = await Promise.all([
      ...[1, 2, 3].map(() => safety.api.send("POST", `${path}/verify`, { key: null })),
      ...[1, 2, 3].map(() => space.root.send("POST", `${path}/reject`, { body, key: null })),
    ]);
    const done = answers.filter(({ status }) => status === 200);
    // Verified and then rejected is an order of things; both at once is none.
    expect(done.length).toBeLessThanOrEqual(2);
    const { version, status } = await desk.api.get<Document>(path);
    expect(version).toBe(1 + done.length);
    if (done.length === 2) expect(status).toBe("rejected");
  });

  it("reminds its member before it ends, and ends; once each", async () => {
    const space = await makeSpace();
    const [ada, desk] = [await space.person(), await space.as("desk")];
    const { id } = await handedIn(space, ada, { kind: "insurance" });
    const path = documentsOf(space, ada, `/${id}`);
    await desk.api.post(`${path}/verify`, { expires_at: iso(Date.now() + 20 * DAY) }, { key: null });
    const told = async () =>
      (await ada.api.all<Notification>(space.path("/notifications")))
        .map(({ type }) => type)
        .filter((type) => /expir/.test(type));
    await tick("quarter");
    const soon = Date.now() + 10 * DAY;
    await shift(id, { expires_at: soon, due_at: Date.now() - 1 });
    await tick("quarter");
    await until("the reminder", async () => (await told()).length === 1);
    expect((await ada.api.get<Document>(path)).status).toBe("verified");
    await tick("quarter");
    await shift(id, { expires_at: Date.now() - 1, due_at: Date.now() - 1 });
    await tick("quarter");
    await until("the end", async () => (await told()).length === 2);
    await tick("quarter");
    expect(await told()).toEqual(["document.expired", "document.expiring"]);
    expect((await ada.api.get<Document>(path)).status).toBe("expired");
    const next = await handedIn(space, ada, { kind: "insurance", replaces: id });
    expect([(await ada.api.get<Document>(path)).status, await keysOf(space)]).toEqual(["replaced", [next.id]]);
  }, 60_000);

  it("goes with its file and its links when it is deleted", async () => {
    const space = await makeSpace();
    const [ada, trainer] = [await space.person(), await space.as("trainer")];
    const { id } = await handedIn(space, ada);
    const path = documentsOf(space, ada, `/${id}`);
    const link = await ada.api.post<Link>(`${path}/links`, {}, { key: null });
    expect((await trainer.api.refused("DELETE", path)).code).toBe("not_found");
    await ada.api.delete(path);
    expect(await keysOf(space)).toEqual([]);
    expect((await new Api().refused("GET", link.url)).code).toBe("not_found");
    expect((await ada.api.refused("GET", path)).code).toBe("not_found");
    expect((await ada.api.refused("DELETE", path)).code).toBe("not_found");
  });
});

describe("who sees documents", () => {
  it("is the member and those on duty, each download by name in the audit", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const ada = await home.person();
    const { id } = await handedIn(home, ada);
    const path = documentsOf(home, ada, `/${id}`);
    const opened: string[] = [];
    for (const [who, { api, member }] of await home.everybody()) {
      const mayRead = ["desk", "trainer", "safety", "makerspace_admin"].includes(who);
      const status = mayRead ? 200 : 404;
      for (const where of [path, documentsOf(home, ada)])
        expect([who, (await api.send("GET", where)).status]).toEqual([who, status]);
      expect([who, (await api.send("POST", `${path}/links`, { key: null })).status]).toEqual([who, status]);
      if (mayRead) opened.push(member.id);
      const maySubmit = ["desk", "makerspace_admin"].includes(who);
      expect([who, (await handIn(home, ada, api)).status]).toEqual([who, maySubmit ? 201 : 404]);
      const mayDecide = ["desk", "safety", "makerspace_admin"].includes(who);
      expect([who, (await api.send("GET", home.path("/documents"))).status]).toEqual([who, mayDecide ? 200 : 403]);
    }
    const { results } = await env.DB_000.prepare(
      "SELECT actor_id FROM audit_log WHERE makerspace_id = ? AND action = 'document.opened' AND subject_id = ? ORDER BY seq",
    )
      .bind(home.id, id)
      .all<{ actor_id: string }>();
    expect(results.map((row) => row.actor_id)).toEqual(opened);
    const elsewhere = abroad.path(`/members/${ada.member.id}/documents/${id}`);
    expect((await abroad.root.refused("GET", elsewhere)).code).toBe("not_found");
    expect((await abroad.root.refused("POST", `${elsewhere}/links`, { key: null })).code).toBe("not_found");
  }, 60_000);
});

describe("kinds of documents", () => {
  it("are those that the makerspace asks for", async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const kinds = [{ code: "welding_licence", title: "Welding licence" }];
    await set(space, "access", { document_kinds: kinds });
    expect((await handIn(space, ada, ada.api, { kind: "id_proof" })).problem?.errors?.[0]?.pointer).toBe("/kind");
    expect((await handIn(space, ada, ada.api, { kind: "welding_licence" })).status).toBe(201);
  });
});

describe("lists of documents", () => {
  it("are what a naive filter finds, page by page", async () => {
    const space = await makeSpace();
    const people = [await space.person(), await space.person()];
    const statuses = ["pending", "verified", "rejected", "expired", "replaced"];
    const rows = Array.from({ length: 60 }, (_, index) => ({
      id: `d${String(index).padStart(3, "0")}`,
      member_id: people[index % 2]?.member.id ?? "",
      kind: ["id_proof", "insurance", "certificate"][index % 3] ?? "",
      status: statuses[(index * 7) % 5] ?? "",
    }));
    await env.DB_000.prepare(
      `INSERT INTO member_documents (makerspace_id, id, member_id, kind, status, content_type, size, sha256, submitted_by, version, created_at, updated_at)
       SELECT ?, value ->> 'id', value ->> 'member_id', value ->> 'kind', value ->> 'status', 'image/png', 1, hex(zeroblob(32)), 'x', 1, 1, 1 FROM json_each(?)`,
    )
      .bind(space.id, JSON.stringify(rows))
      .run();
    const ids = (keep: (row: (typeof rows)[number]) => boolean) => rows.filter(keep).map(({ id }) => id);
    const found = async (path: string) => (await space.root.all<Document>(space.path(path))).map(({ id }) => id);
    for (const limit of [7, 100]) {
      expect(await found(`/documents?limit=${limit}`)).toEqual(ids(({ status }) => status === "pending"));
      expect(
        await found(`/documents?limit=${limit}&kind=insurance&kind=id_proof&status=verified&status=expired`),
      ).toEqual(ids(({ kind, status }) => kind !== "certificate" && ["verified", "expired"].includes(status)));
      const [one] = people;
      const mine = `/members/${one?.member.id}/documents?limit=${limit}`;
      expect(await found(mine)).toEqual(ids(({ member_id }) => member_id === one?.member.id));
      expect(await found(`${mine}&status=rejected`)).toEqual(
        ids(({ member_id, status }) => member_id === one?.member.id && status === "rejected"),
      );
    }
    const { next_cursor } = await space.root.get<{ next_cursor: string }>(space.path("/documents?limit=2"));
    expect((await space.root.refused("GET", space.path(`/documents?status=expired&cursor=${next_cursor}`))).code).toBe(
      "invalid_cursor",
    );
  });

  it("walk one index each, in its order, without sorting", async () => {
    const plan = async (where: string, ...values: string[]) => {
      const { results } = await env.DB_000.prepare(
        `EXPLAIN QUERY PLAN SELECT * FROM member_documents WHERE makerspace_id = ? AND ${where} AND id > ? ORDER BY id LIMIT 51`,
      )
        .bind("space", ...values, "")
        .all<{ detail: string }>();
      return results.map(({ detail }) => detail).join("; ");
    };
    const status = "unlikely(status = ?)";
    expect(await plan(status, "pending")).toMatch(/^SEARCH .* INDEX member_documents_by_status \(.*id>\?\)$/);
    expect(await plan(`unlikely(kind = ?) AND ${status}`, "id_proof", "pending")).toMatch(
      /^SEARCH .* INDEX member_documents_by_kind \(.*id>\?\)$/,
    );
    expect(await plan(`unlikely(member_id = ?) AND ${status}`, "m", "pending")).toMatch(
      /^SEARCH .* INDEX member_documents_by_member \(.*id>\?\)$/,
    );
    const { results } = await env.DB_000.prepare(
      `EXPLAIN QUERY PLAN SELECT id FROM member_documents INDEXED BY member_documents_due
       WHERE due_at IS NOT NULL AND due_at <= ? AND makerspace_id = ? ORDER BY due_at LIMIT 100`,
    )
      .bind(HOUR, "space")
      .all<{ detail: string }>();
    expect(results.map(({ detail }) => detail).join("; ")).toMatch(
      /^SEARCH member_documents USING COVERING INDEX member_documents_due \(due_at>\? AND due_at<\?\)$/,
    );
  });
});
