/** What a machine has to settle with other machines about bundles. The clock says what is due and when to try again; this goes and asks. */

import type { BundlePart } from "../../src/modules/equipment/port.ts";
import { describeError, log } from "../../src/platform/log.ts";
import { confirmPart, dropPart } from "./bundles.ts";
import { CLOCK } from "./journal.ts";
import type { Ports } from "./ports.ts";
import type { Runner } from "./runner.ts";
import type { Store } from "./store.ts";

export class Errands {
  readonly #store: Store;
  readonly #runner: Runner;
  readonly #ports: () => Ports;
  #running: Promise<void> | null = null;

  constructor(store: Store, runner: Runner, ports: () => Ports) {
    this.#store = store;
    this.#runner = runner;
    this.#ports = ports;
  }

  /** Goes on what the clock has called due; what fails is due again later. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    const { due } = this.#store.bundles;
    for (const bundle_id of due) {
      due.delete(bundle_id);
      try {
        if (this.#store.bundles.part(bundle_id)) await this.#ask(bundle_id);
        else await this.#confirm(bundle_id);
      } catch (error) {
        const { equipment_id } = this.#store;
        log.warn("bundle_unsettled", { equipment_id, bundle_id, error: describeError(error) });
      }
    }
  }

  /** Asks the coordinator what became of a bundle, and does so. */
  async #ask(bundle_id: string): Promise<void> {
    const part = this.#store.bundles.part(bundle_id);
    if (!part) return;
    const outcome = await this.#ports().machine(part.coordinator_id).bundleOutcome(bundle_id);
    // It may have been settled while this was asked: both look once more.
    if (outcome === "committed") this.confirm(bundle_id, part.draft.id);
    else this.drop(bundle_id);
  }

  /** Tells every machine of a committed bundle that has not answered yet. */
  async #confirm(bundle_id: string): Promise<void> {
    const { bundles, timers, equipment_id } = this.#store;
    const tell = async ({ equipment_id: other, reservation_id }: BundlePart): Promise<void> => {
      const known = await this.#ports().machine(other).confirmPart(bundle_id, reservation_id);
      if (!known) log.error("bundle_part_lost", { equipment_id, other, bundle_id });
      this.#store.storage.transactionSync(() => {
        if (bundles.acknowledged(bundle_id, other)) timers.drop(bundle_id);
      });
    };
    const told = await Promise.allSettled(bundles.waiting(bundle_id).map(tell));
    const failed = told.find((one) => one.status === "rejected");
    if (failed) throw failed.reason;
  }

  /** Books what is kept for a bundle in the name of whoever asked for it. */
  confirm(bundle_id: string, reservation_id: string): ReturnType<typeof confirmPart> {
    const { actor, request_id } = this.#store.bundles.part(bundle_id) ?? { actor: CLOCK, request_id: "" };
    return this.#runner.run(actor, request_id, (turn) => confirmPart(turn, bundle_id, reservation_id));
  }

  /** Frees what is kept for a bundle. */
  drop(bundle_id: string): void {
    this.#runner.run(CLOCK, "", (turn) => {
      const part = turn.store.bundles.part(bundle_id);
      if (part) dropPart(turn, part);
    });
  }
}
