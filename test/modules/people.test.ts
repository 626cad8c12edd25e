/** Makerspaces and who belongs to them. */

import { afterEach, describe, expect, it, vi } from "vitest";
import { Access } from "../../src/platform/access/permissions.ts";
import { HOUR } from "../../src/platform/time.ts";
import { Api, type Page } from "../support/api.ts";
import { iso, makeSpace, makeTwoSpaces, signIn, signInAsRoot, tokenFor } from "../support/space.ts";
import type { DirectoryEntry, Equipment, Makerspace, MakerspaceSummary, Me, Member } from "../support/wire.ts";

const newcomer = (more: object = {}) => ({
  email: `${crypto.randomUUID()}@example.org`,
  first_name: "Grace",
  last_name: "Hopper",
  role: "user",
  ...more,
});

describe("a makerspace", () => {
  const input = () => ({
    name: "Fab Lab",
    slug: `lab-${crypto.randomUUID().slice(0, 8)}`,
    timezone: "Asia/Kolkata",
    currency: "INR",
  });

  it("is opened by a super_admin alone, under a slug of its own", async () => {
    const root = await signInAsRoot();
    const body = input();
    const made = await root.post<Makerspace>("/api/v1/makerspaces", { ...body, location_hint: "apac" });
    expect(made).toMatchObject({ ...body, version: 1, show_holder: "initials" });
    expect((await root.refused("POST", "/api/v1/makerspaces", { body })).code).toBe("slug_taken");
    const { api } = await (await makeSpace()).as("makerspace_admin");
    expect((await api.refused("POST", "/api/v1/makerspaces", { body: input() })).code).toBe("forbidden");
  });

  it("shows its settings to those who may read them", async () => {
    const space = await makeSpace();
    const seenBy = async (who: "user" | "admin") => (await space.as(who)).api.get<Makerspace>(space.path());
    expect(await seenBy("user")).not.toHaveProperty("booking_policy");
    expect(await seenBy("admin")).toMatchObject({ show_holder: "initials", booking_policy: { approval: "none" } });
  });

  it("merges changes of its settings, and its machines follow before the answer", async () => {
    const space = await makeSpace();
    const [plain, strict] = [await space.machine(), await space.machine({ max_minutes: 60 })];
    const patch = { name: "New name", show_holder: "none", booking_policy: { max_minutes: 120, approval: "staff" } };
    const after = await space.root.patch<Makerspace>(space.path(), patch, 1);
    expect(after).toMatchObject({ name: "New name", version: 2, policy_applied: true, timezone: "Europe/Berlin" });
    expect(after.booking_policy).toMatchObject({ max_minutes: 120, approval: "staff", min_minutes: 15 });
    const policyOf = async ({ id }: Equipment) =>
      (await space.root.get<Equipment>(space.path(`/equipment/${id}`))).effective_policy;
    expect(await policyOf(plain)).toMatchObject({ max_minutes: 120, approval: "staff" });
    expect(await policyOf(strict)).toMatchObject({ max_minutes: 60, approval: "staff" });
  });

  it("refuses defaults that contradict themselves", async () => {
    const space = await makeSpace();
    const body = { booking_policy: { min_minutes: 600 } };
    const refused = await space.root.refused("PATCH", space.path(), { body, if_match: 1 });
    expect(refused).toMatchObject({ code: "invalid_body", errors: [{ pointer: "/booking_policy" }] });
  });

  it("is listed for those who belong to it, and for super_admins", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const { api, sub } = await home.as("user");
    const idsFor = async (who: Api) =>
      (await who.all<MakerspaceSummary>("/api/v1/makerspaces?limit=2")).map((summary) => summary.id);
    expect(await idsFor(api)).toEqual([home.id]);
    await abroad.root.post(abroad.path("/members"), newcomer({ user_id: sub }));
    expect(await idsFor(api)).toEqual([home.id, abroad.id].sort());
    expect(await idsFor(home.root)).toEqual(expect.arrayContaining([home.id, abroad.id]));
    const me = await api.get<Me>("/api/v1/me");
    expect(me.memberships.map((one) => one.makerspace_id).sort()).toEqual([home.id, abroad.id].sort());
  });
});

describe("a member", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is added once: by person, by e-mail, by external id", async () => {
    const space = await makeSpace();
    const user_id = `u-${crypto.randomUUID()}`;
    const first = newcomer({ user_id, external_id: "4711", email: "ADA@Example.org" });
    const made = await space.root.post<Member>(space.path("/members"), first);
    expect(made).toMatchObject({ status: "active", email: "ada@example.org", display_name: "Grace Hopper" });
    const add = async (more: object) =>
      (await space.root.refused("POST", space.path("/members"), { body: newcomer(more) })).code;
    expect(await add({ user_id })).toBe("already_member");
    expect(await add({ email: "ada@example.org" })).toBe("email_taken");
    expect(await add({ external_id: "4711" })).toBe("external_id_taken");
  });

  it("may be invited by e-mail, and is linked by the first sign-in that proves the address", async () => {
    const space = await makeSpace();
    const email = `${crypto.randomUUID()}@example.org`;
    const invited = await space.root.post<Member>(space.path("/members"), newcomer({ email }));
    expect(invited).toMatchObject({ status: "pending", user_id: null });
    const stranger = await signIn();
    expect((await stranger.refused("GET", space.path())).code).toBe("not_found");
    const sub = `invited-${crypto.randomUUID()}`;
    const api = new Api(await tokenFor(sub, [], email.toUpperCase()));
    // Several tabs at once.
    const answers = await Promise.all([1, 2, 3].map(() => api.send<Makerspace>("GET", space.path())));
    expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200]);
    const linked = await space.root.get<Member>(space.path(`/members/${invited.id}`));
    expect(linked).toMatchObject({ status: "active", user_id: sub, version: 2 });
    expect((await api.get<Me>("/api/v1/me")).memberships).toMatchObject([{ makerspace_id: space.id, role: "user" }]);
    const late = new Api(await tokenFor("somebody-else", [], email));
    expect((await late.refused("GET", space.path())).code).toBe("not_found");
  });

  it("is a name to other members, and everything to staff and to themselves", async () => {
    const space = await makeSpace();
    const [me, other] = [await space.as("user"), await space.person({ first_name: "Alan", last_name: "Turing" })];
    await space.root.post(space.path("/members"), newcomer());
    const listed = await me.api.all<Member | DirectoryEntry>(space.path("/members"));
    expect(listed).toHaveLength(2);
    const entry = { id: other.member.id, display_name: "Alan Turing", public_skills: [] };
    expect(listed).toContainEqual(entry);
    const { tags: _, notes: __, suspended_by: ___, last_seen_at: ____, ...mine } = me.member;
    expect(listed.find(({ id }) => id === me.member.id)).toMatchObject(mine);
    expect(await me.api.get(space.path(`/members/${other.member.id}`))).toEqual(entry);
    const desk = await space.as("desk");
    expect(await desk.api.get(space.path(`/members/${other.member.id}`))).toEqual(other.member);
    expect((await me.api.refused("GET", space.path("/members?role=user"))).code).toBe("forbidden");
    const provider = await space.as("service_provider");
    expect((await provider.api.refused("GET", space.path("/members"))).code).toBe("forbidden");
  });

  it("who is not active is not shown to other members", async () => {
    const space = await makeSpace();
    const [me, other] = [await space.as("user"), await space.person()];
    await space.root.post(space.path(`/members/${other.member.id}/suspend`), { reason: "x" });
    expect((await me.api.refused("GET", space.path(`/members/${other.member.id}`))).code).toBe("not_found");
    expect(await me.api.all(space.path("/members"))).toHaveLength(1);
  });

  it("is found by role, status and external id, in any combination", async () => {
    const space = await makeSpace();
    const roles = ["makerspace_admin", "admin", "user", "service_provider"] as const;
    for (const [index, role] of [...roles, ...roles, ...roles].entries()) {
      const person = index % 3 === 0 ? {} : { user_id: `u-${crypto.randomUUID()}` };
      await space.root.post(space.path("/members"), newcomer({ role, external_id: `x-${index}`, ...person }));
    }
    const all = await space.root.all<Member>(space.path("/members"));
    const suspended = all.filter((member) => member.status === "active").slice(0, 3);
    for (const { id } of suspended) await space.root.post(space.path(`/members/${id}/suspend`), { reason: "x" });
    const rows = await space.root.all<Member>(space.path("/members"));
    const filters: Record<"role" | "status", (string[] | null)[]> = {
      role: [null, ["user"], ["admin", "user"], [...roles]],
      status: [null, ["pending"], ["active", "suspended"]],
    };
    for (const role of filters.role) {
      for (const status of filters.status) {
        const query = [...(role ?? []).map((one) => `role=${one}`), ...(status ?? []).map((one) => `status=${one}`)];
        const found = await space.root.all<Member>(space.path(`/members?limit=2&${query.join("&")}`));
        const naive = rows.filter(
          (row) => (!role || role.includes(row.role)) && (!status || status.includes(row.status)),
        );
        expect(found.map((row) => row.id)).toEqual(naive.map((row) => row.id));
      }
    }
    const [one] = await space.root.all<Member>(space.path("/members?external_id=x-4"));
    expect(one?.external_id).toBe("x-4");
  });

  it("is suspended and let back in, and each says so on the very next request", async () => {
    const space = await makeSpace();
    const [admin, one] = [await space.as("makerspace_admin"), await space.as("user")];
    const path = (verb: string) => space.path(`/members/${one.member.id}/${verb}`);
    const suspended = await admin.api.post<Member>(path("suspend"), { reason: "Left the laser on" });
    expect(suspended).toMatchObject({ status: "suspended", status_reason: "Left the laser on", version: 2 });
    expect(await one.api.refused("GET", space.path())).toMatchObject({ status: 403, code: "membership_suspended" });
    expect((await one.api.get<Me>("/api/v1/me")).memberships).toMatchObject([{ status: "suspended" }]);
    const twice = await admin.api.refused("POST", path("suspend"), { body: { reason: "again" } });
    expect(twice).toMatchObject({ code: "illegal_transition", current_status: "suspended" });
    expect(await admin.api.post<Member>(path("reactivate"))).toMatchObject({ status: "active", status_reason: null });
    expect((await one.api.send("GET", space.path())).status).toBe(200);
    expect((await admin.api.refused("POST", path("reactivate"))).code).toBe("illegal_transition");
  });

  it("does not suspend themselves, and a makerspace keeps an administrator, even when two are suspended at once", async () => {
    const space = await makeSpace();
    const [one, two] = [await space.as("makerspace_admin"), await space.person({ role: "makerspace_admin" })];
    const suspend = (api: Api, id: string) =>
      api.send<Member>("POST", space.path(`/members/${id}/suspend`), { body: { reason: "x" } });
    expect((await suspend(one.api, one.member.id)).problem?.code).toBe("forbidden");
    const answers = await Promise.all([one, two].map(({ member }) => suspend(space.root, member.id)));
    expect(answers.map((answer) => answer.problem?.code ?? "done").sort()).toEqual(["done", "last_administrator"]);
  });

  it("acts by a duty for its machines alone, and until it ends", async () => {
    const space = await makeSpace();
    const [mine, other] = [await space.machine(), await space.machine()];
    const ends_at = iso(Date.now() + HOUR);
    const { api, member } = await space.person({
      duties: [{ duty: "maintainer", equipment_ids: [mine.id], ends_at }],
    });
    expect(member.duties).toEqual([{ duty: "maintainer", equipment_ids: [mine.id], ends_at }]);
    const change = async (machine: Equipment) => {
      const body = { notes: "oiled" };
      return (await api.send("PATCH", space.path(`/equipment/${machine.id}`), { body })).status;
    };
    expect([await change(mine), await change(other)]).toEqual([200, 403]);
    const added = await api.send("POST", space.path("/equipment"), {
      body: { code: "NEW", name: "New", category: "cnc_machine" },
    });
    expect(added.status).toBe(403);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 2 * HOUR });
    expect(await change(mine)).toBe(403);
  });

  it("is granted no role or duty above the grantor's own", () => {
    const covers = (mine: Access, role: "user" | "makerspace_admin", duty?: "desk") =>
      mine.covers(role, duty ? [{ duty, equipment_ids: null, ends_at: null }] : []);
    const admin = new Access("makerspace_admin", [], 0);
    const user = new Access("user", [], 0);
    expect([covers(admin, "makerspace_admin"), covers(admin, "user", "desk")]).toEqual([true, true]);
    expect([covers(user, "user"), covers(user, "makerspace_admin"), covers(user, "user", "desk")]).toEqual([
      true,
      false,
      false,
    ]);
    const limited = new Access("user", [{ duty: "desk", equipment_ids: ["m"], ends_at: null }], 0);
    expect(covers(limited, "user", "desk")).toBe(false);
  });

  it("list pages end where they should", async () => {
    const space = await makeSpace();
    for (let index = 0; index < 4; index++) await space.root.post(space.path("/members"), newcomer());
    const page = await space.root.get<Page<Member>>(space.path("/members?limit=4"));
    expect([page.data.length, page.next_cursor]).toEqual([4, null]);
  });
});
