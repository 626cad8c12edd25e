/** Machines that are booked two at a time while the system is killed again and again. */

import { iso } from "../../support/http/client.ts";
import type { Person, WireEquipment, WireReservation, World } from "../../support/http/world.ts";
import { randomOf } from "./random.ts";
import { pause } from "./system.ts";

interface Row extends WireReservation {
  bundle_id: string | null;
}

interface Bundle {
  id: string;
  reservations: Row[];
}

const MACHINES = 5;
const HOUR = 3_600_000;
const TRIES = 200;
const SETTLES_MS = 60_000;

/** What became of the pairs. */
export interface PairFigures {
  acknowledged: number;
  refused: number;
  /** Bundles of which one machine knows and the other does not. */
  halves: number;
  /** Acknowledged ones that are not there whole. */
  lost: number;
  /** Slots that are neither booked nor free. */
  kept: number;
}

export class Pairs {
  readonly #world: World;
  readonly #machines: WireEquipment[];
  readonly #people: Person[];
  readonly #acknowledged: string[] = [];
  #refused = 0;

  private constructor(world: World, machines: WireEquipment[], people: Person[]) {
    this.#world = world;
    this.#machines = machines;
    this.#people = people;
  }

  /** Five machines, and three people who want two of them at a time. */
  static async make(world: World): Promise<Pairs> {
    const policy = { horizon_days: 365, min_minutes: 15, granularity_minutes: 15, approval: "none" } as const;
    return new Pairs(world, await world.machines(MACHINES, policy), await world.people(3));
  }

  /** Books pairs until it is over. Whoever gets no answer asks again under the same key. */
  async run(isOver: () => boolean, back: () => Promise<unknown>): Promise<void> {
    await Promise.all(this.#people.map((person, index) => this.#client(person, index, isOver, back)));
  }

  async #client(person: Person, index: number, isOver: () => boolean, back: () => Promise<unknown>): Promise<void> {
    const { below } = randomOf(101 + index);
    const tomorrow = (Math.floor(Date.now() / (24 * HOUR)) + 2) * 24 * HOUR;
    while (!isOver()) {
      const first = below(MACHINES);
      const second = (first + 1 + below(MACHINES - 1)) % MACHINES;
      const starts_at = tomorrow + below(24 * 60) * HOUR;
      const slot = { starts_at: iso(starts_at), ends_at: iso(starts_at + HOUR) };
      const items = [first, second].map((each) => ({ equipment_id: this.#machines[each]?.id, ...slot }));
      await this.#book(person, { items }, back);
    }
  }

  async #book({ api }: Person, body: object, back: () => Promise<unknown>): Promise<void> {
    const key = crypto.randomUUID();
    for (let attempt = 1; attempt <= TRIES; attempt++) {
      try {
        const reply = await api.send<Bundle>("POST", this.#world.path("bookings"), { body, key, timeout_ms: 10_000 });
        if (reply.status === 201 && reply.body) this.#acknowledged.push(reply.body.id);
        else if (reply.status >= 500) throw new Error(`answered ${reply.status}`);
        else this.#refused++;
        return;
      } catch {
        await pause(50 * Math.min(attempt, 10));
        await back();
      }
    }
    throw new Error(`no answer after ${TRIES} tries`);
  }

  /** What is there once every machine has asked what became of the slots it keeps, half a minute after it began to. */
  async settled(): Promise<PairFigures> {
    const until = Date.now() + SETTLES_MS;
    let figures = await this.#look();
    while (figures.halves + figures.kept > 0 && Date.now() < until) {
      await pause(1_000);
      figures = await this.#look();
    }
    return figures;
  }

  /** By every machine's own word. */
  async #look(): Promise<PairFigures> {
    const { root } = this.#world;
    const rows: Row[] = [];
    let kept = 0;
    for (const { id } of this.#machines) {
      rows.push(...(await root.all<Row>(this.#world.machinePath(id, "/reservations?limit=100"))));
      const [from, to] = [iso(Date.now()), iso(Date.now() + 62 * 24 * HOUR)];
      const path = this.#world.machinePath(id, `/availability?from=${from}&to=${to}`);
      const { busy } = await root.get<{ busy: { because: string }[] }>(path);
      kept += busy.filter(({ because }) => because === "hold").length;
    }
    const sizes = new Map<string | null, number>();
    for (const { bundle_id } of rows) sizes.set(bundle_id, (sizes.get(bundle_id) ?? 0) + 1);
    return {
      acknowledged: this.#acknowledged.length,
      refused: this.#refused,
      halves: [...sizes.values()].filter((size) => size !== 2).length,
      lost: this.#acknowledged.filter((id) => sizes.get(id) !== 2).length,
      kept,
    };
  }
}
