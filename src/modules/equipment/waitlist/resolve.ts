/** Who is next: for freed time that a machine keeps, somebody is found who waits for it and may have it, or it is given up. */

import { and, asc, eq, gt, inArray, lt, or, type SQL, sql } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import { leads } from "../../../platform/db/fan-out.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { EventEnvelope } from "../../../platform/events.ts";
import { describeError, log } from "../../../platform/log.ts";
import { Problem } from "../../../platform/problem.ts";
import type { EventHandler } from "../../../platform/queue.ts";
import type { Space } from "../../../platform/space.ts";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { planPriorities } from "../../members/index.ts";
import { readApplicant } from "../applicants.ts";
import { versionsSeen } from "../commands.ts";
import { gatesOf } from "../gates.ts";
import { FACTS_GOOD_FOR_MS, OFFER_MINUTES } from "../model.ts";
import { machine } from "../objects.ts";
import type { CommandResult } from "../port.ts";
import { equipment, waitlistEntries } from "../tables.ts";
import { callOf, WAITLIST } from "./machines.ts";
import type { EntryRow } from "./view.ts";

/** When a member who is told now should have answered (epoch milliseconds): after `minutes` in which they may be disturbed. */
export type AnswerBy = (
  store: SpaceStore,
  member_id: string,
  zone: string,
  now: number,
  minutes: number,
) => Promise<number>;

/** So many of those who wait are considered for one offer, and so many asked about. */
const MOST_CONSIDERED = 100;
const MOST_ASKED = 30;

type MachineRow = typeof equipment.$inferSelect;

/** Of freed time: what the machine keeps, and where. */
interface Opened {
  offer_id: string;
  starts_at: number;
  ends_at: number;
}

/** Those who wait for a part of it, by the priority of their plans, then by how long they wait; those it was claimed for before come along. */
async function candidates(
  space: Space,
  row: MachineRow,
  { offer_id, starts_at, ends_at }: Opened,
): Promise<EntryRow[]> {
  const { store, db } = space;
  const overlaps = and(gt(waitlistEntries.window_ends_at, starts_at), lt(waitlistEntries.window_starts_at, ends_at));
  const waits = or(
    eq(waitlistEntries.status, "waiting"),
    and(eq(waitlistEntries.status, "offered"), eq(waitlistEntries.offer_id, offer_id)),
  );
  const walk = (target: SQL) =>
    db
      .select()
      .from(waitlistEntries)
      .where(
        and(
          store.in(waitlistEntries, target, inArray(waitlistEntries.status, ["waiting", "offered"])),
          waits,
          overlaps,
        ),
      )
      .orderBy(asc(waitlistEntries.created_at), asc(waitlistEntries.id))
      .limit(MOST_CONSIDERED);
  const [ofMachine, ofCategory] = await db.batch([
    walk(leads(waitlistEntries.equipment_id, row.id)),
    walk(leads(waitlistEntries.category, row.category)),
  ]);
  const all = [...ofMachine, ...ofCategory];
  const priorities = await planPriorities(
    store,
    all.map(({ member_id }) => member_id),
  );
  const rank = ({ member_id }: EntryRow): number => priorities.get(member_id) ?? Number.NEGATIVE_INFINITY;
  return all.sort((a, b) => rank(b) - rank(a) || a.created_at - b.created_at || (a.id < b.id ? -1 : 1));
}

/** Takes an entry off the list for an offer; false when it is offered something else meanwhile, or has left. */
async function claimEntry({ store, db, now }: Space, { id }: EntryRow, offer_id: string, on: string): Promise<boolean> {
  const isFree = or(
    eq(waitlistEntries.status, "waiting"),
    and(eq(waitlistEntries.status, "offered"), eq(waitlistEntries.offer_id, offer_id)),
  );
  const claimed = await db
    .update(waitlistEntries)
    .set({ status: "offered", offer_id, offered_on: on, updated_at: now, version: sql`version + 1` })
    .where(and(store.in(waitlistEntries, eq(waitlistEntries.id, id)), isFree));
  return claimed.meta.changes === 1;
}

/** Puts entries back that an offer was not given to. */
export const unclaim = ({ store, db, now }: Pick<Space, "store" | "db" | "now">, offer_id: string, entry_id?: string) =>
  db
    .update(waitlistEntries)
    .set({
      status: "waiting",
      offer_id: null,
      offered_on: null,
      offer_starts_at: null,
      offer_ends_at: null,
      offer_expires_at: null,
      updated_at: now,
      version: sql`version + 1`,
    })
    .where(
      store.in(
        waitlistEntries,
        leads(waitlistEntries.offer_id, offer_id),
        entry_id === undefined ? undefined : eq(waitlistEntries.id, entry_id),
        eq(waitlistEntries.status, "offered"),
      ),
    );

/** Asks the machine to offer to one person: the same gates as a booking of their own. Null when they are in no standing to book. */
async function assign(
  space: Space,
  row: MachineRow,
  { id: entry_id, member_id }: EntryRow,
  offer_id: string,
  answer_by: number,
): Promise<CommandResult | null> {
  const decide_before = Date.now() + FACTS_GOOD_FOR_MS;
  let applicant: Awaited<ReturnType<typeof readApplicant>>;
  try {
    applicant = await readApplicant(space, member_id, row.id);
  } catch (error) {
    if (error instanceof Problem) return null;
    throw error;
  }
  const call = callOf(space, { type: "assign_offer", offer_id, entry_id, answer_by });
  return machine(space, row.id).execute({
    ...call,
    actor: { ...call.actor, authority: "own" },
    facts: {
      decide_before,
      policy_versions: versionsSeen(space, row),
      holder: applicant.holder,
      gates: gatesOf(space, row, applicant),
    },
  });
}

/** Finds somebody for what a machine keeps; when there is nobody, it is free. */
async function resolve(space: Space, row: MachineRow, opened: Opened, answerBy: AnswerBy): Promise<void> {
  const { offer_id } = opened;
  const { timezone } = space.settings;
  let asked = 0;
  // Somebody with many entries keeps nobody waiting: one no is enough.
  const refused = new Set<string>();
  for (const entry of await candidates(space, row, opened)) {
    if (asked >= MOST_ASKED) break;
    if (refused.has(entry.member_id)) continue;
    if (!(await claimEntry(space, entry, offer_id, row.id))) continue;
    asked++;
    const answer_by = await answerBy(space.store, entry.member_id, timezone, Date.now(), OFFER_MINUTES);
    const result = await assign(space, row, entry, offer_id, answer_by);
    if (result?.ok) return;
    await unclaim(space, offer_id, entry.id);
    if (result?.code === "offer_gone") return;
    if (result === null || result.code === "skill_required") refused.add(entry.member_id);
  }
  await machine(space, row.id).execute(callOf(space, { type: "release_offer", offer_id }));
}

/** Freed time is kept: who is next? What fails is tried again; should it take too long, the machine gives the time up by itself. */
export const resolveOpened = (source: SettingsSource, answerBy: AnswerBy): EventHandler => ({
  name: "resolve_offer",
  async handle({ subject, data, request_id, makerspace_id }: EventEnvelope, { store, now }) {
    const { equipment_id, starts_at, ends_at } = data as { equipment_id: string; starts_at: number; ends_at: number };
    const space = await loadSystemSpace(store, source, { actor_id: WAITLIST, request_id, now });
    const [row] = await store.db
      .select()
      .from(equipment)
      .where(store.in(equipment, eq(equipment.id, equipment_id)));
    if (!space || !row) return [];
    try {
      await resolve(space, row, { offer_id: subject.id, starts_at, ends_at }, answerBy);
    } catch (error) {
      log.warn("offer_not_resolved", { makerspace_id, equipment_id, error: describeError(error) });
      throw error;
    }
    return [];
  },
});
