/** Chromium as the tests use it: two sizes of tablet, both schemes, and an eye on everything a page must not do. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** A 7-inch tablet upright and a 10-inch tablet lying. */
export const sizes = {
  portrait: { width: 600, height: 1024 },
  landscape: { width: 1280, height: 800 },
} as const;
export type Size = keyof typeof sizes;

export const schemes = ["light", "dark"] as const;
export type Scheme = (typeof schemes)[number];

const screenshots = join(import.meta.dirname, "../.screenshots");

/** The browser is closed after the test. */
export const launch = async (t: TestContext): Promise<Browser> => {
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-dev-shm-usage",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  t.after(() => browser.close());
  return browser;
};

/** Runs in the page: all words have to lie within the nearest card, and within the screen. */
const findOverflow = `(() => {
  const inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
  const screen = { left: 0, top: 0, right: innerWidth, bottom: innerHeight };
  const clips = (element) => getComputedStyle(element).overflow === "hidden";
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const outside = [];
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    // What a title or a name cuts off with an ellipsis is cut off on purpose.
    const boxes = clips(element) ? [element.getBoundingClientRect()] : [...range.getClientRects()];
    const card = element.closest("section, li, header, footer")?.getBoundingClientRect() ?? screen;
    if (boxes.some((box) => box.width > 0 && !(inside(box, card) && inside(box, screen)))) outside.push(element.textContent);
  }
  return outside;
})()`;

export interface ScreenOptions {
  /** Where the server is; requests to anywhere else are held against the page. */
  url: string;
  size?: Size;
  scheme?: Scheme;
  /** The device's own zone; the makerspace's is what counts. */
  timezone?: string;
}

/** One device with its own storage and one page on it. */
export class Screen {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Broken policies, script errors and requests to strangers. */
  readonly complaints: string[] = [];
  readonly #url: string;

  private constructor(context: BrowserContext, page: Page, url: string) {
    this.context = context;
    this.page = page;
    this.#url = url;
    page.on("console", (message) => {
      if (/content.security.policy/i.test(message.text())) this.complaints.push(`policy: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.complaints.push(`script: ${error.message}`));
    page.on("request", (request) => this.#judge(request.url()));
    page.on("websocket", (socket) => this.#judge(socket.url()));
  }

  static async open(browser: Browser, options: ScreenOptions): Promise<Screen> {
    const context = await browser.newContext({
      viewport: sizes[options.size ?? "landscape"],
      colorScheme: options.scheme ?? "light",
      reducedMotion: "reduce",
      timezoneId: options.timezone ?? "America/New_York",
      locale: "en-GB",
    });
    return new Screen(context, await context.newPage(), options.url);
  }

  async go(path: string): Promise<void> {
    await this.page.goto(this.#url + path);
  }

  /** Resolves when the page shows the text; rejects after `timeoutMs`. */
  async sees(text: string | RegExp, timeoutMs = 10_000): Promise<void> {
    await this.page.getByText(text).filter({ visible: true }).first().waitFor({ timeout: timeoutMs });
  }

  /** Keeps a picture in test/browser/.screenshots, for people to look at. */
  async shoot(name: string): Promise<void> {
    const path = join(screenshots, `${name}.png`);
    mkdirSync(dirname(path), { recursive: true });
    await this.page.screenshot({ path });
  }

  /** Fails on what axe calls serious or critical. */
  async isAccessible(name: string): Promise<void> {
    const { violations } = await new AxeBuilder({ page: this.page }).analyze();
    const grave = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html} ${node.failureSummary ?? ""}`).join(" | ")}`);
    assert.deepEqual(grave, [], `axe on ${name}`);
  }

  /** Fails when something sticks out of the screen, or words out of their card: a wall tablet cannot be scrolled. */
  async fits(name: string): Promise<void> {
    const outside = await this.page.evaluate(findOverflow);
    assert.deepEqual(outside, [], `${name}: sticks out`);
  }

  /** Fails on everything that the page should not have done so far. */
  isClean(): void {
    assert.deepEqual(this.complaints, []);
  }

  async close(): Promise<void> {
    await this.context.close();
  }

  #judge(address: string): void {
    const { protocol, host } = new URL(address);
    if (protocol === "data:" || protocol === "blob:") return;
    if (host !== new URL(this.#url).host) this.complaints.push(`request to a stranger: ${address}`);
  }
}
