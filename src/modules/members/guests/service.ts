/** Guests: invited, let in, seen out, cancelled. What races is decided in the statement itself. */

import type { z } from "@hono/zod-openapi";
import { and, eq, type SQL, sql } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import type { EventDraft } from "../../../platform/events.ts";
import { newId } from "../../../platform/ids.ts";
import { Problem, problem, type ReasonInput } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { DAY } from "../../../platform/time.ts";
import { dayOn, localDate } from "../memberships/cycles.ts";
import { findMember } from "../people/reads.ts";
import type { Guest, GuestInput } from "./contract.ts";
import { FARTHEST_DAYS, givesBack, type VisitStep, visitTransitions } from "./model.ts";
import { type Allowance, judgePass, usedSql } from "./passes.ts";
import { requiredVisit } from "./reads.ts";
import { guestVisits } from "./tables.ts";
import { type VisitRow, viewGuest } from "./view.ts";
import { allSigned, unsigned } from "./waivers.ts";

type View = z.output<typeof Guest>;
type Visit = VisitRow["visit"];

const isStaff = (space: Space): boolean => space.scope("guests.manage") === "any";

/** The day of a visit. @throws invalid_body for one that is over, or too far away */
function dayOf(space: Space, visit_on: string) {
  const { timezone } = space.settings;
  const isOver = visit_on < localDate(space.now, timezone);
  if (isOver || visit_on > localDate(space.now + FARTHEST_DAYS * DAY, timezone)) {
    const detail = isOver ? "is over" : "is more than a year away";
    throw problem("invalid_body", { errors: [{ pointer: "/visit_on", code: "out_of_range", detail }] });
  }
  return dayOn(visit_on, timezone);
}

/** When a name is erased that a visit needs no more since this instant. */
const erasedAt = (space: Space, over_at: number): number =>
  over_at + space.settings.sections.access.guest_names_kept_days * DAY;

const isActive = (space: Space, member_id: string): SQL => sql`EXISTS (SELECT 1 FROM members h
  WHERE h.makerspace_id = ${space.id} AND h.id = ${member_id} AND h.status = 'active')`;

/** The plan has a pass left at this moment: of any number who ask at once no more get one than there are. */
const hasPass = (space: Space, host_member_id: string, { membership_id, cycle }: Allowance): SQL => sql`EXISTS (
  SELECT 1 FROM memberships m JOIN plans p ON p.makerspace_id = m.makerspace_id AND p.id = m.plan_id
  WHERE m.makerspace_id = ${space.id} AND m.id = ${membership_id} AND m.status = 'active'
    AND (p.guest_passes_per_cycle IS NULL OR ${usedSql(space, host_member_id, cycle)} < p.guest_passes_per_cycle))`;

const notActive: ReasonInput = { code: "host_not_active", detail: "The host is not an active member." };

/** The host, who is oneself but for staff. @throws forbidden, unknown_reference */
async function hostOf(space: Space, { host_member_id, beyond_plan }: z.output<typeof GuestInput>) {
  if (beyond_plan && !isStaff(space)) throw problem("forbidden", { detail: "Staff alone go beyond plans." });
  const id = host_member_id ?? space.member.id;
  if (id !== space.actor.id && !isStaff(space))
    throw problem("forbidden", { detail: "Members invite guests of their own." });
  const host = await findMember(space.store, id);
  if (host) return host;
  throw problem("unknown_reference", {
    errors: [{ pointer: "/host_member_id", code: "unknown", detail: "names no member" }],
  });
}

/**
 * Invites a guest for a day. It uses up a pass of the host's plan, in the cycle that holds the day.
 * @throws guest_refused with reasons; forbidden, unknown_reference, invalid_body
 */
export async function inviteGuest(space: Space, input: z.output<typeof GuestInput>): Promise<View> {
  const host = await hostOf(space, input);
  const { name, visit_on, beyond_plan } = input;
  const day = dayOf(space, visit_on);
  const judge = async () => {
    const pass = beyond_plan ? { allowance: null, reasons: [] } : await judgePass(space, host.id, day);
    return { ...pass, reasons: [...(host.status === "active" ? [] : [notActive]), ...pass.reasons] };
  };
  const { allowance, reasons } = await judge();
  if (reasons.length > 0) throw problem("guest_refused", { reasons });
  const visit: Visit = space.store.row({
    id: newId(),
    host_member_id: host.id,
    name,
    visit_on,
    day_from: day.from,
    day_to: day.to,
    status: "expected" as const,
    counted: allowance !== null,
    due_at: day.to,
    arrived_at: null,
    departed_at: null,
    invited_by: space.actor.id,
    version: 1,
    created_at: space.now,
    updated_at: space.now,
  });
  const body = viewGuest({ visit, host });
  const room = allowance ? and(isActive(space, host.id), hasPass(space, host.id, allowance)) : isActive(space, host.id);
  const insert = space.db.run(sql`
    INSERT INTO guest_visits (makerspace_id, id, host_member_id, name, visit_on, day_from, day_to, status, counted, due_at, invited_by,
                              version, created_at, updated_at)
    SELECT ${space.id}, ${visit.id}, ${host.id}, ${name}, ${visit_on}, ${day.from}, ${day.to}, 'expected', ${Number(visit.counted)},
           ${day.to}, ${space.actor.id}, 1, ${space.now}, ${space.now}
    WHERE ${room}`);
  try {
    await space.commit(
      {
        action: "guest.invited",
        subject: { type: "guest", id: visit.id, version: 1 },
        after: { host_member_id: host.id, visit_on, beyond_plan },
        answer: { status: 201, body },
      },
      write(insert, { expect: "guest_refused" }),
    );
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== "guest_refused") throw error;
    // Somebody was faster: what stands in the way now is told.
    const now = await judge();
    throw now.reasons.length > 0 ? problem("guest_refused", { reasons: now.reasons }) : problem("conflict");
  }
  return body;
}

/** A step of a visit, from the state and version that was read. */
async function take(
  space: Space,
  { visit, host }: VisitRow,
  step: VisitStep,
  change: Partial<Visit>,
  more: { only?: SQL; events?: EventDraft[] } = {},
): Promise<View> {
  const { from, to } = visitTransitions[step];
  if (visit.status !== from) throw problem("illegal_transition", { current_status: visit.status });
  const next = { ...change, status: to, updated_at: space.now, version: visit.version + 1 };
  const body = viewGuest({ visit: { ...visit, ...next }, host });
  const same = and(eq(guestVisits.id, visit.id), eq(guestVisits.version, visit.version), more.only);
  await space.commit(
    {
      action: `guest.${to}`,
      subject: { type: "guest", id: visit.id, version: next.version },
      before: { status: from },
      after: { status: to, host_member_id: visit.host_member_id },
      events: more.events ?? [],
      answer: { status: 200, body },
    },
    write(space.db.update(guestVisits).set(next).where(space.store.in(guestVisits, same)), { expect: "conflict" }),
  );
  return body;
}

/** The visit is one's own guest's, or one is staff. @throws not_found */
async function ownVisit(space: Space, id: string): Promise<VisitRow> {
  const row = await requiredVisit(space, id);
  if (!isStaff(space) && row.visit.host_member_id !== space.actor.id) throw problem("not_found");
  return row;
}

/** Corrects the name of a guest who is expected. @throws not_found, illegal_transition, stale_version, conflict */
export async function renameGuest(space: Space, id: string, if_match: number | null, name: string): Promise<View> {
  const { visit, host } = await ownVisit(space, id);
  if (if_match !== null && if_match !== visit.version) throw problem("stale_version");
  if (visit.status !== "expected") throw problem("illegal_transition", { current_status: visit.status });
  const next = { name, updated_at: space.now, version: visit.version + 1 };
  const same = and(eq(guestVisits.id, id), eq(guestVisits.version, visit.version));
  await space.commit(
    {
      action: "guest.renamed",
      subject: { type: "guest", id, version: next.version },
      after: { changed: ["name"] },
    },
    write(space.db.update(guestVisits).set(next).where(space.store.in(guestVisits, same)), {
      expect: if_match === null ? "conflict" : "stale_version",
    }),
  );
  return viewGuest({ visit: { ...visit, ...next }, host });
}

/** Cancels a visit. Before its day the pass comes back, on the day only when staff cancel. @throws not_found, illegal_transition, conflict */
export async function cancelVisit(space: Space, id: string): Promise<View> {
  const row = await ownVisit(space, id);
  const { counted, day_from, day_to } = row.visit;
  const isBack = givesBack(day_from, space.now, isStaff(space));
  return take(space, row, "cancel", {
    counted: counted && !isBack,
    due_at: erasedAt(space, Math.min(space.now, day_to)),
  });
}

/** What stands in the way of a guest at the door. */
async function refusalsAtTheDoor(space: Space, { visit }: VisitRow): Promise<ReasonInput[]> {
  const reasons: ReasonInput[] = (await unsigned(space, visit.id)).map(({ agreement_id, title, number }) => ({
    code: "waiver_missing",
    detail: `"${title}" has not been signed.`,
    fix: "Let the guest read and sign it, and record that.",
    limit: { agreement_id, number },
  }));
  if (space.now < visit.day_from || space.now >= visit.day_to) {
    const limit = { visit_on: visit.visit_on };
    reasons.push({ code: "wrong_day", detail: "The guest is expected on another day.", limit });
  }
  const host = await findMember(space.store, visit.host_member_id);
  return host?.status === "active" ? reasons : [...reasons, notActive];
}

/**
 * Lets a guest in, on their day, when everything is signed and the host is active. Opening hours are those of machines: who stands at the
 * door decides.
 * @throws guest_refused with reasons; not_found, illegal_transition, conflict
 */
export async function checkIn(space: Space, id: string): Promise<View> {
  const row = await requiredVisit(space, id);
  const { visit } = row;
  if (visit.status !== "expected") throw problem("illegal_transition", { current_status: visit.status });
  const reasons = await refusalsAtTheDoor(space, row);
  if (reasons.length > 0) throw problem("guest_refused", { reasons });
  const member_id = visit.host_member_id;
  return take(
    space,
    row,
    "check_in",
    { arrived_at: space.now },
    {
      only: and(isActive(space, member_id), allSigned(space, id)) as SQL,
      events: [{ type: "guest.arrived", data: { member_id } }],
    },
  );
}

/** Sees a guest out. @throws not_found, illegal_transition, conflict */
export async function checkOut(space: Space, id: string): Promise<View> {
  const row = await requiredVisit(space, id);
  return take(space, row, "check_out", { departed_at: space.now, due_at: erasedAt(space, row.visit.day_to) });
}
