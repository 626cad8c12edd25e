/** Outgoing webhooks, against a receiver that is a server of its own and behaves as badly as it is asked to. */

import { env } from "cloudflare:workers";
import { Webhook as Oracle } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { deliveryTries } from "../../../src/modules/webhooks/model.ts";
import { DAY, HOUR, MINUTE } from "../../../src/platform/time.ts";
import { deliver, tick } from "../../support/background.ts";
import { type Received, Receiver } from "../../support/receiver.ts";
import { makeScene } from "../../support/scene.ts";
import { makeSpace, makeTwoSpaces, slotIn, until } from "../../support/space.ts";
import { deliveriesOf, hook, readHook, tried, tryAgain, tryOut } from "../../support/webhooks.ts";
import type { Notification, WebhookDelivery, WebhookDeliveryDetail, WebhookWithSecret } from "../../support/wire.ts";

const verify = ({ headers, body }: Received, secret: string): unknown => new Oracle(secret).verify(body, headers);

describe("a webhook", () => {
  it("brings an event with the headers of Standard Webhooks, which that project's own library verifies", async () => {
    const { space, machine, ada } = await makeScene();
    const receiver = new Receiver();
    const { secret, ...webhook } = await hook(space, receiver.url("ok"), ["reservation.created"]);
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const booked = await space.booked(ada.api, machine, { ...slotIn(24), purpose: "a secret gift" });
    const [request] = await receiver.heard(1);
    if (!request) throw new Error("nothing came");
    const event = verify(request, secret);
    expect(event).toMatchObject({
      type: "reservation.created",
      v: 1,
      makerspace_id: space.id,
      subject: { type: "reservation", id: booked.id },
      data: { equipment_id: machine.id, member_id: ada.member.id, starts_at: booked.starts_at },
    });
    expect(request.headers["webhook-id"]).toBe((event as { id: string }).id);
    expect(request.body).not.toContain("secret gift");
    expect(() => verify({ ...request, body: `${request.body} ` }, secret)).toThrow();
    const [log] = await until("the log", async () => {
      const found = await deliveriesOf(space, webhook, "?status=delivered");
      return found.length > 0 && found;
    });
    const detail = await space.root.get<WebhookDeliveryDetail>(
      space.path(`/webhooks/${webhook.id}/deliveries/${log?.id}`),
    );
    expect(detail).toMatchObject({
      attempts: 1,
      last_status_code: 200,
      last_error: null,
      request: { url: receiver.url("ok"), body: request.body },
      response: { status_code: 200, body: "thank you", truncated: false },
    });
    // The database holds the secret sealed, the audit not at all, and no answer repeats it.
    expect(await readHook(space, webhook)).toEqual(webhook);
    const { results } = await env.DB_000.prepare("SELECT * FROM audit_details WHERE makerspace_id = ?")
      .bind(space.id)
      .all();
    expect(JSON.stringify(results)).not.toContain(secret);
  });

  it("brings only what it asked for, and nothing of another makerspace", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const receiver = new Receiver();
    await hook(home, receiver.url("ok"), ["reservation.cancelled"]);
    for (const space of [home, abroad]) {
      const machine = await space.machine();
      const ada = await space.person();
      const booked = await space.booked(ada.api, machine, slotIn(24));
      await space.step(ada.api, booked, "cancel");
    }
    const [request] = await receiver.heard(1);
    await scheduler.wait(1_500);
    expect(await receiver.received()).toHaveLength(1);
    expect(JSON.parse(request?.body ?? "{}")).toMatchObject({ type: "reservation.cancelled", makerspace_id: home.id });
  });

  it("signs with the old secret as well for a day after a rotation", async () => {
    const space = await makeSpace();
    const receiver = new Receiver();
    const first = await hook(space, receiver.url("ok"));
    const path = space.path(`/webhooks/${first.id}`);
    const second = await space.root.post<WebhookWithSecret>(`${path}/rotate_secret`);
    expect(second.secret).not.toBe(first.secret);
    const until_at = Date.parse(second.previous_secret_until ?? "");
    expect(Math.abs(until_at - Date.now() - DAY)).toBeLessThan(MINUTE);
    await tryOut(space, first);
    const [both] = await receiver.heard(1);
    if (!both) throw new Error("nothing came");
    expect(both.headers["webhook-signature"]?.split(" ")).toHaveLength(2);
    verify(both, first.secret);
    verify(both, second.secret);
    await env.DB_000.prepare("UPDATE webhooks SET previous_secret_until = ? WHERE makerspace_id = ?")
      .bind(Date.now() - 1, space.id)
      .run();
    expect((await readHook(space, first)).previous_secret_until).toBeNull();
    await tryOut(space, first);
    const [, alone] = await receiver.heard(2);
    if (!alone) throw new Error("nothing came");
    verify(alone, second.secret);
    expect(() => verify(alone, first.secret)).toThrow();
  });

  it("that was rotated ten times at once has one secret, which works", async () => {
    const space = await makeSpace();
    const receiver = new Receiver();
    const webhook = await hook(space, receiver.url("ok"));
    const path = space.path(`/webhooks/${webhook.id}/rotate_secret`);
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => space.root.send<WebhookWithSecret>("POST", path)),
    );
    const last = answers
      .flatMap(({ body }) => body ?? [])
      .sort((a, b) => a.version - b.version)
      .at(-1);
    await tryOut(space, webhook);
    const [request] = await receiver.heard(1);
    if (!request || !last) throw new Error("nothing came");
    verify(request, last.secret);
  });

  it("is tried again under the same id until it is taken", async () => {
    const space = await makeSpace();
    const receiver = new Receiver();
    const webhook = await hook(space, receiver.url("flaky"));
    const delivery = await tryOut(space, webhook);
    const failed = await tried(space, delivery, 1);
    expect(failed).toMatchObject({ status: "pending", last_status_code: 503, last_error: "status_503" });
    expect((await readHook(space, webhook)).failing_since).not.toBeNull();
    // The queue brings it again by itself, five seconds later.
    const [first, second] = await receiver.heard(2);
    expect(first?.headers["webhook-id"]).toBe(second?.headers["webhook-id"]);
    expect(await tried(space, delivery, 2)).toMatchObject({ status: "delivered", attempts: 2 });
    expect((await readHook(space, webhook)).failing_since).toBeNull();
  });

  it("is found by the clockwork when the queue forgot it", async () => {
    const space = await makeSpace();
    const receiver = new Receiver();
    const webhook = await hook(space, receiver.url("fail"));
    const delivery = await tryOut(space, webhook);
    await tried(space, delivery, 1);
    await env.DB_000.prepare("UPDATE webhook_deliveries SET next_attempt_at = ? WHERE id = ?")
      .bind(Date.now() - 2 * MINUTE, delivery.id)
      .run();
    await tick("minute");
    await tried(space, delivery, 2);
  });

  it("gives up after about two days, is switched off, and administrators are told", async () => {
    expect(deliveryTries.retry_after.reduce<number>((sum, ms) => sum + ms, 0)).toBeGreaterThan(24 * HOUR);
    expect(deliveryTries.retry_after.reduce<number>((sum, ms) => sum + ms, 0)).toBeLessThan(72 * HOUR);
    const space = await makeSpace();
    const admin = await space.as("makerspace_admin");
    const receiver = new Receiver();
    const webhook = await hook(space, receiver.url("fail"), ["reservation.created"]);
    const [delivery, waiting] = [await tryOut(space, webhook), await tryOut(space, webhook)];
    for (let times = 1; times <= deliveryTries.retry_after.length; times++) {
      await tried(space, delivery, times);
      expect((await readHook(space, webhook)).status).toBe("enabled");
      await tryAgain(space, delivery);
    }
    const last = await tried(space, delivery, deliveryTries.retry_after.length + 1);
    expect(last).toMatchObject({
      status: "failed",
      attempts: deliveryTries.retry_after.length + 1,
      next_attempt_at: null,
    });
    expect(await readHook(space, webhook)).toMatchObject({ status: "disabled", disabled_because: "failing" });
    expect((await deliveriesOf(space, webhook, "?status=cancelled")).map(({ id }) => id)).toEqual([waiting.id]);
    const [told] = await until("the notification", async () => {
      const found = await admin.api.all<Notification>(space.path("/notifications?type=webhook.disabled"));
      return found.length > 0 && found;
    });
    expect(told).toMatchObject({ subject: { type: "webhook", id: webhook.id }, data: { because: "failing" } });
    const refused = await space.root.refused("POST", space.path(`/webhooks/${webhook.id}/test`));
    expect(refused).toMatchObject({ code: "illegal_transition", current_status: "disabled" });
    expect(await space.root.post(space.path(`/webhooks/${webhook.id}/enable`))).toMatchObject({ status: "enabled" });
    await tryOut(space, webhook);
  }, 90_000);

  it("that answers 410 is switched off at once", async () => {
    const space = await makeSpace();
    const webhook = await hook(space, new Receiver().url("gone"));
    await tryOut(space, webhook);
    await until("the end", async () => (await readHook(space, webhook)).status === "disabled");
    expect(await readHook(space, webhook)).toMatchObject({ disabled_because: "gone" });
  });

  it("does not follow a redirect, least of all to a private address", async () => {
    const space = await makeSpace();
    const receiver = new Receiver();
    const delivery = await tryOut(space, await hook(space, receiver.url("redirect")));
    expect(await tried(space, delivery, 1)).toMatchObject({
      status: "pending",
      last_status_code: 302,
      last_error: "redirect",
      response: { status_code: 302 },
    });
    expect((await receiver.received()).map(({ path }) => path)).toEqual([`/redirect/${receiver.tag}`]);
  });

  it("waits ten seconds for one that is slow or drips, and keeps nobody else waiting", async () => {
    const space = await makeSpace();
    const [slow, drip, quick] = [new Receiver(), new Receiver(), new Receiver()];
    const late = [await hook(space, slow.url("slow")), await hook(space, drip.url("drip"))];
    const started = Date.now();
    const waiting = await Promise.all(late.map((webhook) => tryOut(space, webhook)));
    const swift = await tryOut(space, await hook(space, quick.url("ok")));
    for (const delivery of waiting) {
      const failed = await tried(space, delivery, 1);
      expect(failed).toMatchObject({ status: "pending", last_error: "timeout", last_status_code: null });
      expect(failed.log[0]?.ms).toBeGreaterThan(9_000);
      expect(failed.log[0]?.ms).toBeLessThan(15_000);
    }
    expect(Date.now() - started).toBeLessThan(25_000);
    expect(await tried(space, swift, 1)).toMatchObject({ status: "delivered" });
  }, 60_000);

  it("keeps 64 KiB of an answer without end, and survives one who hangs up", async () => {
    const space = await makeSpace();
    const huge = await tryOut(space, await hook(space, new Receiver().url("huge")));
    const kept = await tried(space, huge, 1);
    expect(kept).toMatchObject({ status: "delivered", response: { status_code: 200, truncated: true } });
    expect(kept.response?.body).toHaveLength(64 * 1024);
    const cut = await tryOut(space, await hook(space, new Receiver().url("hangup")));
    expect(await tried(space, cut, 1)).toMatchObject({ status: "pending", last_error: "unreachable" });
  });

  it("sends an event again under the same id when staff ask for it", async () => {
    const space = await makeSpace();
    const receiver = new Receiver();
    const webhook = await hook(space, receiver.url("ok"));
    const delivery = await tryOut(space, webhook);
    await tried(space, delivery, 1);
    const path = space.path(`/webhooks/${webhook.id}/deliveries/${delivery.id}/redeliver`);
    const answer = await space.root.send<WebhookDelivery>("POST", path);
    expect(answer.body).toMatchObject({ redelivery_of: delivery.id, event_id: delivery.event_id });
    expect(answer.headers.get("location")).toBe(space.path(`/webhooks/${webhook.id}/deliveries/${answer.body?.id}`));
    const [first, second] = await receiver.heard(2);
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"]);
    expect(second?.body).toBe(first?.body);
  });

  it("that is delivered twice by the queue at once is sent once", async () => {
    const space = await makeSpace();
    const receiver = new Receiver();
    const webhook = await hook(space, receiver.url("fail"));
    const delivery = await tryOut(space, webhook);
    await tried(space, delivery, 1);
    await env.DB_000.prepare("UPDATE webhook_deliveries SET next_attempt_at = 0 WHERE id = ?").bind(delivery.id).run();
    const due = { makerspace_id: space.id, delivery_id: delivery.id };
    await Promise.all(Array.from({ length: 5 }, () => deliver([due, due], "makrcave-webhooks")));
    expect(await receiver.received()).toHaveLength(2);
  });

  it("is refused where it points into a private network", async () => {
    const space = await makeSpace();
    for (const url of [
      "https://10.0.0.1/",
      "https://2130706433/",
      "https://metadata.google.internal/",
      "http://example.com/",
    ]) {
      const body = { url, events: ["*"] };
      const refused = await space.root.refused("POST", space.path("/webhooks"), { body });
      expect(refused.errors?.[0]).toMatchObject({ pointer: "/url", code: "forbidden_target" });
    }
    const webhook = await hook(space, new Receiver().url("ok"));
    const path = space.path(`/webhooks/${webhook.id}`);
    const body = { url: "https://[::1]/" };
    expect((await space.root.refused("PATCH", path, { body })).code).toBe("invalid_body");
    // One that came in by another way is not called either.
    await env.DB_000.prepare("UPDATE webhooks SET url = 'https://192.168.0.1/' WHERE id = ?").bind(webhook.id).run();
    expect(await tried(space, await tryOut(space, webhook), 1)).toMatchObject({ last_error: "forbidden_target" });
  });

  it("is silent when the makerspace has switched webhooks off; the feed goes on", async () => {
    const { space, machine, ada } = await makeScene();
    const receiver = new Receiver();
    await hook(space, receiver.url("ok"));
    const { version } = await space.root.get<{ version: number }>(space.path("/settings/notifications"));
    await space.root.patch(space.path("/settings/notifications"), { webhooks: false }, version);
    await space.booked(ada.api, machine, slotIn(24));
    await until("the feed", async () => {
      const { data } = await space.root.get<{ data: { type: string }[] }>(
        space.path("/events?type=reservation.created"),
      );
      return data.length > 0;
    });
    await scheduler.wait(1_000);
    expect(await receiver.received()).toEqual([]);
  });

  it("is one of fifty at most, also when sixty are added at once", async () => {
    const space = await makeSpace();
    const body = { url: new Receiver().url("ok"), events: ["member.removed"] };
    const answers = await Promise.all(
      Array.from({ length: 60 }, () => space.root.send("POST", space.path("/webhooks"), { body })),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(50);
    expect(new Set(answers.flatMap(({ problem }) => problem?.code ?? []))).toEqual(new Set(["too_many_webhooks"]));
  });

  it("goes with its secret and its log", async () => {
    const space = await makeSpace();
    const webhook = await hook(space, new Receiver().url("ok"));
    await tried(space, await tryOut(space, webhook), 1);
    await space.root.delete(space.path(`/webhooks/${webhook.id}`));
    expect((await space.root.refused("GET", space.path(`/webhooks/${webhook.id}`))).code).toBe("not_found");
    const left = await env.DB_000.batch([
      env.DB_000.prepare("SELECT 1 FROM sealed_secrets WHERE makerspace_id = ?").bind(space.id),
      env.DB_000.prepare("SELECT 1 FROM webhook_deliveries WHERE makerspace_id = ?").bind(space.id),
    ]);
    expect(left.map(({ results }) => results)).toEqual([[], []]);
  });
});
