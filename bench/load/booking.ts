/** Booking requests over HTTP, the same for everybody who is measured. */
import { requestText } from "./connection.ts";
import type { NextRequest } from "./loops.ts";
import { slot } from "./slots.ts";

/** Machines that may be booked, and people who book. */
export interface Bookable {
  makerspace_id: string;
  equipment_ids: readonly string[];
  /** Access tokens of members; connection n speaks as the n-th, round and round. */
  tokens: readonly string[];
}

/** Sends bookings that never clash: each machine's slots are counted up. */
export class Booker {
  readonly #bookable: Bookable;
  readonly #today = Date.now();
  readonly #taken = new Map<string, number>();
  #turn = 0;

  constructor(bookable: Bookable) {
    this.#bookable = bookable;
  }

  /** Requests that go round the first `machines` machines. */
  requests(machines: number, prefix = ""): NextRequest {
    return (connection) => this.#request(this.#turn++ % machines, connection, prefix);
  }

  #request(machine: number, connection: number, prefix: string): string {
    const { makerspace_id, equipment_ids, tokens } = this.#bookable;
    const equipment_id = equipment_ids[machine] ?? "";
    const index = this.#taken.get(equipment_id) ?? 0;
    this.#taken.set(equipment_id, index + 1);
    const { starts_at, ends_at } = slot(index, this.#today);
    return requestText(
      "POST",
      `${prefix}/api/v1/makerspaces/${makerspace_id}/equipment/${equipment_id}/reservations`,
      {
        authorization: `Bearer ${tokens[connection % tokens.length]}`,
        "content-type": "application/json",
        "idempotency-key": crypto.randomUUID(),
      },
      JSON.stringify({
        starts_at: new Date(starts_at).toISOString(),
        ends_at: new Date(ends_at).toISOString(),
        purpose: "Panels for the sign",
      }),
    );
  }
}
