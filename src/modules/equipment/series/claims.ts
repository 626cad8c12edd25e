/** Claims for the bookings of a series: each its own, all in one trip. */

import type { Space } from "../../../platform/space.ts";
import type { Applicant } from "../applicants.ts";
import type { Demand } from "../claims/demand.ts";
import { releaseClaims } from "../claims/service.ts";
import type { Claims, Standing } from "../commands.ts";
import { claimEach } from "../gates.ts";
import type { AskedInstance, CommandResult, SeriesCommand } from "../port.ts";

type Claiming = Extract<SeriesCommand, { type: "reserve_series" | "amend_series" }>;

/** The bookings that the machine has made or changed, by this very request. */
function takenBy(result: CommandResult): Set<string> {
  const reservations = result.ok && !result.replayed ? result.series?.reservations : undefined;
  return new Set(reservations?.map(({ id }) => id));
}

/**
 * What limits across machines say of each booking: those that find room claim it, the others carry what is against them. What the machine
 * does not do is given back.
 */
export const claimsOfSeries =
  <C extends Claiming>(
    space: Space,
    machine: { id: string },
    command: C,
    authority: Standing["authority"],
    demandOf: (instance: AskedInstance) => Demand | null,
  ): Claims =>
  async (applicant: Applicant | null, decide_before: number) => {
    const demands = command.instances.flatMap((one) => demandOf(one) ?? []);
    const isForced = authority === "any";
    const claims = applicant && (await claimEach(space, machine, applicant, demands, { isForced, decide_before }));
    const instances = command.instances.map((one) => {
      const claim = claims?.get(one.reservation_id);
      // A retry books under the ids that its first try has claimed.
      return claim ? { ...one, reservation_id: claim.booking_id ?? one.reservation_id, against: claim.reasons } : one;
    });
    return {
      command: { ...command, instances } as C,
      reasons: [],
      settled(result) {
        const taken = takenBy(result);
        const left = [...(claims?.values() ?? [])];
        releaseClaims(
          space,
          left.filter(({ booking_id }) => booking_id !== null && !taken.has(booking_id)),
        );
      },
    };
  };
