/** Attempts that end in this house rather than at the receiver: they count, and they end. */

import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { deliveryTries } from "../../../src/modules/webhooks/model.ts";
import { Receiver } from "../../support/receiver.ts";
import { makeSpace } from "../../support/space.ts";
import { hook, readHook, tried, tryAgain, tryOut } from "../../support/webhooks.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

describe("a delivery", () => {
  it("whose sender dies each time is given up like one that is never taken", async () => {
    const space = await makeSpace();
    const receiver = new Receiver();
    const webhook = await hook(space, receiver.url("fail"));
    const delivery = await tryOut(space, webhook);
    await tried(space, delivery, 1);
    // All attempts are used up, the last by somebody who never wrote down what became of it.
    await env.DB_000.prepare("UPDATE webhook_deliveries SET attempts = ? WHERE id = ?")
      .bind(deliveryTries.retry_after.length + 1, delivery.id)
      .run();
    await tryAgain(space, delivery);
    const last = await tried(space, delivery, 2);
    expect(last).toMatchObject({ status: "failed", last_error: "interrupted", next_attempt_at: null });
    expect(await receiver.received()).toHaveLength(1);
    expect(await readHook(space, webhook)).toMatchObject({ status: "disabled", disabled_because: "failing" });
  });

  it("whose secret does not open uses up its attempts, and is not tried for ever", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const space = await makeSpace();
    const receiver = new Receiver();
    const webhook = await hook(space, receiver.url("ok"));
    await env.DB_000.prepare("UPDATE sealed_secrets SET sealed = 'AAAA' || substr(sealed, 5) WHERE makerspace_id = ?")
      .bind(space.id)
      .run();
    const delivery = await tryOut(space, webhook);
    expect(await tried(space, delivery, 1)).toMatchObject({ status: "pending", attempts: 1, last_error: "internal" });
    await env.DB_000.prepare("UPDATE webhook_deliveries SET attempts = ? WHERE id = ?")
      .bind(deliveryTries.retry_after.length, delivery.id)
      .run();
    await tryAgain(space, delivery);
    expect(await tried(space, delivery, 2)).toMatchObject({ status: "failed", last_error: "internal" });
    expect(await receiver.received()).toEqual([]);
  });
});
