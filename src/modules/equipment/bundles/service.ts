/** Several machines at once, all or nothing: durable-objects/equipment/bundles.ts decides, docs/adr/0022-bundles.md says why so. */

import type { z } from "@hono/zod-openapi";
import { asc, sql } from "drizzle-orm";
import { leads } from "../../../platform/db/fan-out.ts";
import { newId } from "../../../platform/ids.ts";
import { describeError, log } from "../../../platform/log.ts";
import { Problem, problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { nothingRead } from "../applicants.ts";
import { demandOfBooking } from "../claims/demand.ts";
import { dropClaims } from "../claims/service.ts";
import { type Executed, execute, toProblem } from "../commands.ts";
import { type MachineRow, machinesById } from "../machines/index.ts";
import { inParallel, machine } from "../objects.ts";
import type { BundlePart, Command, ReservationRecord } from "../port.ts";
import { act, viewersOf } from "../reservations/service.ts";
import { viewReservation } from "../reservations/view.ts";
import { standingFor } from "../standing.ts";
import { reservations } from "../tables.ts";
import type { Bundle, BundleInput, CancelledBundle } from "./contract.ts";

type Input = z.output<typeof BundleInput>;
type View = z.output<typeof Bundle>;

/** A machine of the bundle, and what is asked of it. */
interface Item {
  row: MachineRow;
  /** Its place in the request. */
  place: number;
  reservation_id: string;
  starts_at: number;
  ends_at: number;
}

/** A refusal with the item that it is about. */
function about({ place }: Item, error: unknown): unknown {
  if (!(error instanceof Problem) || error.extras.errors) return error;
  const { code, extras } = error;
  const detail = extras.reasons?.[0]?.detail ?? "is refused";
  return new Problem(code, { ...extras, errors: [{ pointer: `/items/${place}`, code, detail }] });
}

async function viewOf(space: Space, id: string, records: readonly ReservationRecord[]): Promise<View> {
  const viewerOn = await viewersOf(space);
  const views = records.map((record) => viewReservation(record, viewerOn(record.equipment_id)));
  return { id, makerspace_id: space.id, reservations: views };
}

/** The items in the order of their machines, the same whoever asks: the first one decides. @throws unknown_reference */
async function itemsOf(space: Space, { items }: Input): Promise<[Item, ...Item[]]> {
  const machines = await machinesById(
    space,
    items.map(({ equipment_id }) => equipment_id),
  );
  const found = items.map(({ equipment_id, starts_at, ends_at }, place): Item => {
    const row = machines.get(equipment_id);
    if (row) return { row, place, starts_at, ends_at, reservation_id: newId() };
    const error = { pointer: `/items/${place}/equipment_id`, code: "unknown", detail: "names no machine" };
    throw problem("unknown_reference", { errors: [error] });
  });
  return found.sort((a, b) => (a.row.id < b.row.id ? -1 : 1)) as [Item, ...Item[]];
}

/** A step of one machine, with the person as they are judged there. */
async function ask(
  space: Space,
  item: Item,
  { member_id }: Input,
  command: Command,
  key: Space["key"],
): Promise<Executed> {
  const { row, reservation_id } = item;
  try {
    const standing = await standingFor(space, "reservations.create", row, nothingRead, member_id);
    return await execute(space, row, command, standing, demandOfBooking(reservation_id, item), key);
  } catch (error) {
    throw about(item, error);
  }
}

/**
 * Books several machines, or none.
 * @throws the refusal of the first machine that says no; unavailable when one does not answer: then nobody knows yet, and a retry with the
 *   same key finds out
 */
export async function bookTogether(space: Space, input: Input): Promise<{ view: View; replayed: boolean }> {
  const items = await itemsOf(space, input);
  const [coordinator, ...others] = items;
  const earlier = space.key && (await machine(space, coordinator.row.id).replayed(space.key));
  if (earlier) {
    if (!earlier.ok) throw toProblem(earlier);
    return { view: await settledView(space, items, earlier), replayed: true };
  }
  const bundle_id = newId();
  const { purpose, project_id } = input;
  const common = { bundle_id, purpose, project_id, metadata: JSON.stringify(input.metadata), external_id: null };
  const booking = ({ reservation_id, starts_at, ends_at }: Item) => ({ ...common, reservation_id, starts_at, ends_at });
  const coordinator_id = coordinator.row.id;
  const parts = others.map(({ row, reservation_id }) => ({ equipment_id: row.id, reservation_id }));
  try {
    await inParallel(others, (item) =>
      ask(space, item, input, { type: "hold_part", coordinator_id, ...booking(item) }, null),
    );
    const commit: Command = { type: "commit_bundle", parts, ...booking(coordinator) };
    const done = await ask(space, coordinator, input, commit, space.key);
    return { view: await settledView(space, items, done), replayed: done.replayed };
  } catch (error) {
    // Without an answer it may be decided: then the machines find out by themselves.
    if (error instanceof Problem && error.code !== "unavailable") await giveUp(space, bundle_id, items);
    throw error;
  }
}

/** What was booked, once the other machines have done so, too; the coordinator tells those that do not answer now. @throws unavailable */
async function settledView(space: Space, items: [Item, ...Item[]], { reservation }: Executed): Promise<View> {
  const [{ row: first }] = items;
  const bundle_id = reservation?.bundle_id;
  if (!reservation || !bundle_id) throw problem("not_found");
  const places = new Map(items.map(({ row, place }) => [row.id, place]));
  const confirm = async ({ equipment_id, reservation_id }: BundlePart): Promise<ReservationRecord> => {
    const record = await machine(space, equipment_id).confirmPart(bundle_id, reservation_id);
    if (!record) throw problem("unavailable", { retry_after: 2 });
    return record;
  };
  try {
    const parts = await machine(space, first.id).bundleParts(bundle_id);
    const records = [reservation, ...(await space.time("object", inParallel(parts, confirm)))];
    const placeOf = ({ equipment_id }: ReservationRecord): number => places.get(equipment_id) ?? 0;
    records.sort((a, b) => placeOf(a) - placeOf(b));
    return await viewOf(space, bundle_id, records);
  } catch (error) {
    log.warn("bundle_unconfirmed", { request_id: space.request_id, bundle_id, error: describeError(error) });
    throw problem("unavailable", { detail: "It is booked; a machine does not say so yet.", retry_after: 5 });
  }
}

/** Frees what was kept for a bundle that cannot be; a machine that does not hear it asks by itself. */
async function giveUp(space: Space, bundle_id: string, items: readonly Item[]): Promise<void> {
  dropClaims(
    space,
    items.map(({ reservation_id }) => reservation_id),
  );
  await Promise.allSettled(items.map(({ row }) => machine(space, row.id).releasePart(bundle_id)));
}

/** The rows of a bundle, by start. @throws not_found, also for those of others */
async function rowsOf(space: Space, bundle_id: string): Promise<ReservationRecord[]> {
  const rows = await space.db
    .select()
    .from(reservations)
    .where(space.store.in(reservations, leads(reservations.bundle_id, bundle_id), sql`${reservations.orphan} = 0`))
    .orderBy(asc(reservations.starts_at), asc(reservations.id));
  const isShown = rows.every(
    (row) => row.member_id === space.actor.id || space.scope("reservations.read", row.equipment_id) === "any",
  );
  if (rows.length === 0 || !isShown) throw problem("not_found");
  return rows;
}

/** What was booked together, as the lists know it. @throws not_found */
export async function readBundle(space: Space, bundle_id: string): Promise<View> {
  return viewOf(space, bundle_id, await rowsOf(space, bundle_id));
}

/** Cancels what can be cancelled, each machine for itself. @throws not_found */
export async function cancelTogether(
  space: Space,
  bundle_id: string,
  note: string | null,
): Promise<z.output<typeof CancelledBundle>> {
  const rows = await rowsOf(space, bundle_id);
  const machines = await machinesById(
    space,
    rows.map(({ equipment_id }) => equipment_id),
  );
  const refused: z.output<typeof CancelledBundle>["refused"] = [];
  const reservations = await inParallel(rows, async (record) => {
    const { id: reservation_id, equipment_id } = record;
    const row = machines.get(equipment_id);
    try {
      const facts = { machine: row ? [row] : [], ...nothingRead };
      return (await act(space, facts, reservation_id, "cancel", note)).view;
    } catch (error) {
      if (!(error instanceof Problem) || error.code === "unavailable") throw error;
      const { code, extras } = error;
      refused.push({ reservation_id, code, detail: extras.reasons?.[0]?.detail ?? extras.detail ?? code });
      return viewReservation(record, (await viewersOf(space))(equipment_id));
    }
  });
  return { id: bundle_id, makerspace_id: space.id, reservations, refused };
}
