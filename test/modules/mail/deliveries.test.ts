/** Mail on its way: once per event, tried again while that can help, and seen by staff without words and addresses. */

import { env } from "cloudflare:workers";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import type { EventEnvelope } from "../../../src/platform/events.ts";
import { newId } from "../../../src/platform/ids.ts";
import {
  type MailOrder,
  type MailPorts,
  mailConsumers,
  mailFor,
  mailTries,
  orderMail,
  sendDelivery,
} from "../../../src/platform/mail/deliveries.ts";
import { MailFailure, type MailMessage } from "../../../src/platform/mail.ts";
import type { HandlerContext } from "../../../src/platform/queue.ts";
import { HOUR, MINUTE } from "../../../src/platform/time.ts";
import type { Page } from "../../support/api.ts";
import { deliver, deliverTo, outboxOf, tick } from "../../support/background.ts";
import { makeSpace, makeTwoSpaces, type TestSpace } from "../../support/space.ts";

interface Delivery {
  id: string;
  status: string;
  attempts: number;
  reason: string | null;
  recipient: { type: string; id: string };
}

afterEach(() => {
  vi.restoreAllMocks();
});

let space: TestSpace;
let store: SpaceStore;
beforeAll(async () => {
  space = await makeSpace();
  store = new SpaceStore(space.id, "000");
});

/** Ports whose adapter does what the test says, with what went out. */
function portsThat(send: (message: MailMessage) => Promise<void> = async () => {}): MailPorts & { out: MailMessage[] } {
  const out: MailMessage[] = [];
  return {
    out,
    send: async (message) => {
      await send(message);
      out.push(message);
    },
    templates: {
      hello: async () => ({ to: "ada@example.org", subject: "Hello", text: "Hello", html: "<p>Hello</p>" }),
      nobody: async () => null,
    },
  };
}

async function order(more: Partial<MailOrder> = {}, now = Date.now()): Promise<string> {
  const cause = newId();
  const base = { template: "hello", recipient: "member:ada", subject: { type: "test", id: "1" }, cause };
  const { id, write } = orderMail(store, { ...base, ...more }, now);
  await store.db.batch([write.statement as Parameters<typeof store.db.batch>[0][0]]);
  return id;
}

const read = (id: string): Promise<Delivery> => space.root.get<Delivery>(space.path(`/mail_deliveries/${id}`));

describe("a delivery", () => {
  it("goes out once, however often and by however many it is tried", async () => {
    const id = await order();
    const ports = portsThat(() => scheduler.wait(20));
    const now = Date.now();
    await Promise.all(Array.from({ length: 20 }, () => sendDelivery(ports, store, id, now)));
    expect(await sendDelivery(ports, store, id, now + HOUR)).toBe(true);
    expect(ports.out).toHaveLength(1);
    expect(ports.out[0]?.id).toBe(id);
    expect(await read(id)).toMatchObject({ status: "sent", attempts: 1, reason: null });
  });

  it("is tried again later and later while that can help, and then has failed", async () => {
    const start = Date.now();
    const id = await order({}, start);
    const ports = portsThat(() => Promise.reject(new MailFailure("smtp_451", false)));
    const tried: number[] = [];
    for (let at = start; at < start + 36 * HOUR; at += MINUTE) {
      const { attempts } = await row(id);
      await sendDelivery(ports, store, id, at);
      if ((await row(id)).attempts > attempts) tried.push((at - start) / MINUTE);
      if ((await row(id)).status === "failed") break;
      // Minutes in which nothing is due are skipped, to keep the test short.
      at = Math.max(at, (await row(id)).next_attempt_at - 2 * MINUTE);
    }
    expect(tried).toEqual([0, 2, 7, 22, 82, 262, 622, 1342]);
    expect(await read(id)).toMatchObject({ status: "failed", attempts: 8, reason: "smtp_451" });
  });

  it("goes out at the second attempt after the server asked for patience", async () => {
    const now = Date.now();
    const id = await order({}, now);
    const patience = vi.fn(async () => {});
    patience.mockRejectedValueOnce(new MailFailure("smtp_451", false));
    const ports = portsThat(patience);
    expect(await sendDelivery(ports, store, id, now)).toBe(false);
    expect(await read(id)).toMatchObject({ status: "queued", reason: "smtp_451" });
    expect(await sendDelivery(ports, store, id, now + MINUTE)).toBe(false);
    expect(await sendDelivery(ports, store, id, now + 2 * MINUTE)).toBe(true);
    expect(ports.out).toHaveLength(1);
    expect(await read(id)).toMatchObject({ status: "sent", attempts: 2 });
  });

  it("fails for good at once when trying again cannot help", async () => {
    const id = await order();
    const ports = portsThat(() => Promise.reject(new MailFailure("smtp_550", true)));
    expect(await sendDelivery(ports, store, id, Date.now())).toBe(true);
    expect(await read(id)).toMatchObject({ status: "failed", attempts: 1, reason: "smtp_550" });
  });

  it("is taken over when whoever sent it died on the way, and their late word does not count", async () => {
    const now = Date.now();
    const id = await order({}, now);
    let finish = (): void => {};
    const slow = portsThat(() => new Promise((resolve) => (finish = resolve)));
    const first = sendDelivery(slow, store, id, now);
    await scheduler.wait(50);
    const second = portsThat();
    expect(await sendDelivery(second, store, id, now + MINUTE)).toBe(false);
    expect(await sendDelivery(second, store, id, now + 3 * MINUTE)).toBe(true);
    finish();
    await first;
    expect(await row(id)).toMatchObject({ status: "sent", attempts: 2, version: 4 });
  });

  it("whose sender died each time is given up after as many attempts as one that is refused", async () => {
    const id = await order();
    const ports = portsThat();
    await env.DB_000.prepare(
      "UPDATE mail_deliveries SET status = 'sending', attempts = ?, next_attempt_at = 0 WHERE makerspace_id = ? AND id = ?",
    )
      .bind(mailTries.retry_after.length + 1, space.id, id)
      .run();
    expect(await sendDelivery(ports, store, id, Date.now())).toBe(true);
    expect(ports.out).toEqual([]);
    const answer = await space.root.get<Delivery>(space.path(`/mail_deliveries/${id}`));
    expect(answer).toMatchObject({ status: "failed", reason: "interrupted" });
  });

  it("is dropped when nobody is to be told any more", async () => {
    const id = await order({ template: "nobody" });
    expect(await sendDelivery(portsThat(), store, id, Date.now())).toBe(true);
    expect(await read(id)).toMatchObject({ status: "dropped", reason: "nobody_to_tell" });
  });

  it("that failed goes again when staff say so; one that went out does not", async () => {
    const id = await order({ template: "no such thing" });
    await sendDelivery(portsThat(), store, id, Date.now());
    expect(await read(id)).toMatchObject({ status: "failed", reason: "no_template" });
    await space.root.post(space.path(`/mail_deliveries/${id}/retry`));
    expect(await row(id)).toMatchObject({ status: "queued", attempts: 0 });
    const sent = await order();
    await sendDelivery(portsThat(), store, sent, Date.now());
    const refused = await space.root.refused("POST", space.path(`/mail_deliveries/${sent}/retry`));
    expect(refused.code).toBe("illegal_transition");
  });
});

const row = async (id: string) => {
  const found = await env.DB_000.prepare(
    "SELECT status, attempts, next_attempt_at, version FROM mail_deliveries WHERE makerspace_id = ? AND id = ?",
  )
    .bind(space.id, id)
    .first<{ status: string; attempts: number; next_attempt_at: number; version: number }>();
  if (!found) throw new Error("no delivery");
  return found;
};

const happened = (subject_id: string): EventEnvelope => ({
  id: newId(),
  type: "member.reactivated",
  v: 1,
  makerspace_id: space.id,
  subject: { type: "member", id: subject_id, version: 1 },
  actor_id: "test",
  request_id: "test",
  occurred_at: Date.now(),
  data: {},
});

describe("mail that an event makes due", () => {
  it("is ordered once, however often the event comes, and goes out by an event of its own", async () => {
    const member_id = newId();
    const event = happened(member_id);
    const subject = { type: "member", id: member_id };
    const consumers = {
      "member.reactivated": [
        {
          name: "mail",
          handle: async (envelope: EventEnvelope, context: HandlerContext) =>
            mailFor(envelope, context, [{ template: "hello", recipient: `member:${member_id}`, subject }]),
        },
      ],
    };
    await Promise.all([deliverTo(consumers, event), deliverTo(consumers, event)]);
    await deliverTo(consumers, event);
    const { data } = await space.root.get<Page<Delivery>>(space.path("/mail_deliveries?limit=100"));
    const mine = data.filter(({ recipient }) => recipient.id === member_id);
    expect(mine).toHaveLength(1);
    const due = (await outboxOf(space, "mail.queued")).filter(({ subject }) => subject.id === mine[0]?.id);
    expect(due).toHaveLength(1);
    const ports = portsThat();
    await deliverTo(mailConsumers(ports), ...due);
    expect(ports.out).toHaveLength(1);
    expect((await outboxOf(space, "mail.queued")).filter(({ id }) => id === due[0]?.id)).toEqual([]);
  });

  it("that cannot go out now stays in the outbox, and keeps nothing else waiting", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => {});
    const event = happened(newId());
    await deliverTo(
      {
        "member.reactivated": [
          {
            name: "mail",
            handle: async (envelope, context) =>
              mailFor(envelope, context, [
                { template: "hello", recipient: "member:x", subject: { type: "member", id: "x" } },
              ]),
          },
        ],
      },
      event,
    );
    expect(await outboxOf(space, "member.reactivated")).toEqual([]);
    const [due] = (await outboxOf(space, "mail.queued")).slice(-1);
    if (!due) throw new Error("no event");
    const greylisted = portsThat(() => Promise.reject(new MailFailure("smtp_451", false)));
    await deliverTo(mailConsumers(greylisted), due);
    expect((await outboxOf(space, "mail.queued")).map(({ id }) => id)).toContain(due.id);
  });
});

describe("staff", () => {
  it("see what failed, page by page, by status, and nobody else does", async () => {
    const id = await order();
    await sendDelivery(
      portsThat(() => Promise.reject(new MailFailure("smtp_550", true))),
      store,
      id,
      Date.now(),
    );
    const { api } = await space.as("admin");
    const failed = await api.all<Delivery>(space.path("/mail_deliveries?limit=1&status=failed"));
    expect(failed[0]).toMatchObject({ id, status: "failed", reason: "smtp_550" });
    expect(new Set(failed.map(({ status }) => status))).toEqual(new Set(["failed"]));
    const both = await api.all<Delivery>(space.path("/mail_deliveries?limit=2&status=failed&status=sent"));
    const ids = both.map((one) => one.id);
    expect(ids).toEqual([...ids].sort().reverse());
    expect(JSON.stringify(both)).not.toContain("@");
    const user = await space.as("user");
    expect((await user.api.refused("GET", space.path("/mail_deliveries"))).code).toBe("forbidden");
    const { abroad } = await makeTwoSpaces();
    expect((await abroad.root.refused("GET", abroad.path(`/mail_deliveries/${id}`))).code).toBe("not_found");
  });

  it("find rare ones without reading the others", async () => {
    const plan = await env.DB_000.prepare(
      "EXPLAIN QUERY PLAN SELECT * FROM mail_deliveries WHERE makerspace_id = ? AND unlikely(status = ?) AND id < ? ORDER BY id DESC LIMIT 2",
    )
      .bind(space.id, "failed", "z")
      .all<{ detail: string }>();
    expect(plan.results.map(({ detail }) => detail).join()).toMatch(
      /mail_deliveries_by_status \(.*status=\? AND id<\?\)/,
    );
  });

  it("no longer see what was done three months ago", async () => {
    const old = await order();
    await sendDelivery(portsThat(), store, old, Date.now());
    const waiting = await order();
    const long_ago = Date.now() - 91 * 24 * HOUR;
    await env.DB_000.prepare("UPDATE mail_deliveries SET updated_at = ? WHERE makerspace_id = ? AND id IN (?, ?)")
      .bind(long_ago, space.id, old, waiting)
      .run();
    await tick("quarter");
    expect((await space.root.refused("GET", space.path(`/mail_deliveries/${old}`))).code).toBe("not_found");
    expect(await read(waiting)).toMatchObject({ status: "queued" });
  });
});

it("an event whose row comes a moment later is not lost", async () => {
  const event: EventEnvelope = {
    ...happened(newId()),
    type: "mail.queued",
    subject: { type: "mail_delivery", id: newId(), version: 1 },
  };
  expect((await deliver([event])).acknowledged).toEqual(["0"]);
});
