/** One day in a makerspace: every operation of the document answers its success, as documented. A new one is missed until it has its place here. */

import { describe, expect, it, vi } from "vitest";
import { problems } from "../../src/platform/problem.ts";
import { Api } from "../support/api.ts";
import { blackHole, deliver, outboxOf } from "../support/background.ts";
import { endpointsOf, type Operation, openApi, seen } from "../support/contract.ts";
import { through } from "../support/faults.ts";
import { enter, makeScene, type Scene, shiftClock } from "../support/scene.ts";
import { makeSpace, type Slot, slotIn, until } from "../support/space.ts";
import type {
  DeadLetter,
  Equipment,
  Job,
  LiveTicket,
  Member,
  Notification,
  Reservation,
  Session,
} from "../support/wire.ts";

/** The status of success that an operation documents. */
const successOf = ({ responses }: Operation): string => Object.keys(responses).find((status) => status < "300") ?? "";

describe("a day in a makerspace", () => {
  it("begins with who is there", async () => {
    await new Api().get("/health");
    await new Api().get("/ready");
    await new Api().get("/api/v1/dev/jwks.json");
    const space = await makeSpace();
    const [admin, one] = [await space.as("makerspace_admin"), await space.as("user")];
    await one.api.get("/api/v1/me");
    await one.api.get("/api/v1/makerspaces");
    await one.api.get(space.path());
    await admin.api.patch(space.path(), { show_holder: "first_name" }, 1);
    const path = space.path(`/members/${one.member.id}`);
    await admin.api.get<Member>(path);
    await admin.api.get(space.path("/members"));
    await admin.api.patch(path, { metadata: { badge: "7" } });
    await admin.api.post(`${path}/suspend`, { reason: "Unpaid" });
    await admin.api.post(`${path}/reactivate`);
  });

  it("goes on with machines and tablets", async () => {
    const { space, machine, ada } = await makeScene();
    const path = space.path(`/equipment/${machine.id}`);
    await ada.api.get(space.path("/equipment"));
    await ada.api.get(path);
    await space.root.patch<Equipment>(path, { location: "Hall 2" });
    await ada.api.post<LiveTicket>(`${path}/live_tickets`);
    await ada.api.post<LiveTicket>(space.path("/floor/live_tickets"));
    const { tablet } = await space.tablet(machine);
    await space.root.get(space.path("/tablets"));
    await space.root.get(space.path(`/tablets/${tablet.id}`));
    await space.root.delete(space.path(`/tablets/${tablet.id}`));
    await space.root.delete(path);
  });

  /** Takes steps that must succeed. */
  async function take({ space }: Scene, api: Api, reservation: Reservation, ...steps: string[]): Promise<void> {
    for (const step of steps) expect((await space.step(api, reservation, step)).status).toBe(200);
  }

  const both = ({ starts_at, ends_at }: Slot): string => `from=${starts_at}&to=${ends_at}`;

  it("has bookings in all their turns", async () => {
    const scene = await makeScene({ approval: "staff", check_in: "optional" });
    const { space, machine, ada, desk } = scene;
    const book = (hours: number) => space.booked(ada.api, machine, slotIn(hours));
    const [came, declined, missed, dropped] = [await book(24), await book(26), await book(28), await book(30)];
    await take(scene, desk.api, came, "approve");
    await take(scene, desk.api, declined, "reject");
    await take(scene, desk.api, missed, "approve");
    await take(scene, ada.api, dropped, "cancel");
    await ada.api.get(space.bookings(machine));
    await ada.api.get(space.bookings(machine, `/${came.id}`));
    await ada.api.get(space.path(`/equipment/${machine.id}/availability?${both(slotIn(24))}`));
    await desk.api.patch(space.bookings(machine, `/${missed.id}`), slotIn(32), 2);
    await ada.api.get(space.path("/reservations"));
    await until(
      "the row",
      async () => (await ada.api.send("GET", space.path(`/reservations/${came.id}`))).status === 200,
    );
    await ada.api.get("/api/v1/me/reservations");
    await enter(space, machine, slotIn(24));
    await take(scene, ada.api, came, "check_in");
    await enter(space, machine, slotIn(32));
    await take(scene, desk.api, missed, "no_show", "excuse");
  });

  it("has sessions", async () => {
    const { space, machine, ada } = await makeScene();
    const path = space.path(`/equipment/${machine.id}/sessions`);
    const session = await ada.api.post<Session>(path, { planned_minutes: 15 });
    await ada.api.get(space.path("/sessions"));
    await until(
      "the row",
      async () => (await ada.api.send("GET", space.path(`/sessions/${session.id}`))).status === 200,
    );
    await shiftClock(space, machine, 60_000);
    await ada.api.post(`${path}/${session.id}/end`, { output_quality: "excellent" });
  });

  it("ends with what the system did meanwhile", async () => {
    const { space, machine, ada } = await makeScene();
    const { api } = await space.as("makerspace_admin");
    await space.booked(ada.api, machine, slotIn(24));
    const events = await until("the event", async () => {
      const found = await outboxOf(space, "reservation.created");
      return found.length > 0 && found;
    });
    vi.spyOn(console, "error").mockImplementation(() => {});
    await deliver(events, "makrcave-events-dead");
    vi.restoreAllMocks();
    const [letter] = await api.all<DeadLetter>(space.path("/dead_letters"));
    await api.get(space.path(`/dead_letters/${letter?.id}`));
    await api.post(space.path(`/dead_letters/${letter?.id}/replay`));
    const [told] = await until("the notification", async () => {
      const found = await ada.api.all<Notification>(space.path("/notifications"));
      return found.length > 0 && found;
    });
    await ada.api.get(space.path(`/notifications/${told?.id}`));
    await ada.api.post(space.path(`/notifications/${told?.id}/read`));
    // The broker forgets the job, so that it can be cancelled before it runs.
    const unheard = api.by(through({ EVENTS: blackHole() as Queue }));
    const job = await unheard.post<Job>(space.path("/reconciliations"));
    await api.post(space.path(`/jobs/${job.id}/cancel`));
    await api.get(space.path(`/jobs/${job.id}`));
    await api.get(space.path("/jobs"));
  });

  it("has had a place for every operation", async () => {
    const all = endpointsOf(await openApi()).map(({ operation }) => `${operation.operationId} ${successOf(operation)}`);
    expect(all.filter((success) => !seen.has(success))).toEqual([]);
  });
});

describe("the document", () => {
  it("is OpenAPI 3.1 and names every operation once, with a tag, a summary and what it asks for", async () => {
    const openapi = await openApi();
    expect(openapi.openapi).toBe("3.1.0");
    const operations = endpointsOf(openapi).map(({ operation }) => operation);
    expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(operations.length);
    for (const operation of operations) {
      expect(operation).toMatchObject({
        tags: [expect.any(String)],
        summary: expect.any(String),
        "x-permission": expect.any(String),
      });
    }
  });

  it("spells every path in full, and everything else in snake_case", async () => {
    const { paths, components } = await openApi();
    const known = /^\/(health|ready|api\/v1(\/(\{[a-z_]+\}|[a-z_.]+))+)$/;
    expect(Object.keys(paths).filter((path) => !known.test(path))).toEqual([]);
    const names = Object.values(components.schemas).flatMap((schema) =>
      Object.keys((schema as { properties?: object }).properties ?? {}),
    );
    expect(names.length).toBeGreaterThan(100);
    expect(names.filter((name) => !/^[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
  });

  it("says for each refusal which problems it may be, each of its status, and that bodies hold nothing unknown", async () => {
    const openapi = await openApi();
    const { components } = openapi;
    const responses = endpointsOf(openapi).flatMap(({ operation }) => Object.entries(operation.responses));
    for (const [status, response] of responses.filter(([code]) => code >= "400")) {
      const codes = response["x-problem-codes"] ?? [];
      expect(codes.length).toBeGreaterThan(0);
      expect(codes.filter((code) => String(problems[code as keyof typeof problems][0]) !== status)).toEqual([]);
      expect(Object.keys(response.content ?? {})).toEqual(["application/problem+json"]);
    }
    const open = Object.entries(components.schemas).filter(([, schema]) => {
      const { type, additionalProperties } = schema as { type?: string; additionalProperties?: unknown };
      return type === "object" && additionalProperties !== false;
    });
    // Keys of other issuers carry what they like.
    expect(open.map(([name]) => name)).toEqual(["Jwks"]);
  });

  it("judges: what it does not foresee fails a test", async () => {
    const answering = (body: string, status = 200, type = "application/json") =>
      new Api(null, async () => new Response(body, { status, headers: { "content-type": type } })).send(
        "GET",
        "/health",
      );
    await expect(answering('{"status":"ok"}')).resolves.toMatchObject({ status: 200 });
    await expect(answering('{"status":"ok","more":1}')).rejects.toThrow(/additional properties/);
    await expect(answering('{"status":"fine"}')).rejects.toThrow(/against the contract/);
    await expect(answering('{"status":"ok"}', 201)).rejects.toThrow(/does not document 201/);
    await expect(answering("ok", 200, "text/plain")).rejects.toThrow(/does not document text\/plain/);
    const nowhere = new Api(null, async () => Response.json({})).send("GET", "/nowhere");
    await expect(nowhere).rejects.toThrow(/404 is due/);
  });
});
