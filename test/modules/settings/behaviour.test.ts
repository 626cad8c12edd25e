/** A setting that changes nothing does not exist: each has its effect here, or names the module that it waits for. */

import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { sectionNames, settingsOf } from "../../../src/platform/settings/sections.ts";
import { DAY, HOUR } from "../../../src/platform/time.ts";
import { Api } from "../../support/api.ts";
import { handIn } from "../../support/documents.ts";

import { recordMinor } from "../../support/family.ts";
import { announce } from "../../support/files.ts";
import { makeGuestHouse } from "../../support/guests.ts";
import { LiveSocket } from "../../support/live.ts";
import { mailTo } from "../../support/mail.ts";
import { quotaBehaviour } from "../../support/quotas.ts";
import { Receiver } from "../../support/receiver.ts";
import { codes, makeScene } from "../../support/scene.ts";
import { asksFor, certified, makeSkill } from "../../support/skills.ts";
import { iso, makeSpace, signIn, slotIn, type TestSpace, until } from "../../support/space.ts";
import type {
  Member,
  NewApiToken,
  Notification,
  PublicSettings,
  Reservation,
  Session,
  SettingsSection,
  Webhook,
  WebhookDelivery,
} from "../../support/wire.ts";

/** Sets settings of a section, whatever its version. */
async function set(space: TestSpace, section: string, values: object): Promise<void> {
  const path = space.path(`/settings/${section}`);
  const { version } = await space.root.get<SettingsSection>(path);
  await space.root.patch(path, values, version);
}

const flip = (space: TestSpace, section: string, key: string, enabled: boolean): Promise<unknown> =>
  space.root.post(space.path(`/settings/${section}/toggles/${key}`), { enabled });

/** What the door shows, as one flat object. */
async function door(space: TestSpace): Promise<Record<string, unknown>> {
  const { theme, ...rest } = await new Api().get<PublicSettings>(space.path("/settings/public"));
  return { ...rest, ...theme };
}

const join = async (space: TestSpace) => {
  const person = await signIn();
  return person.send<Member>("POST", space.path("/join"), { body: { first_name: "Grace", last_name: "Hopper" } });
};

/** Settings that visitors are shown: section → key → a value that is not the default. */
const shown: Record<string, Record<string, unknown>> = {
  general: {
    description: "A place to make things.",
    address: "Torstr. 1, Berlin",
    contact_email: "hello@fablab.example",
    contact_phone: "+49 30 555",
    website_url: "https://fablab.example/",
    latitude: 52.5,
    longitude: 13.4,
  },
  appearance: { mode: "dark", primary: "#7a1f00", accent: "#00aaff", background: "#101014", text: "#fafafa" },
};

/** A file of two megabytes is taken until the setting leaves room for one. */
async function roomIs(key: string, refusal: string): Promise<void> {
  const space = await makeSpace();
  const { api } = await space.as("maintainer");
  const ask = () => announce(space, api, { size: 2 * 1024 * 1024 });
  expect((await ask()).status).toBe(201);
  await set(space, "files", { [key]: 1 });
  expect((await ask()).problem?.code).toBe(refusal);
}

/** Settings with an effect of their own: "section.key" → its proof. */
const behaviours: Record<string, () => Promise<void>> = {
  "general.opening_hours": async () => {
    const { space, machine, ada } = await makeScene();
    const slot = slotIn(24);
    await set(space, "general", { opening_hours: {} });
    const refused = await space.book(ada.api, machine, slot);
    expect([refused.status, codes(refused)]).toEqual([422, ["closed"]]);
    const whole = [{ from: "00:00", to: "24:00" }];
    const days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    await set(space, "general", { opening_hours: Object.fromEntries(days.map((day) => [day, whole])) });
    expect((await space.book(ada.api, machine, slot)).status).toBe(201);
  },
  "access.age_of_majority": async () => {
    const { space, machine, ada } = await makeScene();
    await recordMinor(space, ada, 16);
    const slot = slotIn(24);
    expect(codes(await space.book(ada.api, machine, slot))).toEqual(["guardian_consent_missing"]);
    await set(space, "access", { age_of_majority: 16 });
    expect((await space.book(ada.api, machine, slot)).status).toBe(201);
  },
  "access.document_kinds": async () => {
    const space = await makeSpace();
    const ada = await space.person();
    const kind = "welding_licence";
    expect((await handIn(space, ada, ada.api, { kind })).problem?.code).toBe("invalid_parameter");
    await set(space, "access", { document_kinds: [{ code: kind, title: "Welding licence" }] });
    expect((await handIn(space, ada, ada.api, { kind })).status).toBe(201);
    expect((await handIn(space, ada, ada.api, { kind: "id_proof" })).problem?.code).toBe("invalid_parameter");
  },
  "access.enable_reservations": async () => {
    const { space, machine, ada } = await makeScene();
    const before = await space.booked(ada.api, machine, slotIn(24));
    await flip(space, "access", "enable_reservations", false);
    expect((await space.book(ada.api, machine, slotIn(48))).problem).toMatchObject({
      status: 403,
      code: "feature_disabled",
    });
    // What is booked can still be given back.
    expect((await space.step(ada.api, before, "cancel")).status).toBe(200);
    await flip(space, "access", "enable_reservations", true);
    expect((await space.book(ada.api, machine, slotIn(48))).status).toBe(201);
  },
  "access.membership_required": async () => {
    const { space, machine, ada } = await makeScene();
    expect((await space.book(ada.api, machine, slotIn(24))).status).toBe(201);
    await flip(space, "access", "membership_required", true);
    const refused = await space.book(ada.api, machine, slotIn(48));
    expect([refused.status, codes(refused)]).toEqual([422, ["membership_required"]]);
  },
  "access.public_registration": async () => {
    const space = await makeSpace();
    expect((await join(space)).problem?.code).toBe("feature_disabled");
    await flip(space, "access", "public_registration", true);
    expect((await join(space)).status).toBe(201);
  },
  "access.auto_approve_members": async () => {
    const space = await makeSpace();
    await flip(space, "access", "public_registration", true);
    expect((await join(space)).body?.status).toBe("pending");
    await flip(space, "access", "auto_approve_members", true);
    expect((await join(space)).body?.status).toBe("active");
  },
  "access.guest_names_kept_days": async () => {
    const { space, ada, desk, invite, tomorrow } = await makeGuestHouse();
    const cancelled = async () => {
      const guest = await invite(ada.api, { visit_on: tomorrow });
      await desk.api.post(space.path(`/guests/${guest.id}/cancel`));
      const row = await env.DB_000.prepare("SELECT due_at FROM guest_visits WHERE id = ?")
        .bind(guest.id)
        .first<{ due_at: number }>();
      return Math.round(((row?.due_at ?? 0) - Date.now()) / DAY);
    };
    expect(await cancelled()).toBe(30);
    await set(space, "access", { guest_names_kept_days: 90 });
    expect(await cancelled()).toBe(90);
  },
  "access.cancel_bookings_on_suspension": async () => {
    const { space, machine, ada, ben } = await makeScene();
    const lost = await space.booked(ada.api, machine, slotIn(24));
    const kept = await space.booked(ben.api, machine, slotIn(48));
    const suspend = ({ id }: Member) => space.root.post(space.path(`/members/${id}/suspend`), { reason: "a test" });
    await suspend(ada.member);
    await flip(space, "access", "cancel_bookings_on_suspension", false);
    await suspend(ben.member);
    const statusOf = async ({ id }: Reservation) =>
      (await space.root.get<Reservation>(space.bookings(machine, `/${id}`))).status;
    expect([await statusOf(lost), await statusOf(kept)]).toEqual(["cancelled", "approved"]);
  },
  "access.running_session_on_suspension": async () => {
    const { space, machine, ada, ben } = await makeScene();
    const other = await space.machine();
    const start = (at: { id: string }, { api }: typeof ada) =>
      api.post<Session>(space.path(`/equipment/${at.id}/sessions`), { planned_minutes: 60 });
    const [goesOn, ends] = [await start(machine, ada), await start(other, ben)];
    const suspend = ({ id }: Member) => space.root.post(space.path(`/members/${id}/suspend`), { reason: "a test" });
    await suspend(ada.member);
    await set(space, "access", { running_session_on_suspension: "end" });
    await suspend(ben.member);
    const statusOf = async ({ id }: Session) => {
      const answer = await space.root.send<Session>("GET", space.path(`/sessions/${id}`));
      return answer.body?.status;
    };
    await until("the end", async () => (await statusOf(ends)) === "completed");
    expect(await statusOf(goesOn)).toBe("active");
  },
  ...quotaBehaviour(set),
  "access.skill_gated_access": async () => {
    const { space, machine, ada } = await makeScene();
    await asksFor(space, machine, (await makeSkill(space)).id);
    const refused = await space.book(ada.api, machine, slotIn(24));
    expect([refused.status, codes(refused)]).toEqual([403, ["skill_required"]]);
    await flip(space, "access", "skill_gated_access", false);
    expect((await space.book(ada.api, machine, slotIn(24))).status).toBe(201);
  },
  "access.bookings_on_skill_loss": async () => {
    const { space, machine, ada, ben } = await makeScene();
    const skill = await makeSkill(space);
    await asksFor(space, machine, skill.id);
    const booked = async (person: typeof ada, hours: number): Promise<Reservation> => {
      const { id } = await certified(space, skill.id, person);
      const booking = await space.booked(person.api, machine, slotIn(hours));
      await space.root.post(space.path(`/skills/${skill.id}/certifications/${id}/revoke`), { reason: "a test" });
      return space.root.get<Reservation>(space.bookings(machine, `/${booking.id}`));
    };
    expect((await booked(ada, 24)).status).toBe("cancelled");
    await set(space, "access", { bookings_on_skill_loss: "keep" });
    expect((await booked(ben, 48)).status).toBe("approved");
  },
  "notifications.email": async () => {
    const { space, ada, desk } = await makeScene();
    /** Ada asks for a machine of its own, gets it, and reads of it in the inbox. */
    const decided = async (): Promise<string> => {
      const machine = await space.machine({ approval: "staff" });
      const asked = await space.booked(ada.api, machine, slotIn(24));
      await space.step(desk.api, asked, "approve");
      await until("the inbox", async () => {
        const told = await ada.api.all<Notification>(space.path("/notifications"));
        return told.some(({ subject, type }) => subject.id === asked.id && type === "reservation.approved");
      });
      return machine.name;
    };
    await flip(space, "notifications", "email", false);
    const silent = await decided();
    await flip(space, "notifications", "email", true);
    const mailed = await decided();
    const mentions = (name: string) => async () =>
      (await mailTo(ada.email)).some(({ subject, text }) => `${subject} ${text}`.includes(name));
    await until("the mail", mentions(mailed));
    expect(await mentions(silent)()).toBe(false);
  },
  "notifications.webhooks": async () => {
    const { space, machine, ada } = await makeScene();
    const receiver = new Receiver();
    const body = { url: receiver.url("ok"), events: ["reservation.created"] };
    const { id } = await space.root.post<Webhook>(space.path("/webhooks"), body);
    const deliveries = () => space.root.all<WebhookDelivery>(space.path(`/webhooks/${id}/deliveries`));
    const fed = async (count: number) =>
      (await space.root.all(space.path("/events?type=reservation.created"))).length >= count;
    await flip(space, "notifications", "webhooks", false);
    await space.booked(ada.api, machine, slotIn(24));
    await until("the event", () => fed(1));
    await flip(space, "notifications", "webhooks", true);
    await space.booked(ada.api, machine, slotIn(48));
    await until("the event", () => fed(2));
    await receiver.heard(1);
    expect(await deliveries()).toHaveLength(1);
  },
  "access.safety_reports_stop_machines": async () => {
    const { space, ada } = await makeScene();
    const statusAfter = async () => {
      const { id } = await space.machine();
      const body = { equipment_id: id, severity: "safety", text: "It smokes." };
      await ada.api.post(space.path("/fault_reports"), body);
      return (await ada.api.get<{ status: string }>(space.path(`/equipment/${id}`))).status;
    };
    expect(await statusAfter()).toBe("under_maintenance");
    await flip(space, "access", "safety_reports_stop_machines", false);
    expect(await statusAfter()).toBe("available");
  },
  "files.makerspace_quota_mb": () => roomIs("makerspace_quota_mb", "file_quota_exceeded"),
  "files.member_quota_mb": () => roomIs("member_quota_mb", "file_quota_exceeded"),
  "files.max_file_mb": () => roomIs("max_file_mb", "invalid_body"),
  "security.api_tokens": async () => {
    const space = await makeSpace();
    const { api } = await space.as("user");
    const body = { name: "a test", permissions: ["equipment.read"], expires_at: iso(Date.now() + HOUR) };
    const { token } = await api.post<NewApiToken>(space.path("/api_tokens"), body);
    const machine = new Api(token);
    await machine.get(space.path("/equipment"));
    await flip(space, "security", "api_tokens", false);
    expect((await machine.refused("GET", space.path("/equipment"))).code).toBe("feature_disabled");
    expect((await api.refused("POST", space.path("/api_tokens"), { body })).code).toBe("feature_disabled");
    await flip(space, "security", "api_tokens", true);
    await machine.get(space.path("/equipment"));
  },
};

describe("every setting", () => {
  const all = sectionNames.flatMap((section) =>
    Object.entries(settingsOf(section)).map(([key, setting]) => ({ section, key, setting })),
  );

  it("changes something that is shown here, or waits for a module that it names", () => {
    const idle = all.filter(
      ({ section, key, setting }) =>
        setting.reserved_for === undefined && !behaviours[`${section}.${key}`] && shown[section]?.[key] === undefined,
    );
    expect(idle.map(({ section, key }) => `${section}.${key}`)).toEqual([]);
    const known = new Set(all.map(({ section, key }) => `${section}.${key}`));
    expect(Object.keys(behaviours).filter((name) => !known.has(name))).toEqual([]);
  });

  it.each(Object.entries(shown))("of %s that visitors see is on the door", async (section, values) => {
    const space = await makeSpace();
    const before = await door(space);
    for (const [key, value] of Object.entries(values)) expect([key, before[key]]).not.toEqual([key, value]);
    await set(space, section, values);
    expect(await door(space)).toMatchObject(values);
  });

  it.each(Object.entries(behaviours))("%s changes what happens", async (_, prove) => {
    await prove();
  });
});

describe("show_holder", () => {
  it("says how the tablet on a machine names who comes next", async () => {
    const { space, machine, ada } = await makeScene();
    await space.booked(ada.api, machine, slotIn(2));
    const { api } = await space.tablet(machine);
    const named: unknown[] = [];
    for (const [index, show_holder] of ["initials", "first_name", "none"].entries()) {
      if (index > 0) await space.root.patch(space.path(), { show_holder }, index);
      const socket = await LiveSocket.open(api, space.path(`/equipment/${machine.id}`));
      const snapshot = JSON.parse(await socket.heard(/"snapshot"/)) as { state: { next: { holder: unknown } } };
      named.push(snapshot.state.next.holder);
      socket.socket?.close();
    }
    expect(named).toEqual(["A. B.", "Ada", null]);
  });
});
