/**
 * Mail that is due, and its way out. A delivery is a row without words and addresses, made once per (cause, template, recipient) in the batch
 * that makes it due; words and address are made when it is sent. What fails for a while is tried again for about a day, by the event that
 * stays in the outbox.
 */

import { and, eq, inArray, lt, sql } from "drizzle-orm";
import type { BatchItem } from "drizzle-orm/batch";
import { type Write, write } from "../db/commit.ts";
import { insertAll } from "../db/insert-all.ts";
import type { SpaceStore } from "../db/store.ts";
import { mailDeliveries } from "../db/tables.ts";
import type { EventDraft, EventEnvelope } from "../events.ts";
import { newId } from "../ids.ts";
import { MailFailure, type MailMessage, type SendMail } from "../mail.ts";
import { claimOf, isSpent, type Tries, waitAfter } from "../ops/tries.ts";
import { type Consumers, type HandlerContext, NotNow, toOutbox } from "../queue.ts";
import { HOUR, MINUTE } from "../time.ts";

export type DeliveryRow = typeof mailDeliveries.$inferSelect;

/** Mail that is to be sent. */
export interface MailOrder {
  /** A key of the templates. */
  template: string;
  /** "member:<id>", "invite:<id>": the template finds the address behind it. */
  recipient: string;
  /** What it is about; staff see it. */
  subject: { type: string; id: string };
  /** What makes it due: the id of an event, or a resource and its version. */
  cause: string;
  /** What the template has to know besides; nothing personal. */
  data?: Record<string, unknown>;
}

/** What a template may use. */
export interface MailContext {
  store: SpaceStore;
  delivery: DeliveryRow;
  now: number;
}

/** A message as templates make it. */
export interface MadeMail extends Omit<MailMessage, "id"> {
  /** Runs when it has gone out; it must not matter should that be forgotten. */
  sent?: () => Promise<void>;
}

/** Makes the message at the moment of sending; null when nobody is to be told any more. */
export type MailTemplate = (context: MailContext) => Promise<MadeMail | null>;
export type MailTemplates = Readonly<Record<string, MailTemplate>>;

/** Everything that sending takes. */
export interface MailPorts {
  send: SendMail;
  templates: MailTemplates;
}

const toRow = (store: SpaceStore, order: MailOrder, now: number): DeliveryRow =>
  store.row({
    id: newId(),
    cause: order.cause,
    template: order.template,
    recipient: order.recipient,
    subject_type: order.subject.type,
    subject_id: order.subject.id,
    data: order.data ?? {},
    status: "queued" as const,
    attempts: 0,
    next_attempt_at: now,
    reason: null,
    sent_at: null,
    version: 1,
    created_at: now,
    updated_at: now,
  });

const subjectOf = (row: DeliveryRow) => ({ type: "mail_delivery", id: row.id, version: row.version });

/** Mail that a commit makes due: a write and an event to hand to it. Send it at once with `sendDelivery`, or leave it to the event. */
export function orderMail(
  store: SpaceStore,
  order: MailOrder,
  now: number,
): { id: string; write: Write; event: EventDraft } {
  const row = toRow(store, order, now);
  return {
    id: row.id,
    write: write(store.db.insert(mailDeliveries).values(row)),
    event: { type: "mail.queued", data: { template: order.template }, subject: subjectOf(row) },
  };
}

/** Mail of one event; or each of its own cause. */
export type EventMail = Omit<MailOrder, "cause"> & { cause?: string };

/** Mail that an event makes due: the statements for its handler to return. The same event again orders nothing. */
export function mailFor(
  { id, request_id }: Pick<EventEnvelope, "id" | "request_id">,
  { store, now, sendAfter }: HandlerContext,
  orders: readonly EventMail[],
): BatchItem<"sqlite">[] {
  const rows = orders.map((order) => toRow(store, { cause: id, ...order }, now));
  const events = rows.map(
    (row): EventEnvelope => ({
      id: newId(),
      type: "mail.queued",
      v: 1,
      makerspace_id: store.makerspace_id,
      subject: subjectOf(row),
      actor_id: "mail",
      request_id,
      occurred_at: now,
      data: { template: row.template },
    }),
  );
  sendAfter(events);
  return [...insertAll(store, mailDeliveries, rows), ...toOutbox(store, events, now)];
}

/** Longer than any adapter takes. Greylisting passes within minutes, a broken server within a day. */
export const mailTries: Tries = {
  lease: 2 * MINUTE,
  retry_after: [2 * MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR],
};

/** One attempt at a time: of two that try, one gets the row. */
async function claim(store: SpaceStore, id: string, now: number): Promise<DeliveryRow | null> {
  const { set, isFree } = claimOf(mailDeliveries, mailTries, now);
  const isOpen = inArray(mailDeliveries.status, ["queued", "sending"]);
  const [row] = await store.db
    .update(mailDeliveries)
    .set({ ...set, status: "sending" })
    .where(isFree(store.in(mailDeliveries, eq(mailDeliveries.id, id)), isOpen))
    .returning();
  return row ?? null;
}

type Outcome = Pick<DeliveryRow, "status" | "reason"> & Partial<Pick<DeliveryRow, "sent_at" | "next_attempt_at">>;

async function attempt({ send, templates }: MailPorts, context: MailContext): Promise<Outcome> {
  const { delivery, now } = context;
  if (isSpent(mailTries, delivery.attempts)) return { status: "failed", reason: "interrupted" };
  try {
    const template = templates[delivery.template];
    if (!template) throw new MailFailure("no_template", true);
    const made = await template(context);
    if (!made) return { status: "dropped", reason: "nobody_to_tell" };
    const { sent, ...message } = made;
    await send({ ...message, id: delivery.id });
    await sent?.().catch(() => undefined);
    return { status: "sent", reason: null, sent_at: now };
  } catch (error) {
    // Anything else is trouble of ours, such as a database that does not answer: it passes.
    const { reason, permanent } = error instanceof MailFailure ? error : new MailFailure("internal", false);
    const wait = waitAfter(mailTries, delivery.attempts);
    if (permanent || wait === null) return { status: "failed", reason };
    return { status: "queued", reason, next_attempt_at: now + wait };
  }
}

/**
 * Tries to send one delivery, unless somebody is at it or its time has not come.
 * @returns true when there is nothing more to do: it was sent, has failed for good, or nobody is to be told.
 */
export async function sendDelivery(ports: MailPorts, store: SpaceStore, id: string, now: number): Promise<boolean> {
  const delivery = await claim(store, id, now);
  if (!delivery) {
    const [row] = await store.db
      .select({ status: mailDeliveries.status })
      .from(mailDeliveries)
      .where(store.in(mailDeliveries, eq(mailDeliveries.id, id)));
    return row?.status !== "queued" && row?.status !== "sending";
  }
  const outcome = await attempt(ports, { store, delivery, now });
  await store.db
    .update(mailDeliveries)
    .set({ ...outcome, updated_at: Date.now(), version: delivery.version + 1 })
    // Somebody took over when this attempt took too long: theirs counts.
    .where(store.in(mailDeliveries, eq(mailDeliveries.id, id), eq(mailDeliveries.version, delivery.version)));
  return outcome.status !== "queued";
}

/** The consumer that sends mail. What could not be sent now stays in the outbox, which brings it again every few minutes. */
export const mailConsumers = (ports: MailPorts): Consumers<"mail.queued"> => ({
  "mail.queued": [
    {
      name: "send_mail",
      async handle({ subject }, { store }) {
        if (!(await sendDelivery(ports, store, subject.id, Date.now()))) throw new NotNow();
        return [];
      },
    },
  ],
});

/** Deliveries that are done are kept for staff to look at until then. */
export const doneBefore = (moment: number) =>
  and(sql`${mailDeliveries.status} IN ('sent', 'failed', 'dropped')`, lt(mailDeliveries.updated_at, moment));
