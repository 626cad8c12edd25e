/** Faults of machines: reported by anybody, told to those whose work it is, decided by staff; what is unsafe stops the machine. */

import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { upload } from "../../support/files.ts";
import { png } from "../../support/pictures.ts";
import { makeScene, type Scene } from "../../support/scene.ts";
import { makeSpace, slotIn, until } from "../../support/space.ts";
import type { Equipment, FaultReport, Notification } from "../../support/wire.ts";

let scene: Scene;
const at = (rest = ""): string => scene.space.path(`/fault_reports${rest}`);

beforeAll(async () => {
  scene = await makeScene();
}, 30_000);

const report = (equipment_id: string, more: object = {}, who = scene.ada): Promise<FaultReport> =>
  who.api.post<FaultReport>(at(), { equipment_id, severity: "minor", text: "The lens is scratched.", ...more });

describe("a fault report", () => {
  it("is made by any member with photos, and seen by them and by staff, not by others", async () => {
    const { space, machine, ada, ben } = scene;
    const photo = await upload(space, ada.api, await png(), { purpose: "fault_report", name: "lens.png" });
    const made = await report(machine.id, { file_ids: [photo.id] });
    expect(made).toMatchObject({ status: "open", member_id: ada.member.id, took_down: false, file_ids: [photo.id] });
    const maintainer = await space.as("maintainer");
    const photoPath = space.path(`/files/${photo.id}`);
    for (const { api } of [ada, maintainer]) {
      expect(await api.get<FaultReport>(at(`/${made.id}`))).toEqual(made);
      await api.get(photoPath);
    }
    for (const path of [at(`/${made.id}`), photoPath])
      expect((await ben.api.refused("GET", path)).code).toBe("not_found");
    expect((await ben.api.get<{ data: unknown[] }>(at())).data).toEqual([]);
    expect((await ben.api.refused("GET", at(`?member_id=${ada.member.id}`))).code).toBe("forbidden");
    // The photo is this report's, and the reporter's own alone can be.
    const again = { equipment_id: machine.id, severity: "minor", text: "x", file_ids: [photo.id] };
    expect((await ada.api.refused("POST", at(), { body: again })).code).toBe("file_unusable");
    const nowhere = { ...again, equipment_id: photo.id, file_ids: [] };
    expect((await ada.api.refused("POST", at(), { body: nowhere })).code).toBe("unknown_reference");
    const abroad = await makeSpace();
    expect((await abroad.root.refused("GET", abroad.path(`/fault_reports/${made.id}`))).code).toBe("not_found");
  });

  it("is acknowledged, then resolved or dismissed, once, by the staff of its machine", async () => {
    const { space, machine, ada } = scene;
    const other = await space.machine();
    const [maintainer, elsewhere] = [
      await space.as("maintainer"),
      await space.person({ duties: [{ duty: "maintainer", equipment_ids: [other.id] }] }),
    ];
    const made = await report(machine.id);
    const step = (name: string, id = machine.id) => space.path(`/equipment/${id}/fault_reports/${made.id}/${name}`);
    const body = { note: "New lens." };
    expect((await ada.api.refused("POST", step("resolve"), { body })).code).toBe("forbidden");
    expect((await elsewhere.api.refused("POST", step("resolve"), { body })).code).toBe("forbidden");
    expect((await elsewhere.api.refused("POST", step("resolve", other.id), { body })).code).toBe("not_found");
    expect(await maintainer.api.post<FaultReport>(step("acknowledge"))).toMatchObject({ status: "acknowledged" });
    expect((await maintainer.api.refused("POST", step("acknowledge"), { body: {} })).code).toBe("illegal_transition");
    const both = await Promise.all(
      ["resolve", "dismiss"].map((name) => maintainer.api.send("POST", step(name), { body })),
    );
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    const told = await until("the news", async () => {
      const rows = await ada.api.all<Notification>(space.path("/notifications"));
      return rows.some(({ type }) => /^fault_report\.(resolved|dismissed)$/.test(type)) && rows;
    });
    expect(told.map(({ type }) => type)).toContain("fault_report.acknowledged");
    const news = await maintainer.api.all<Notification>(space.path("/notifications"));
    expect(news.some(({ type, subject }) => type === "fault_report.created" && subject.id === made.id)).toBe(true);
  });
});

describe("an unsafe machine", () => {
  it("stops at once, however many report it, and whoever booked it is told; mended, it can be used again", async () => {
    const { space, ada, ben } = scene;
    const machine = await space.machine();
    await space.booked(ben.api, machine, slotIn(24));
    const reports = await Promise.all([1, 2, 3].map(() => report(machine.id, { severity: "safety" })));
    expect(reports.filter(({ took_down }) => took_down)).toHaveLength(1);
    const path = space.path(`/equipment/${machine.id}`);
    expect((await ada.api.get<Equipment>(path)).status).toBe("under_maintenance");
    expect((await ada.api.refused("POST", `${path}/sessions`, { body: { planned_minutes: 30 } })).code).toBe(
      "equipment_unavailable",
    );
    const safety = await space.as("safety");
    const news = async () => (await safety.api.all<Notification>(space.path("/notifications"))).map(({ type }) => type);
    await until("safety", async () => (await news()).includes("fault_report.unsafe"));
    await until("the holder", async () =>
      (await ben.api.all<Notification>(space.path("/notifications"))).some(({ type }) => type === "equipment.down"),
    );
    const entries = await env.DB_000.prepare(
      "SELECT count(*) AS n FROM audit_log WHERE makerspace_id = ? AND action = 'equipment.updated' AND subject_id = ?",
    )
      .bind(space.id, machine.id)
      .first<{ n: number }>();
    expect(entries?.n).toBe(1);
    const [first] = reports;
    await safety.api.post(`${path}/fault_reports/${first?.id}/resolve`, { note: "Guard replaced.", available: true });
    expect((await ada.api.get<Equipment>(path)).status).toBe("available");
  });
});

describe("the list of faults", () => {
  it("filters by machine, status, severity and person, in pages, newest first", async () => {
    const { space, ben } = scene;
    const machine = await space.machine();
    const maintainer = await space.as("maintainer");
    const made: FaultReport[] = [];
    for (const severity of ["minor", "major", "minor", "major", "minor"])
      made.push(await report(machine.id, { severity }, ben));
    const [first] = made;
    await maintainer.api.post(space.path(`/equipment/${machine.id}/fault_reports/${first?.id}/dismiss`), {
      note: "No.",
    });
    const newest = made.map(({ id }) => id).reverse();
    const ids = async (query: string, who = maintainer) =>
      (await who.api.all<FaultReport>(at(`?equipment_id=${machine.id}&limit=2${query}`))).map(({ id }) => id);
    expect(await ids("")).toEqual(newest);
    expect(await ids("&severity=major")).toEqual([made[3]?.id, made[1]?.id]);
    expect(await ids("&status=dismissed")).toEqual([first?.id]);
    expect(await ids("&status=open&severity=minor&severity=safety")).toEqual([made[4]?.id, made[2]?.id]);
    expect(await ids("&member_id=me", ben)).toEqual(newest);
    expect(await ids(`&member_id=${scene.ada.member.id}`)).toEqual([]);
    const path = space.path(`/equipment/${machine.id}/fault_reports?limit=2`);
    expect((await ben.api.all<FaultReport>(path)).map(({ id }) => id)).toEqual(newest);
    expect(await scene.ada.api.all(path)).toEqual([]);
  });
});
