/** The tablet's page with the test as its server: every state can be had at once, also those that take a server minutes to reach. */

import type { WebSocketRoute } from "playwright-core";
import type { MachineState } from "../../../src/modules/equipment/live.ts";
import type { Screen } from "./browser.ts";
import { NOW, space } from "./states.ts";

/** A problem document as a routed answer. */
export const asProblem = (status: number, headers: Record<string, string> = {}) => ({
  status,
  headers: { "content-type": "application/problem+json", ...headers },
  body: "{}",
});

/** The tablet with the test as its server: `show` sends what it would send. */
export class Stage {
  readonly screen: Screen;
  #socket: WebSocketRoute | null = null;
  #seq = 0;

  constructor(screen: Screen) {
    this.screen = screen;
  }

  /** A paired tablet that is live. */
  async open(url: string, equipment_ids: string[]): Promise<void> {
    await this.begin(url, equipment_ids);
    await this.screen.sees("Live");
  }

  /** A paired tablet whose socket says nothing yet. */
  async begin(url: string, equipment_ids: string[]): Promise<void> {
    const { page } = this.screen;
    await page.clock.install({ time: NOW });
    const pairing = { token: "t", tablet_id: "tablet-1", label: "Hall 2, door", makerspace_id: space, equipment_ids };
    const value = JSON.stringify(JSON.stringify(pairing));
    await page.addInitScript(`localStorage.setItem("makrcave.tablet.pairing", ${value})`);
    await page.route("**/live_tickets", (route) =>
      route.fulfill({ status: 201, json: { ticket: "x", url: `${url.replace("http", "ws")}/live/x?ticket=x` } }),
    );
    await page.routeWebSocket(/\/live\//, (socket) => {
      this.#socket = socket;
      socket.onMessage((text) => text === "ping" && socket.send("pong"));
    });
    await this.screen.go("/tablet");
  }

  async show(machines: MachineState[], single: boolean): Promise<void> {
    this.#seq += 1;
    const server_time: unknown = await this.screen.page.evaluate("new Date().toISOString()");
    const what = single ? { state: machines[0] } : { machines };
    this.#socket?.send(JSON.stringify({ type: "snapshot", seq: this.#seq, server_time, ...what }));
    await this.screen.page.waitForTimeout(50);
  }

  /** The network goes, and stays away for `minutes`. */
  async goOffline(minutes: number): Promise<void> {
    await this.screen.page.route("**/live_tickets", (route) => route.abort());
    await this.#socket?.close({ code: 1012 });
    await this.screen.sees("Reconnecting");
    await this.screen.page.clock.fastForward(minutes * 60_000);
    await this.screen.sees(/Offline since/);
  }

  /** The server closes the socket. */
  async hangUp(code: number): Promise<void> {
    await this.#socket?.close({ code });
  }

  /** From now on the server answers the request for a ticket with this problem. */
  async refuseTickets(status: number): Promise<void> {
    await this.screen.page.route("**/live_tickets", (route) => route.fulfill(asProblem(status)));
  }

  /** Takes the picture, then looks for words out of place and for what axe finds grave. */
  async judge(name: string): Promise<void> {
    await this.screen.shoot(name);
    await this.screen.fits(name);
    await this.screen.isAccessible(name);
  }
}
