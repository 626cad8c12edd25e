/** What becomes of entries when machines say what became of their offers, and what machines hear of entries. */

import { and, eq, sql } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import type { EventEnvelope } from "../../../platform/events.ts";
import type { Consumers, EventContext, EventHandler } from "../../../platform/queue.ts";
import { systemSpace } from "../../../platform/system-space.ts";
import type { OfferEventData, OfferEventType, WaitlistEventType } from "../events.ts";
import { waitlistEntries } from "../tables.ts";
import { machinesOf, tellMachines, WAITLIST } from "./machines.ts";
import { type AnswerBy, resolveOpened, unclaim } from "./resolve.ts";

/** Writes what became of the entry that an offer was for, unless it has gone on since. */
const settles = (name: string, set: (data: OfferEventData) => Record<string, unknown>): EventHandler => ({
  name,
  async handle({ subject, data }, { store, now }) {
    const offer = data as OfferEventData;
    if (offer.entry_id === null) return [];
    const isOffered = and(
      eq(waitlistEntries.id, offer.entry_id),
      eq(waitlistEntries.offer_id, subject.id),
      eq(waitlistEntries.status, "offered"),
    );
    return [
      store.db
        .update(waitlistEntries)
        .set({ ...set(offer), updated_at: now, version: sql`version + 1` })
        .where(store.in(waitlistEntries, isOffered)),
    ];
  },
});

const timesOf = ({ starts_at, ends_at, expires_at }: OfferEventData) => ({
  offer_starts_at: starts_at,
  offer_ends_at: ends_at,
  offer_expires_at: expires_at,
});

const noteAssigned = settles("note_offer_assigned", timesOf);
const noteLapsed = settles("note_offer_lapsed", () => ({ status: "lapsed" }));
const noteAccepted = settles("note_offer_accepted", (data) => ({
  ...timesOf(data),
  status: "accepted",
  reservation_id: data.reservation_id ?? null,
}));

/** Nobody was found for it: whoever it was claimed for waits on. */
const noteReleased: EventHandler = {
  name: "note_offer_released",
  async handle({ subject }, { store, now }) {
    return [unclaim({ store, db: store.db, now }, subject.id)];
  },
};

const findEntry = async ({ store }: EventContext, id: string) => {
  const [row] = await store.db
    .select()
    .from(waitlistEntries)
    .where(store.in(waitlistEntries, eq(waitlistEntries.id, id)));
  return row ?? null;
};

/** Tells every machine that an entry is about, or was: it waits, or does so no more. */
async function tell(entry_id: string, { request_id }: EventEnvelope, context: EventContext): Promise<void> {
  const row = await findEntry(context, entry_id);
  if (!row) return;
  const space = systemSpace(context.store, null, { actor_id: WAITLIST, request_id, now: context.now });
  const ids = await machinesOf(space, row);
  const { window_starts_at, window_ends_at, minutes, status, offered_on } = row;
  if (status === "waiting") {
    const windows = [{ entry_id, window_starts_at, window_ends_at, minutes }];
    await tellMachines(space, ids, { type: "wait", windows });
  } else if (status !== "offered") {
    const all = offered_on === null ? ids : [...new Set([...ids, offered_on])];
    await tellMachines(space, all, { type: "stop_waiting", entry_ids: [entry_id] });
  }
}

const tellOfEntry: EventHandler = {
  name: "tell_machines_who_waits",
  async handle(envelope, context) {
    await tell(envelope.subject.id, envelope, context);
    return [];
  },
};

/** Whoever took an offer, or let it go, waits for no other machine either. */
const tellOfOffer: EventHandler = {
  name: "tell_machines_of_offer",
  async handle(envelope, context) {
    const { entry_id } = envelope.data as OfferEventData;
    if (entry_id === null) return [];
    const space = systemSpace(context.store, null, {
      actor_id: WAITLIST,
      request_id: envelope.request_id,
      now: context.now,
    });
    const row = await findEntry(context, entry_id);
    const ids = row ? (await machinesOf(space, row)).filter((id) => id !== row.offered_on) : [];
    await tellMachines(space, ids, { type: "stop_waiting", entry_ids: [entry_id] });
    return [];
  },
};

/** Handlers for what machines say of offers, and for entries. */
export const waitlistConsumers = (
  source: SettingsSource,
  answerBy: AnswerBy,
): Consumers<OfferEventType | WaitlistEventType> => ({
  "offer.opened": [resolveOpened(source, answerBy)],
  "offer.assigned": [noteAssigned],
  "offer.lapsed": [noteLapsed, tellOfOffer],
  "offer.released": [noteReleased],
  "offer.accepted": [noteAccepted, tellOfOffer],
  "waitlist.joined": [tellOfEntry],
  "waitlist.left": [tellOfEntry],
});
