/** What happened, on its way through an outbox and the queue to whoever cares. No order is promised: the subject's version settles it. */
export interface EventEnvelope<T extends string = string, D = Record<string, unknown>> {
  /** Unique; consumers count each (event, handler) once. Objects use '<equipment>:<seq>'. */
  id: string;
  type: T;
  /** Version of the shape of `data`. */
  v: 1;
  makerspace_id: string;
  subject: { type: string; id: string; version: number };
  actor_id: string;
  request_id: string;
  /** Epoch milliseconds. */
  occurred_at: number;
  data: D;
}

/** Every type of event with its data. Each module adds its own, so that one that is misspelt or has no handler does not compile. */
export interface EventCatalogue {
  "job.queued": { kind: string };
  "mail.queued": { template: string };
  /** The system to itself: seal new audit entries, put the head of the chain aside, verify the chain. */
  "audit.seal_due": Record<string, never>;
  "audit.anchor_due": Record<string, never>;
  "audit.verify_due": Record<string, never>;
  /** A link of the audit's chain is broken: which one, and how. */
  "audit.broken": { kind: string; seq: number };
}
export type EventType = keyof EventCatalogue;

/** An event that is not on its way yet: its subject is the commit's unless it names another. */
export type EventDraft = {
  [T in EventType]: { type: T; data: EventCatalogue[T]; subject?: EventEnvelope["subject"] };
}[EventType];
