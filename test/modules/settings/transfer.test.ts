/** History, export and import, the public part, and the theme. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { loadSettings } from "../../../src/platform/settings/load.ts";
import { defaultSettings, sectionNames, settingsOf } from "../../../src/platform/settings/sections.ts";
import { Api } from "../../support/api.ts";
import { connectionLost, faulty, through } from "../../support/faults.ts";
import { rowsReadBy } from "../../support/reads.ts";
import { makeSpace, makeTwoSpaces, type TestSpace } from "../../support/space.ts";
import type {
  PublicSettings,
  SettingsExport,
  SettingsHistoryEntry,
  SettingsImportReport,
  SettingsSection,
} from "../../support/wire.ts";

const stored = (space: TestSpace) => loadSettings(new SpaceStore(space.id, "000"));
const admin = async (space: TestSpace): Promise<Api> => (await space.as("makerspace_admin")).api;

describe("the history", () => {
  it("says who changed which keys when, from what to what, newest first, by section and page", async () => {
    const space = await makeSpace();
    const { api, member } = await space.as("makerspace_admin");
    await api.patch(space.path("/settings/access"), { public_registration: true, membership_required: true }, 1);
    await api.post(space.path("/settings/security/toggles/api_tokens"), { enabled: false });
    await api.post(space.path("/settings/access/reset"));
    await api.patch(space.path(), { show_holder: "none", booking_policy: { max_minutes: 600 } }, 1);
    const all = await api.all<SettingsHistoryEntry>(space.path("/settings/history?limit=1"));
    expect(all.map(({ section, version }) => [section, version])).toEqual([
      ["makerspace", 2],
      ["access", 3],
      ["security", 2],
      ["access", 2],
    ]);
    expect(all[0]?.changes.map(({ key }) => key)).toEqual(["show_holder", "max_minutes"]);
    expect(all[3]).toMatchObject({
      actor: { kind: "member", id: member.id },
      changes: [
        { key: "membership_required", withheld: false, before: false, after: true },
        { key: "public_registration", withheld: false, before: false, after: true },
      ],
    });
    const access = await api.all<SettingsHistoryEntry>(space.path("/settings/history?section=access&limit=1"));
    expect(access.map(({ id }) => id)).toEqual([all[1]?.id, all[3]?.id]);
  });

  it("reads a page, not the table, whatever section is asked for", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    await env.DB_000.prepare(
      `INSERT INTO settings_history
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
       SELECT ?, printf('0000-%05d', i), iif(i % 1000 = 0, 'security', 'access'), i, '[]', 'member', 'x', i FROM n`,
    )
      .bind(space.id)
      .run();
    for (const query of ["limit=5", "limit=5&section=access", "limit=2&section=security", "limit=5&section=billing"]) {
      const read = await rowsReadBy(api, space.path(`/settings/history?${query}`), /settings_history/);
      expect([query, read <= 12]).toEqual([query, true]);
    }
    expect(await api.all(space.path("/settings/history?section=security&limit=2"))).toHaveLength(3);
  });

  it("withholds personal contact, and the audit does, too", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    await api.patch(
      space.path("/settings/general"),
      {
        contact_email: "hello@fablab.example",
        contact_phone: "+49 30 555",
        address: "Torstr. 1",
        description: "A lab",
      },
      1,
    );
    const [entry] = await api.all<SettingsHistoryEntry>(space.path("/settings/history"));
    expect(entry?.changes).toEqual([
      { key: "description", withheld: false, before: null, after: "A lab" },
      { key: "address", withheld: true },
      { key: "contact_email", withheld: true },
      { key: "contact_phone", withheld: true },
    ]);
    const { results } = await env.DB_000.prepare(
      "SELECT name FROM sqlite_master WHERE name LIKE 'audit%' AND type = 'table'",
    ).all<{
      name: string;
    }>();
    const rows = await Promise.all(
      results.map(({ name }) =>
        env.DB_000.prepare(`SELECT * FROM "${name}" WHERE makerspace_id = ?`).bind(space.id).all(),
      ),
    );
    const text = JSON.stringify(rows.map((table) => table.results));
    expect(text).toContain("settings.updated");
    expect(text).not.toContain("hello@fablab.example");
    expect(text).not.toContain("Torstr");
  });
});

describe("export and import", () => {
  it("carry the settings of one makerspace into another", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [here, there] = [await admin(home), await admin(abroad)];
    const hours = { tue: [{ from: "10:00", to: "20:00" }] };
    await here.patch(home.path("/settings/general"), { opening_hours: hours, description: "A lab" }, 1);
    await here.patch(home.path("/settings/access"), { public_registration: true }, 1);
    const taken = await here.get<SettingsExport>(home.path("/settings/export"));
    expect(taken).toMatchObject({ format: "makrcave-settings", makerspace: { id: home.id } });
    const body = { settings: taken.settings };
    const dry = await there.post<SettingsImportReport>(abroad.path("/settings/import"), { ...body, dry_run: true });
    expect(dry).toMatchObject({ dry_run: true, applied: false });
    const changed = dry.results
      .filter(({ outcome }) => outcome === "changed")
      .map(({ section, key }) => `${section}.${key}`);
    expect(changed.sort()).toEqual(["access.public_registration", "general.description", "general.opening_hours"]);
    expect(await stored(abroad)).toEqual(defaultSettings);
    const done = await there.post<SettingsImportReport>(abroad.path("/settings/import"), body);
    expect(done).toEqual({ ...dry, dry_run: false, applied: true, policy_applied: true });
    expect(await stored(abroad)).toEqual(await stored(home));
    const again = await there.post<SettingsImportReport>(abroad.path("/settings/import"), body);
    expect(again.applied).toBe(false);
    expect(again.results.every(({ outcome }) => outcome === "unchanged")).toBe(true);
  });

  it("take all of a document or nothing, and report every fault by its place", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const settings = {
      access: { public_registration: true, makerspace_id: "x" },
      inventory: { filament_deduction: true },
      general: { description: 5, latitude: 1 },
      appearance: { text: "#ffffff" },
      nothing: { a: 1 },
    };
    const dry = await api.post<SettingsImportReport>(space.path("/settings/import"), { settings, dry_run: true });
    expect(dry.results.map(({ section, key, outcome, code }) => [section, key, outcome, code])).toEqual([
      ["access", "public_registration", "changed", undefined],
      ["access", "makerspace_id", "refused", "unrecognized_keys"],
      ["inventory", "filament_deduction", "refused", "reserved"],
      ["general", "description", "refused", "invalid_type"],
      ["general", "latitude", "changed", undefined],
      ["appearance", "text", "changed", undefined],
      ["appearance", null, "refused", "contrast"],
      ["appearance", null, "refused", "contrast"],
      ["nothing", null, "refused", "unrecognized_keys"],
    ]);
    const refused = await api.refused("POST", space.path("/settings/import"), { body: { settings } });
    expect(refused.code).toBe("invalid_body");
    expect(refused.errors?.map(({ pointer }) => pointer)).toContain("/settings/access/makerspace_id");
    expect(refused.errors?.map(({ pointer }) => pointer)).toContain("/settings/nothing");
    expect(await stored(space)).toEqual(defaultSettings);
  });

  it("do not overwrite what somebody changes in the same moment", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) =>
        api.send("POST", space.path("/settings/import"), {
          body: { settings: { general: { description: `${index}` }, access: { public_registration: true } } },
        }),
      ),
    );
    const applied = answers.filter(({ status }) => status === 200);
    expect(applied.length).toBeGreaterThanOrEqual(1);
    expect(answers.every(({ status }) => status === 200 || status === 412)).toBe(true);
    const { version } = await api.get<SettingsSection>(space.path("/settings/general"));
    expect(version).toBe(1 + applied.length);
  });
});

describe("the public part", () => {
  const read = (space: TestSpace) => new Api().get<PublicSettings>(space.path("/settings/public"));

  it("tells anybody what stands on the door, and caches for a minute", async () => {
    const space = await makeSpace({ name: "Fab Lab" });
    const api = await admin(space);
    await api.patch(space.path("/settings/general"), { contact_email: "hi@lab.example", opening_hours: {} }, 1);
    await api.patch(space.path("/settings/access"), { public_registration: true }, 1);
    await api.patch(
      space.path("/settings/appearance"),
      { mode: "dark", background: "#101014", text: "#FAFAFA", primary: "#8f2d00" },
      1,
    );
    const answer = await new Api().send<PublicSettings>("GET", space.path("/settings/public"));
    expect(answer.headers.get("cache-control")).toBe("public, max-age=60");
    expect(answer.body).toMatchObject({
      id: space.id,
      slug: space.makerspace.slug,
      name: "Fab Lab",
      contact_email: "hi@lab.example",
      opening_hours: {},
      open_now: false,
      next_opening_at: null,
      public_registration: true,
      theme: { mode: "dark", background: "#101014", text: "#fafafa", primary: "#8f2d00", accent: "#0b7285" },
    });
  });

  it("says whether it is open now, and when next", async () => {
    const space = await makeSpace({ timezone: "UTC" });
    const api = await admin(space);
    expect(await read(space)).toMatchObject({ open_now: true, next_opening_at: null, opening_hours: null });
    const whole = [{ from: "00:00", to: "24:00" }];
    const days = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;
    const now = new Date();
    const [today, dayAfterTomorrow] = [days[now.getUTCDay()] ?? "sun", days[(now.getUTCDay() + 2) % 7] ?? "sun"];
    await api.patch(space.path("/settings/general"), { opening_hours: { [today]: whole } }, 1);
    expect(await read(space)).toMatchObject({ open_now: true, next_opening_at: null });
    await api.patch(space.path("/settings/general"), { opening_hours: { [dayAfterTomorrow]: whole } }, 2);
    const midnight = Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 2);
    expect(await read(space)).toMatchObject({ open_now: false, next_opening_at: new Date(midnight).toISOString() });
  });

  it("holds nothing that is not declared public", async () => {
    const space = await makeSpace();
    const shown = await read(space);
    const names = new Set([...Object.keys(shown), ...Object.keys(shown.theme)]);
    for (const section of sectionNames) {
      for (const [key, setting] of Object.entries(settingsOf(section))) {
        expect([key, names.has(key)]).toEqual([key, setting.public === true]);
      }
    }
  });

  it("is 503 while the database does not answer", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const space = await makeSpace();
    const down = () => {
      throw connectionLost();
    };
    const unheard = new Api().by(through({ DB_000: faulty(env.DB_000, { before: down }) }));
    const refused = await unheard.refused("GET", space.path("/settings/public"));
    vi.restoreAllMocks();
    expect(refused.code).toBe("unavailable");
  });

  it("of nowhere is not there", async () => {
    const nowhere = crypto.randomUUID();
    expect((await new Api().refused("GET", `/api/v1/makerspaces/${nowhere}/settings/public`)).code).toBe("not_found");
  });
});

describe("the theme", () => {
  it("is refused when text cannot be read on the background or on primary, and says what would help", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const path = space.path("/settings/appearance");
    // #767676 on white is the darkest grey that passes, #777777 the lightest that does not.
    const refused = await api.refused("PATCH", path, { body: { text: "#777777", primary: "#ffffff" }, if_match: 1 });
    expect(refused.code).toBe("invalid_body");
    expect(refused.errors).toEqual([
      {
        pointer: "/background",
        code: "contrast",
        detail: expect.stringMatching(/4\.47:1, less than 4\.5:1; choose a darker text/),
      },
      { pointer: "/primary", code: "contrast", detail: expect.stringContaining("4.47:1") },
    ]);
    await api.patch(path, { text: "#767676", primary: "#ffffff" }, 1);
    const onPrimary = await api.refused("PATCH", path, { body: { primary: "#000080" }, if_match: 2 });
    expect(onPrimary.errors?.map(({ pointer }) => pointer)).toEqual(["/primary"]);
  });

  it("takes no CSS, only colours and a mode that fits them", async () => {
    const space = await makeSpace();
    const api = await admin(space);
    const path = space.path("/settings/appearance");
    for (const body of [
      { custom_css: "body{}" },
      { primary: "red" },
      { primary: "#fff" },
      { text: "url(x)" },
      { mode: "dark" },
    ]) {
      expect((await api.refused("PATCH", path, { body, if_match: 1 })).code).toBe("invalid_body");
    }
  });
});
