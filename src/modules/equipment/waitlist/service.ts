/** Waiting for time that is taken. D1 knows who waits and for how long; machines know the windows, and offer what is freed. */

import type { z } from "@hono/zod-openapi";
import { and, eq, inArray } from "drizzle-orm";
import { write } from "../../../platform/db/commit.ts";
import { newId } from "../../../platform/ids.ts";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { demandOfBooking } from "../claims/demand.ts";
import { execute } from "../commands.ts";
import { type MachineRow, requireMachine } from "../machines/index.ts";
import type { EquipmentCategory } from "../model.ts";
import { machine } from "../objects.ts";
import { replayOf } from "../replays.ts";
import { type Booked, type BookingFacts, shown } from "../reservations/service.ts";
import { reachesAll, reachIn, standingFor } from "../standing.ts";
import { waitlistEntries } from "../tables.ts";
import type { AcceptInput, CategoryWaitInput, MachineWaitInput, WaitlistEntry } from "./contract.ts";
import { tellAtOnce } from "./machines.ts";
import { type EntryRow, viewEntry } from "./view.ts";

type View = z.output<typeof WaitlistEntry>;
type Window = z.output<typeof MachineWaitInput>;

/** For what somebody waits: one machine, or any of a category. */
interface Wanted {
  equipment_id: string | null;
  category: EquipmentCategory | null;
}

/** Who waits: the caller, or for staff anybody. @throws forbidden, unknown_reference */
async function whoWaits(space: Space, member_id: string | undefined, isStaff: boolean): Promise<string> {
  const id = member_id ?? space.actor.membership?.id;
  if (id === undefined) {
    throw problem("invalid_body", { errors: [{ pointer: "/member_id", code: "required", detail: "say for whom" }] });
  }
  if (id !== space.actor.membership?.id && !isStaff) throw problem("forbidden");
  return id;
}

async function join(space: Space, member_id: string, wanted: Wanted, window: Window): Promise<View> {
  const { window_starts_at, window_ends_at, minutes } = window;
  if (window_ends_at <= space.now + minutes * 60_000) {
    const errors = [{ pointer: "/window_ends_at", code: "past", detail: "is over before the minutes could be used" }];
    throw problem("invalid_body", { errors });
  }
  const id = newId();
  const times = { created_at: space.now, updated_at: space.now, version: 1 };
  const row = space.store.row({
    id,
    member_id,
    ...wanted,
    window_starts_at,
    window_ends_at,
    minutes,
    status: "waiting" as const,
    created_by: space.actor.id,
    ...times,
  });
  const nothing = { offer_id: null, offered_on: null, offer_starts_at: null, offer_ends_at: null };
  const view = viewEntry({ ...row, ...nothing, offer_expires_at: null, reservation_id: null }, space.now);
  await space.commit(
    {
      action: "waitlist.joined",
      subject: { type: "waitlist_entry", id, version: 1 },
      after: { ...wanted, member_id, window_starts_at, window_ends_at, minutes },
      events: [{ type: "waitlist.joined", data: { ...wanted, member_id } }],
      answer: { status: 201, body: view },
    },
    write(space.db.insert(waitlistEntries).values(row), {
      unique: { waitlist_entries_open: "already_waiting" },
    }),
  );
  // Machines of a category hear of it by the event.
  if (wanted.equipment_id !== null) {
    const windows = [{ entry_id: id, window_starts_at, window_ends_at, minutes }];
    await tellAtOnce(space, [wanted.equipment_id], { type: "wait", windows });
  }
  return view;
}

/** Waits for one machine. @throws already_waiting, forbidden, unknown_reference, equipment_retired */
export async function waitForMachine(space: Space, rows: MachineRow[], input: Window): Promise<View> {
  const row = requireMachine(rows);
  if (row.retired_at !== null) throw problem("equipment_retired");
  const member_id = await whoWaits(space, input.member_id, reachesAll(space, "reservations.create", row));
  return join(space, member_id, { equipment_id: row.id, category: null }, input);
}

/** Waits for any machine of a category. @throws already_waiting, forbidden, unknown_reference */
export async function waitForCategory(
  space: Space,
  { category, ...window }: z.output<typeof CategoryWaitInput>,
): Promise<View> {
  const member_id = await whoWaits(space, window.member_id, space.scope("reservations.create") === "any");
  return join(space, member_id, { equipment_id: null, category }, window);
}

/** An entry of one's own, or for the staff anybody's. @throws not_found */
async function requireEntry(space: Space, id: string): Promise<EntryRow> {
  const [row] = await space.db
    .select()
    .from(waitlistEntries)
    .where(space.store.in(waitlistEntries, eq(waitlistEntries.id, id)));
  const isSeen = row && (row.member_id === space.actor.id || (await seesAll(space))(row));
  if (!isSeen) throw problem("not_found");
  return row;
}

/** True of the entries that the staff see: everybody's, or those for a machine of their own. */
export async function seesAll(space: Space): Promise<(entry: Pick<EntryRow, "equipment_id">) => boolean> {
  const reaches = await reachIn(space, "reservations.read");
  const isStaff = space.scope("reservations.read") === "any";
  return ({ equipment_id }) => isStaff || (equipment_id !== null && reaches(equipment_id));
}

/** One entry. @throws not_found */
export const readEntry = async (space: Space, id: string): Promise<View> =>
  viewEntry(await requireEntry(space, id), space.now);

/** Waits no more; what is offered goes to the next. Repeating it changes nothing. @throws not_found */
export async function leave(space: Space, id: string): Promise<void> {
  const row = await requireEntry(space, id);
  if (row.status !== "waiting" && row.status !== "offered") return;
  const { equipment_id, category, member_id, offered_on } = row;
  const isOpen = and(eq(waitlistEntries.id, id), inArray(waitlistEntries.status, ["waiting", "offered"]));
  const gone = space.db
    .update(waitlistEntries)
    .set({ status: "left", updated_at: space.now, version: row.version + 1 })
    .where(space.store.in(waitlistEntries, isOpen));
  await space.commit(
    {
      action: "waitlist.left",
      subject: { type: "waitlist_entry", id, version: row.version + 1 },
      before: { status: row.status },
      after: { status: "left" },
      events: [{ type: "waitlist.left", data: { equipment_id, category, member_id } }],
    },
    write(gone, { expect: "conflict" }),
  );
  const concerned = [equipment_id, offered_on].filter((each) => each !== null);
  await tellAtOnce(space, [...new Set(concerned)], { type: "stop_waiting", entry_ids: [id] });
}

/**
 * Books what is offered to an entry; the person is asked about again.
 * @throws offer_gone, booking_refused, skill_required, equipment_unavailable, feature_disabled, …
 */
export async function accept(
  space: Space,
  facts: BookingFacts,
  entry_id: string,
  { purpose = null, project_id = null }: z.output<typeof AcceptInput>,
): Promise<Booked> {
  const row = requireMachine(facts.machine);
  const earlier = space.key && (await machine(space, row.id).replayed(space.key));
  if (earlier?.ok) return shown(space, row, earlier);
  const offer = await space.time("object", machine(space, row.id).offerTo(entry_id));
  const isTheirs = offer?.member_id === space.actor.id || reachesAll(space, "reservations.create", row);
  if (!offer?.member_id || !isTheirs) throw problem("offer_gone");
  const { member_id } = offer;
  const work = async () => {
    const standing = await standingFor(space, "reservations.create", row, facts, member_id);
    const reservation_id = newId();
    const command = { type: "accept_offer", entry_id, reservation_id, purpose, project_id } as const;
    return execute(space, row, command, standing, demandOfBooking(reservation_id, offer));
  };
  return shown(space, row, await work().catch((refusal: unknown) => replayOf(space, row.id, refusal)));
}
