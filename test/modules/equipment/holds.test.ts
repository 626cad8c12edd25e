/** Slots that are kept while their members choose, over HTTP. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MINUTE } from "../../../src/platform/time.ts";
import { connectionLost, faulty, through } from "../../support/faults.ts";
import { makeScene, shiftClock } from "../../support/scene.ts";
import { putSettings } from "../../support/settings.ts";
import { slotIn } from "../../support/space.ts";
import type { Availability, Hold } from "../../support/wire.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a hold", () => {
  it("keeps a slot for five minutes and becomes a booking by its token", async () => {
    const { space, machine, ada, ben } = await makeScene();
    const holds = space.path(`/equipment/${machine.id}/holds`);
    const slot = slotIn(24);
    const { status, body: hold } = await ada.api.send<Hold>("POST", holds, { body: slot });
    expect([status, hold?.renewals_left, hold?.member_id]).toEqual([201, 2, ada.member.id]);
    expect(Date.parse(hold?.expires_at ?? "") - Date.parse(hold?.created_at ?? "")).toBe(5 * MINUTE);

    const refused = await space.book(ben.api, machine, slot);
    expect([refused.status, refused.problem?.code, refused.problem?.conflicts_with]).toEqual([409, "slot_taken", slot]);
    const { busy } = await ben.api.get<Availability>(
      space.path(`/equipment/${machine.id}/availability?from=${slot.starts_at}&to=${slot.ends_at}`),
    );
    expect(busy).toEqual([{ ...slot, because: "hold" }]);

    const booked = await space.book(ada.api, machine, { ...slot, hold_token: hold?.hold_token });
    expect(booked.status).toBe(201);
    expect((await ada.api.send("GET", `${holds}/${hold?.hold_token}`)).status).toBe(404);
    const again = await space.book(ada.api, machine, { ...slotIn(30), hold_token: hold?.hold_token });
    expect([again.status, again.problem?.code]).toEqual([409, "hold_gone"]);
  });

  it("is renewed and let go by its member, read by the staff, and is nothing to others", async () => {
    const { space, machine, ada, ben, desk } = await makeScene();
    const holds = space.path(`/equipment/${machine.id}/holds`);
    const { hold_token } = await ada.api.post<Hold>(holds, slotIn(24));
    const one = `${holds}/${hold_token}`;
    expect((await ben.api.send("GET", one)).status).toBe(404);
    expect((await desk.api.get<Hold>(one)).member_id).toBe(ada.member.id);
    expect((await ben.api.send("POST", `${one}/renew`)).problem?.code).toBe("hold_gone");
    expect((await ada.api.post<Hold>(`${one}/renew`)).renewals_left).toBe(1);
    // Whoever asks learns nothing: it is as if it had never been there.
    expect((await ben.api.send("DELETE", one)).status).toBe(204);
    expect((await ada.api.get<Hold>(one)).hold_token).toBe(hold_token);
    expect((await ada.api.send("DELETE", one)).status).toBe(204);
    expect((await ada.api.send("DELETE", one)).status).toBe(204);
    expect((await space.book(ben.api, machine, slotIn(24))).status).toBe(201);
  });

  it("is one per member and category: the last that was asked for", async () => {
    const { space, machine, ada } = await makeScene();
    const [laser, printer] = [await space.machine(), await space.machine({}, { category: "printer_3d" })];
    const holdOn = ({ id }: { id: string }) => ada.api.post<Hold>(space.path(`/equipment/${id}/holds`), slotIn(24));
    const isThere = async ({ equipment_id, hold_token }: Hold): Promise<boolean> =>
      (await ada.api.send("GET", space.path(`/equipment/${equipment_id}/holds/${hold_token}`))).status === 200;
    const first = await holdOn(machine);
    const other = await holdOn(printer);
    const second = await holdOn(laser);
    expect([await isThere(first), await isThere(other), await isThere(second)]).toEqual([false, true, true]);
  });

  it("is one still when a member asks for ten machines at once", async () => {
    const { space, ada } = await makeScene();
    const machines = await Promise.all(Array.from({ length: 10 }, () => space.machine()));
    const holds = await Promise.all(
      machines.map(({ id }) => ada.api.post<Hold>(space.path(`/equipment/${id}/holds`), slotIn(24))),
    );
    const left = await Promise.all(
      holds.map(async ({ equipment_id, hold_token }) => {
        const { status } = await ada.api.send("GET", space.path(`/equipment/${equipment_id}/holds/${hold_token}`));
        return status === 200;
      }),
    );
    expect(left.filter(Boolean)).toHaveLength(1);
  });

  it("is one still when the earlier one was renewed", async () => {
    const { space, machine, ada } = await makeScene();
    const other = await space.machine();
    const holds = (id: string, rest = "") => space.path(`/equipment/${id}/holds${rest}`);
    const { hold_token } = await ada.api.post<Hold>(holds(machine.id), slotIn(24));
    await shiftClock(space, machine, 4 * MINUTE);
    await ada.api.post(holds(machine.id, `/${hold_token}/renew`));
    await env.DB_000.prepare("UPDATE booking_holds SET expires_at = 1 WHERE makerspace_id = ?").bind(space.id).run();
    await ada.api.post<Hold>(holds(other.id), slotIn(24));
    expect((await ada.api.send("GET", holds(machine.id, `/${hold_token}`))).status).toBe(404);
  });

  it("is noted by the repeated request when the first could not, and is good then", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const { space, machine, ada } = await makeScene();
    const other = await space.machine();
    const before = (statements: readonly string[]): void => {
      if (statements.some((text) => /booking_holds/.test(text))) throw connectionLost();
    };
    const blind = through({ DB_000: faulty(env.DB_000, { before }) });
    const holds = space.path(`/equipment/${machine.id}/holds`);
    const ask = { body: slotIn(24), key: "again" };
    const lost = await ada.api.by(blind).send("POST", holds, ask);
    expect([lost.status, lost.problem?.code]).toEqual([503, "unavailable"]);
    const { status, body: hold } = await ada.api.send<Hold>("POST", holds, ask);
    expect([status, (await ada.api.get<Hold>(`${holds}/${hold?.hold_token}`)).hold_token]).toEqual([
      201,
      hold?.hold_token,
    ]);
    // It was noted: a hold on another machine lets it go.
    await ada.api.post(space.path(`/equipment/${other.id}/holds`), slotIn(24));
    expect((await ada.api.send("GET", `${holds}/${hold?.hold_token}`)).status).toBe(404);
  });

  it("is answered again to a repeated request, and refused where bookings are", async () => {
    const { space, machine, ada } = await makeScene();
    const holds = space.path(`/equipment/${machine.id}/holds`);
    const ask = () => ada.api.send<Hold>("POST", holds, { body: slotIn(24), key: "twice" });
    const [first, second] = [await ask(), await ask()];
    expect([first.body, second.headers.get("Idempotency-Replayed")]).toEqual([second.body, "true"]);
    await putSettings(space, "access", { enable_reservations: false });
    const refused = await ada.api.send("POST", holds, { body: slotIn(30) });
    expect([refused.status, refused.problem?.code]).toEqual([403, "feature_disabled"]);
  });
});
