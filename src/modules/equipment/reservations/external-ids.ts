/**
 * An external_id belongs to one reservation of a makerspace, and machines decide without each other. So it is claimed in D1 before the
 * machine is asked; a claim whose reservation never came to be gives way to the next one, once no command of its time can still arrive.
 */

import { eq, lte } from "drizzle-orm";
import { problem } from "../../../platform/problem.ts";
import type { Space } from "../../../platform/space.ts";
import { MINUTE } from "../../../platform/time.ts";
import { machine } from "../objects.ts";
import { reservationExternalIds } from "../tables.ts";

/** Several times as long as a command's facts are good for: what has not arrived by then never will. */
const CLAIM_RESTS_MS = MINUTE;

/** For whom an external_id is claimed. */
interface Claimant {
  external_id: string;
  reservation_id: string;
  equipment_id: string;
}

type Claim = typeof reservationExternalIds.$inferSelect;

const { external_id, reservation_id, claimed_at } = reservationExternalIds;

/**
 * Claims an external_id for a reservation. A request that is repeated gets the claim of its first try, reservation included.
 * @throws external_id_taken
 */
export async function claimExternalId(space: Space, claimant: Claimant): Promise<Claim> {
  const { store, db, key } = space;
  const claimed_by = key && `${key.scope}\n${key.key}`;
  const wanted: Claim = store.row({ ...claimant, claimed_by, claimed_at: Date.now() });
  const [made] = await db.insert(reservationExternalIds).values(wanted).onConflictDoNothing().returning();
  if (made) return made;
  const [known] = await db
    .select()
    .from(reservationExternalIds)
    .where(store.in(reservationExternalIds, eq(external_id, claimant.external_id)));
  if (!known) throw problem("conflict");
  const isOwn =
    known.reservation_id === claimant.reservation_id || (claimed_by !== null && known.claimed_by === claimed_by);
  if (!isOwn && !(await isAbandoned(space, known))) throw problem("external_id_taken");
  const renewed = { ...(isOwn ? known : wanted), claimed_at: Math.max(wanted.claimed_at, known.claimed_at + 1) };
  return renew(space, known, renewed);
}

/** Old enough that its command cannot be under way, and its machine has no such reservation, or knows it by another id. */
async function isAbandoned(space: Space, claim: Claim): Promise<boolean> {
  if (claim.claimed_at > Date.now() - CLAIM_RESTS_MS) return false;
  const reservation = await space.time("object", machine(space, claim.equipment_id).reservation(claim.reservation_id));
  return reservation?.external_id !== claim.external_id;
}

/** Of several who saw the same claim, one goes on with it. @throws external_id_taken */
async function renew(space: Space, known: Claim, renewed: Claim): Promise<Claim> {
  const unchanged = space.store.in(
    reservationExternalIds,
    eq(external_id, known.external_id),
    eq(reservation_id, known.reservation_id),
    eq(claimed_at, known.claimed_at),
  );
  const [row] = await space.db.update(reservationExternalIds).set(renewed).where(unchanged).returning();
  if (!row) throw problem("external_id_taken");
  return row;
}

/**
 * Gives a claim back after the answer, unless somebody renewed it after `until` (epoch milliseconds). Should that fail, the next one who
 * wants the id finds it abandoned.
 */
export function releaseExternalId(
  space: Space,
  { external_id: name, reservation_id: holder }: Omit<Claimant, "equipment_id">,
  until: number,
): void {
  const mine = space.store.in(
    reservationExternalIds,
    eq(external_id, name),
    eq(reservation_id, holder),
    lte(claimed_at, until),
  );
  space.defer(
    space.db
      .delete(reservationExternalIds)
      .where(mine)
      .then(
        () => undefined,
        () => undefined,
      ),
  );
}
