/** Skills: pure parts. Times are epoch milliseconds. */

import { Temporal } from "temporal-polyfill";
import { endOf } from "../../platform/skills.ts";
import { DAY } from "../../platform/time.ts";

export const skillStatuses = ["active", "archived"] as const;

export const certificationStatuses = ["awaiting_cosign", "certified", "expired", "revoked", "superseded"] as const;
export type CertificationStatus = (typeof certificationStatuses)[number];

/** `supersede`: another certification of the same skill takes its place. */
export const certificationSteps = ["cosign", "expire", "revoke", "supersede"] as const;
export type CertificationStep = (typeof certificationSteps)[number];

/** The one declared table of a certification's life: status → step → status. */
export const certificationTransitions: Readonly<
  Record<CertificationStatus, Partial<Record<CertificationStep, CertificationStatus>>>
> = {
  awaiting_cosign: { cosign: "certified", revoke: "revoked", supersede: "superseded" },
  certified: { expire: "expired", revoke: "revoked", supersede: "superseded" },
  // It may count in the days of grace: that ends, too.
  expired: { revoke: "revoked", supersede: "superseded" },
  revoked: { supersede: "superseded" },
  superseded: {},
};

/** The statuses from which a step may be taken. */
export const statusesBefore = (step: CertificationStep): CertificationStatus[] =>
  certificationStatuses.filter((status) => certificationTransitions[status][step] !== undefined);

export const endings = ["date", "disuse", "revoked", "superseded"] as const;

export const requestStatuses = ["open", "approved", "rejected", "withdrawn"] as const;
export type RequestStatus = (typeof requestStatuses)[number];

/** Months after a day, a certification ends at the end of that day on the wall clock of the makerspace. */
export function endOfValidity(from: number, months: number, zone: string): number {
  const last = Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone).add({ months });
  return last.add({ days: 1 }).startOfDay().epochMilliseconds;
}

/** As much of a certification and its skill as says when it ends. */
export interface Lasting {
  certified_at: number;
  cosigned_at: number | null;
  expires_at: number | null;
  last_used_at: number | null;
  disuse_days: number | null;
}

/** When it ends unless a machine of the skill is used; null where disuse ends nothing. */
export const idleAt = ({ certified_at, cosigned_at, last_used_at, disuse_days }: Lasting): number | null =>
  disuse_days === null ? null : Math.max(cosigned_at ?? certified_at, last_used_at ?? 0) + disuse_days * DAY;

/** When it ends if nothing happens, and why; null without an end. */
export function endingOf(lasting: Lasting): { at: number; because: "date" | "disuse" } | null {
  const { expires_at } = lasting;
  const at = endOf({ expires_at, idle_at: idleAt(lasting) });
  return at === null ? null : { at, because: at === expires_at ? "date" : "disuse" };
}

/** What the clockwork does with a certification in force, and when it looks again. */
export type Due =
  | { step: "expire"; at: number; because: "date" | "disuse" }
  | { step: "warn"; of: number; next: number }
  | { step: "wait"; next: number | null };

/** @param warned_of the end that its holder has been warned of */
export function dueStep(lasting: Lasting, warning_days: number, warned_of: number | null, now: number): Due {
  const ending = endingOf(lasting);
  if (!ending) return { step: "wait", next: null };
  const { at, because } = ending;
  if (at <= now) return { step: "expire", at, because };
  if (warning_days === 0 || warned_of === at) return { step: "wait", next: at };
  const warns_at = at - warning_days * DAY;
  return warns_at <= now ? { step: "warn", of: at, next: at } : { step: "wait", next: warns_at };
}

/** When the clockwork first looks at a certification that begins to count. */
export function firstLook(lasting: Lasting, warning_days: number, now: number): number | null {
  const due = dueStep(lasting, warning_days, null, now);
  return due.step === "wait" ? due.next : now;
}

/** Skill → what it asks for first. */
export type Prerequisites = ReadonlyMap<string, readonly string[]>;

/** A way from a skill back to itself, by what it is to ask for; null when there is none. The skill stands at both ends. */
export function cycleThrough(skill_id: string, asked: readonly string[], graph: Prerequisites): string[] | null {
  const seen = new Set<string>();
  const walk = (id: string, path: readonly string[]): string[] | null => {
    if (id === skill_id) return [...path, id];
    if (seen.has(id)) return null;
    seen.add(id);
    for (const next of graph.get(id) ?? []) {
      const found = walk(next, [...path, id]);
      if (found) return found;
    }
    return null;
  };
  for (const id of asked) {
    const found = walk(id, [skill_id]);
    if (found) return found;
  }
  return null;
}

/** Files of evidence that one request has at most. */
export const MAX_EVIDENCE = 5;
