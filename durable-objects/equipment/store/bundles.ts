/** What a machine keeps for bundles of several machines, and what it has decided as the coordinator of others. Few at a time. */

import type {
  BundleOutcome,
  BundlePart,
  CommandActor,
  HolderFacts,
  ReservationRecord,
} from "../../../src/modules/equipment/port.ts";
import type { Pricing } from "../../../src/modules/equipment/prices/model.ts";
import { DAY } from "../../../src/platform/time.ts";
import { row, rows } from "../../sql.ts";

/** A reservation before it is booked: what booking it says by itself is left out. */
export type Draft = Omit<
  ReservationRecord,
  "version" | "equipment_id" | "created_at" | "updated_at" | "counted_minutes" | "price" | "fee_minor"
>;

/** A slot that is kept until its bundle is decided, and what it becomes then. */
export interface Part {
  bundle_id: string;
  /** The machine that decides. */
  coordinator_id: string;
  draft: Draft;
  /** Null once the person was forgotten. */
  holder: HolderFacts | null;
  /** What the person pays, as it was read. */
  pricing: Pricing | null;
  actor: Pick<CommandActor, "kind" | "id">;
  request_id: string;
  /** By the wall clock: who was swept since is not let in. */
  kept_at: number;
}

/** As long as a key is remembered, and longer than anybody could ask. */
const KEPT_MS = 8 * DAY;

export class Bundles {
  readonly #sql: SqlStorage;
  /** Bundles that the clock has called due: with them somebody has to be asked or told. */
  readonly due = new Set<string>();

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** What is kept for a bundle, or null. */
  part(bundle_id: string): Part | null {
    const found = row<{ body: string }>(this.#sql, "SELECT body FROM bundle_parts WHERE bundle_id = ?", bundle_id);
    return found && (JSON.parse(found.body) as Part);
  }

  /** Every part that is kept here. */
  parts(): Part[] {
    return rows<{ body: string }>(this.#sql, "SELECT body FROM bundle_parts ORDER BY bundle_id").map(
      ({ body }) => JSON.parse(body) as Part,
    );
  }

  put(part: Part): void {
    const body = JSON.stringify(part);
    this.#sql.exec("INSERT OR REPLACE INTO bundle_parts (bundle_id, body) VALUES (?, ?)", part.bundle_id, body);
  }

  drop(bundle_id: string): void {
    this.#sql.exec("DELETE FROM bundle_parts WHERE bundle_id = ?", bundle_id);
  }

  /** Takes a person's name and words out of what is kept. */
  forget(member_id: string): void {
    for (const part of this.parts().filter(({ draft }) => draft.member_id === member_id)) {
      this.put({ ...part, holder: null, draft: { ...part.draft, purpose: null, metadata: "{}", external_id: null } });
    }
  }

  /** What this machine has decided about a bundle; null when it knows nothing of it. */
  outcome(bundle_id: string): BundleOutcome | null {
    const sql = "SELECT outcome FROM bundles WHERE bundle_id = ?";
    return row<{ outcome: BundleOutcome }>(this.#sql, sql, bundle_id)?.outcome ?? null;
  }

  /** Writes down a decision, for good; what was decided long ago and is known to all is dropped. */
  decide(bundle_id: string, outcome: BundleOutcome, parts: readonly BundlePart[], now: number): void {
    this.#sql.exec("DELETE FROM bundles WHERE decided_at < ? AND waiting = '[]'", now - KEPT_MS);
    const all = JSON.stringify(parts);
    this.#sql.exec(
      "INSERT INTO bundles (bundle_id, outcome, parts, waiting, decided_at) VALUES (?, ?, ?, ?, ?)",
      bundle_id,
      outcome,
      all,
      all,
      now,
    );
  }

  /** The other machines of a bundle that was committed here. */
  committed(bundle_id: string): BundlePart[] {
    return this.#list("parts", bundle_id);
  }

  /** Those that have not said that they know of the decision. */
  waiting(bundle_id: string): BundlePart[] {
    return this.#list("waiting", bundle_id);
  }

  /** Notes that a machine knows; true when all do. */
  acknowledged(bundle_id: string, equipment_id: string): boolean {
    const left = this.waiting(bundle_id).filter((part) => part.equipment_id !== equipment_id);
    this.#sql.exec("UPDATE bundles SET waiting = ? WHERE bundle_id = ?", JSON.stringify(left), bundle_id);
    return left.length === 0;
  }

  #list(column: "parts" | "waiting", bundle_id: string): BundlePart[] {
    const sql = `SELECT ${column} AS list FROM bundles WHERE bundle_id = ?`;
    const found = row<{ list: string }>(this.#sql, sql, bundle_id);
    return found ? (JSON.parse(found.list) as BundlePart[]) : [];
  }
}
