/** Settings by section over HTTP: merged, guarded, switched, reset. */

import { describe, expect, it } from "vitest";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { loadSettings } from "../../../src/platform/settings/load.ts";
import { defaultSettings, sectionNames } from "../../../src/platform/settings/sections.ts";
import { Api } from "../../support/api.ts";
import { makeSpace, makeTwoSpaces, type TestSpace } from "../../support/space.ts";
import type { AllSettings, SettingsHistoryEntry, SettingsSection } from "../../support/wire.ts";

const admin = async (space: TestSpace): Promise<Api> => (await space.as("makerspace_admin")).api;
const stored = (space: TestSpace) => loadSettings(new SpaceStore(space.id, "000"));

describe("settings by section", () => {
  it("are all there from the start, with their defaults, version 1 and the modules that some wait for", async () => {
    const space = await makeSpace();
    const all = await (await admin(space)).get<AllSettings>(space.path("/settings"));
    expect(Object.keys(all)).toEqual(sectionNames);
    expect(all.access).toMatchObject({ ...defaultSettings.access, version: 1, updated_at: null });
    expect(all.service.reserved_for).toMatchObject({ service_mode: "service jobs" });
    expect(all.integrations.stripe_secret_key).toEqual({ configured: false, last4: null, updated_at: null });
  });

  it("merge what a patch names, leave the rest, and take null back to the default", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const path = space.path("/settings/general");
    const hours = { mon: [{ from: "09:00", to: "18:00" }], sat: [{ from: "10:00", to: "24:00" }] };
    const first = await api.patch<SettingsSection>(path, { description: "A place.", opening_hours: hours }, 1);
    expect(first).toMatchObject({ section: "general", version: 2, description: "A place.", opening_hours: hours });
    const second = await api.patch<SettingsSection>(path, { description: null, contact_phone: "+49 30 1234" }, 2);
    expect(second).toMatchObject({ version: 3, description: null, contact_phone: "+49 30 1234", opening_hours: hours });
    expect((await stored(space)).general.opening_hours).toEqual(hours);
    expect(await api.get(path)).toEqual({ ...second, policy_applied: undefined });
  });

  it("carry their version as ETag, want it back, and refuse an old one", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const path = space.path("/settings/access");
    const read = await api.send("GET", path);
    expect(read.headers.get("etag")).toBe('"1"');
    const body = { public_registration: true };
    expect((await api.refused("PATCH", path, { body })).code).toBe("precondition_required");
    expect((await api.refused("PATCH", path, { body, if_match: 2 })).code).toBe("stale_version");
    await api.patch(path, body, 1);
    expect((await api.refused("PATCH", path, { body: { membership_required: true }, if_match: 1 })).code).toBe(
      "stale_version",
    );
    expect((await stored(space)).access.membership_required).toBe(false);
  });

  it("let one of thirty simultaneous changes through, first ones and later ones", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const path = space.path("/settings/general");
    for (const version of [1, 2]) {
      const answers = await Promise.all(
        Array.from({ length: 30 }, (_, index) =>
          api.send("PATCH", path, { body: { description: `${version}.${index}` }, if_match: version }),
        ),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 200)).toHaveLength(1);
      expect(statuses.filter((status) => status === 412)).toHaveLength(29);
      expect((await api.get<SettingsSection>(path)).version).toBe(version + 1);
    }
    expect(await api.all<SettingsHistoryEntry>(space.path("/settings/history"))).toHaveLength(2);
  });

  it("refuse unknown keys, sections and values, each by its pointer, and change nothing then", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const body = {
      latitude: 91,
      opening_hours: { mon: [{ from: "18:00", to: "09:00" }] },
      id: "x",
      constructor: 1,
      contact_email: "nobody",
      website_url: "javascript:alert(1)",
    };
    const refused = await api.refused("PATCH", space.path("/settings/general"), { body, if_match: 1 });
    expect(refused.code).toBe("invalid_body");
    expect(refused.errors?.map(({ pointer }) => pointer).sort()).toEqual([
      "/constructor",
      "/contact_email",
      "/id",
      "/latitude",
      "/opening_hours/mon/0",
      "/website_url",
    ]);
    expect(
      (await api.refused("PATCH", space.path("/settings/general"), { body: { latitude: 5 }, if_match: 1 })).errors,
    ).toEqual([{ pointer: "/latitude", code: "contradiction", detail: expect.any(String) }]);
    for (const name of ["nothing", "constructor", "__proto__"]) {
      expect((await api.refused("PATCH", space.path(`/settings/${name}`), { body: {}, if_match: 1 })).code).toBe(
        "not_found",
      );
      expect((await api.refused("GET", space.path(`/settings/${name}`))).code).toBe("not_found");
    }
    expect(await stored(space)).toEqual(defaultSettings);
  });

  it("change nothing, not even a version, when they are so already", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const same = await api.patch<SettingsSection>(space.path("/settings/access"), { enable_reservations: true }, 1);
    expect(same.version).toBe(1);
    expect(await api.all(space.path("/settings/history"))).toEqual([]);
  });

  it("go back to their defaults on reset, with a new version", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const path = space.path("/settings/access");
    await api.patch(path, { public_registration: true, enable_reservations: false }, 1);
    expect((await api.refused("POST", `${path}/reset`, { if_match: 1 })).code).toBe("stale_version");
    expect(await api.post<SettingsSection>(`${path}/reset`)).toMatchObject({ ...defaultSettings.access, version: 3 });
    expect(await stored(space)).toEqual(defaultSettings);
    expect((await api.refused("PATCH", path, { body: { public_registration: true }, if_match: 1 })).code).toBe(
      "stale_version",
    );
  });

  it("belong to one makerspace", async () => {
    const { home, abroad } = await makeTwoSpaces();
    await (await admin(home)).patch(home.path("/settings/access"), { enable_reservations: false }, 1);
    expect((await stored(abroad)).access.enable_reservations).toBe(true);
    const stranger = await admin(abroad);
    expect((await stranger.refused("GET", home.path("/settings"))).code).toBe("not_found");
    expect((await stranger.refused("PATCH", home.path("/settings/access"), { body: {}, if_match: 1 })).code).toBe(
      "not_found",
    );
  });
});

describe("a switch", () => {
  it("is thrown without a version; again it changes nothing", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const path = space.path("/settings/access/toggles/enable_reservations");
    expect(await api.post(path, { enabled: false })).toMatchObject({ enable_reservations: false, version: 2 });
    expect(await api.post(path, { enabled: false })).toMatchObject({ enable_reservations: false, version: 2 });
    expect(await api.post(path, { enabled: true })).toMatchObject({ enable_reservations: true, version: 3 });
  });

  it("is none where a setting is no yes or no, or does not exist", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    for (const path of [
      "general/toggles/description",
      "access/toggles/nothing",
      "access/toggles/constructor",
      "nothing/toggles/x",
    ]) {
      const refused = await api.refused("POST", space.path(`/settings/${path}`), { body: { enabled: true } });
      expect(refused.code).toBe("not_found");
    }
  });

  it("survives others that are thrown at the same moment", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const keys = ["public_registration", "membership_required", "auto_approve_members"];
    const switched = keys.map((key) => api.post(space.path(`/settings/access/toggles/${key}`), { enabled: true }));
    const patched = api.patch(space.path("/settings/access"), { cancel_bookings_on_suspension: false }, 1);
    await Promise.all([...switched, patched.catch(() => undefined)]);
    expect((await stored(space)).access).toMatchObject(Object.fromEntries(keys.map((key) => [key, true])));
  });

  it("of a module that is not there yet names it, and stays off by every way", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const all = await api.get<AllSettings>(space.path("/settings"));
    const waiting = sectionNames.flatMap((section) =>
      Object.entries(all[section].reserved_for)
        .filter(([key]) => typeof all[section][key] === "boolean")
        .map(([key, module]) => ({ section, key, module })),
    );
    expect(waiting.length).toBeGreaterThan(10);
    for (const { section, key, module } of waiting) {
      const path = space.path(`/settings/${section}`);
      const patched = await api.refused("PATCH", path, { body: { [key]: true }, if_match: 1 });
      expect(patched).toMatchObject({ code: "module_missing", detail: expect.stringContaining(`"${module}"`) });
      expect(patched.errors?.[0]?.pointer).toBe(`/${key}`);
      const switched = await api.refused("POST", `${path}/toggles/${key}`, { body: { enabled: true } });
      expect(switched).toMatchObject({ code: "module_missing", detail: expect.stringContaining(module) });
      const imported = { body: { settings: { [section]: { [key]: true } } } };
      expect((await api.refused("POST", space.path("/settings/import"), imported)).errors?.[0]?.code).toBe("reserved");
    }
    expect(await stored(space)).toEqual(defaultSettings);
  });
});

describe("who may", () => {
  it("read and change is a matter of permission; members do neither", async () => {
    const space = await makeSpace();
    const { api: clerk } = await space.as("admin");
    await clerk.get(space.path("/settings"));
    const change = { body: { public_registration: true }, if_match: 1 };
    expect((await clerk.refused("PATCH", space.path("/settings/access"), change)).code).toBe("forbidden");
    expect((await clerk.refused("GET", space.path("/settings/export"))).code).toBe("forbidden");
    const { api: user } = await space.as("user");
    for (const rest of ["", "/access", "/history"]) {
      expect((await user.refused("GET", space.path(`/settings${rest}`))).code).toBe("forbidden");
    }
    expect((await new Api().refused("GET", space.path("/settings"))).code).toBe("unauthenticated");
  });
});
