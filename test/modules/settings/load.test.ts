/** Settings as requests and consumers see them. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { settingsSource } from "../../../src/modules/settings/index.ts";
import { readTogether } from "../../../src/platform/db/ready.ts";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { loadSettings } from "../../../src/platform/settings/load.ts";
import { defaultSettings } from "../../../src/platform/settings/sections.ts";
import { faulty, through } from "../../support/faults.ts";
import { makeSpace, makeTwoSpaces } from "../../support/space.ts";

const put = (id: string, section: string, data: object, version = 2): Promise<unknown> =>
  env.DB_000.prepare("INSERT INTO settings_sections VALUES (?, ?, ?, ?, 1700000000000, 'somebody')")
    .bind(id, section, JSON.stringify(data), version)
    .run();

const ofRequest = async (id: string) => {
  const [rows] = await readTogether(new SpaceStore(id, "000"), [settingsSource.settings.build], {});
  return settingsSource.settings.read(rows);
};

describe("what settings cost", () => {
  it("is no trip: they come with the makerspace, in the one that authorises", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    await put(space.id, "access", { enable_reservations: false });
    // The first request of a member notes that they were here.
    await api.get(space.path("/settings/access"));
    await scheduler.wait(200);
    const trips: number[] = [];
    const counted = faulty(env.DB_000, { before: (statements) => void trips.push(statements.length) });
    const section = await api.by(through({ DB_000: counted })).get(space.path("/settings/access"));
    expect(section).toMatchObject({ enable_reservations: false });
    expect(trips).toHaveLength(1);
  });
});

describe("settings in storage", () => {
  it("are the defaults, at version 1, where nobody changed anything", async () => {
    const { id } = await makeSpace();
    expect(await loadSettings(new SpaceStore(id, "000"))).toEqual(defaultSettings);
    expect((await ofRequest(id))?.section_states.access).toEqual({ version: 1, updated_at: null });
  });

  it("are what is stored over the defaults, the same for requests and for consumers", async () => {
    const { home, abroad } = await makeTwoSpaces();
    await put(home.id, "access", { enable_reservations: false }, 7);
    await put(home.id, "general", { opening_hours: { mon: [{ from: "09:00", to: "18:00" }] }, gone: true });
    await put(home.id, "forgotten", { x: 1 });
    const settings = await loadSettings(new SpaceStore(home.id, "000"));
    expect(settings.access).toEqual({ ...defaultSettings.access, enable_reservations: false });
    expect(settings.general).toEqual({
      ...defaultSettings.general,
      opening_hours: { mon: [{ from: "09:00", to: "18:00" }] },
    });
    expect(settings.billing).toEqual(defaultSettings.billing);
    const loaded = await ofRequest(home.id);
    expect(loaded?.sections).toEqual(settings);
    expect(loaded?.section_states.access).toEqual({ version: 7, updated_at: 1_700_000_000_000 });
    expect(await loadSettings(new SpaceStore(abroad.id, "000"))).toEqual(defaultSettings);
  });
});
