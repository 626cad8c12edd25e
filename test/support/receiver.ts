/** The receiver of webhooks that stands beside the runtime (test/node/support/receiver.ts). */

import { config } from "../../src/platform/env.ts";
import { until } from "./space.ts";

/** A request as the receiver had it. */
export interface Received {
  path: string;
  headers: Record<string, string>;
  body: string;
}

export class Receiver {
  /** Nobody else's. */
  readonly tag = crypto.randomUUID().slice(0, 8);
  readonly #origin = config.WEBHOOK_ORIGINS[0] ?? "";

  /** A URL that behaves in one of its ways: ok, fail, flaky, gone, slow, drip, redirect, hangup, huge. */
  url(manner: string): string {
    return `${this.#origin}/${manner}/${this.tag}`;
  }

  /** Everything that came so far, oldest first. */
  async received(): Promise<Received[]> {
    return (await fetch(`${this.#origin}/log/${this.tag}`)).json();
  }

  /** Waits until this many came. */
  heard(count: number, seconds = 15): Promise<Received[]> {
    const ask = async () => {
      const found = await this.received();
      return found.length >= count && found;
    };
    return until(`${count} webhooks`, ask, seconds);
  }
}
