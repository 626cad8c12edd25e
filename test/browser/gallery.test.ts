/**
 * Every state of the tablet in both sizes and schemes, with the API played by the test: nothing sticks out, axe has nothing serious to say, and a
 * picture of each is kept for people to look at.
 */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startServer } from "../../scripts/lib/server.ts";
import { launch, type Scheme, Screen, type Size, schemes, sizes } from "./support/browser.ts";
import { asProblem, Stage } from "./support/stage.ts";
import { board, machine, states } from "./support/states.ts";

const servePages = async (t: TestContext): Promise<string> => {
  const persistTo = mkdtempSync(join(tmpdir(), "makrcave-pages-"));
  const config = join(import.meta.dirname, "pages.toml");
  const server = await startServer({ persistTo, config, migrate: false, readyPath: "/tablet" });
  t.after(async () => {
    await server.stop();
    rmSync(persistTo, { recursive: true, force: true });
  });
  return server.url;
};

const walkMachine = async (stage: Stage, url: string, prefix: string): Promise<void> => {
  await stage.begin(url, ["machine-1"]);
  await stage.screen.sees("Asking the server");
  await stage.judge(`${prefix}/machine-asking`);
  for (const [name, state] of Object.entries(states)) {
    await stage.show([machine(1, state)], true);
    await stage.judge(`${prefix}/machine-${name}`);
  }
  await stage.show([machine(1, states["in-use"] ?? {})], true);
  await stage.goOffline(5);
  await stage.judge(`${prefix}/machine-offline`);
  stage.screen.isClean();
};

const walkGone = async (stage: Stage, url: string, prefix: string): Promise<void> => {
  await stage.open(url, ["machine-1"]);
  await stage.hangUp(4404);
  await stage.screen.sees("Removed");
  await stage.judge(`${prefix}/machine-gone`);
  await stage.refuseTickets(401);
  await stage.screen.page.clock.fastForward(60_000);
  await stage.screen.sees("This tablet was disconnected");
  await stage.judge(`${prefix}/pair-disconnected`);
  stage.screen.isClean();
};

const walkPairing = async (stage: Stage, prefix: string): Promise<void> => {
  const { screen } = stage;
  const attempt = async (typed: string, expected: RegExp, name: string) => {
    await screen.page.getByLabel("Pairing code").fill(typed);
    await screen.page.getByRole("button", { name: "Pair" }).click();
    await screen.sees(expected);
    await stage.judge(`${prefix}/${name}`);
  };
  await screen.go("/tablet");
  await screen.sees("Pair this tablet");
  await stage.judge(`${prefix}/pair`);
  await attempt("k7q", /eight letters and digits/, "pair-short");
  const pairRoute = "**/api/v1/tablets/pair";
  await screen.page.route(pairRoute, (route) => route.fulfill(asProblem(410)));
  await attempt("k7qm 4xrd", /not valid any more/, "pair-used");
  await screen.page.route(pairRoute, (route) => route.fulfill(asProblem(429, { "retry-after": "90" })));
  await attempt("K7QM4XRD", /Wait 1 min/, "pair-too-many");
  await screen.page.route(pairRoute, (route) => route.abort());
  await attempt("K7QM-4XRD", /cannot be reached/, "pair-offline");
  screen.isClean();
};

/** Nobody stands beside a wall screen: it keeps itself on, and up to date. */
const hangOnWall = async (stage: Stage, url: string): Promise<void> => {
  const { page } = stage.screen;
  await page.addInitScript(
    "window.locks = 0; Object.defineProperty(navigator, 'wakeLock', { value: { request: async () => { window.locks += 1; return { release: async () => {} }; } } });",
  );
  await stage.open(url, ["machine-1"]);
  await stage.show([machine(1, {})], true);
  assert.equal(await page.evaluate("window.locks"), 1, "asks to keep the screen on");

  await page.clock.fastForward("01:00:01");
  await stage.screen.sees("Laser cutter Epilog Fusion");
  await page.route(`${url}/tablet`, (route) =>
    route.fulfill({
      contentType: "text/html",
      body: '<div id="tablet">The next version</div><script src="/static/new.js"></script>',
    }),
  );
  await page.clock.fastForward("01:00:01");
  await stage.screen.sees("The next version");
  stage.screen.isClean();
};

const walkBoard = async (stage: Stage, url: string, prefix: string): Promise<void> => {
  await stage.open(
    url,
    board.map((each) => each.equipment_id),
  );
  for (const count of [2, 4, 5, 8, 12]) {
    await stage.show(board.slice(0, count), false);
    await stage.judge(`${prefix}/board-${count}`);
  }
  await stage.show([], false);
  await stage.judge(`${prefix}/board-empty`);
  await stage.show(board, false);
  await stage.goOffline(3);
  await stage.judge(`${prefix}/board-offline`);
  stage.screen.isClean();
};

test("every state of the tablet is readable in both sizes and schemes", async (t) => {
  const url = await servePages(t);
  const browser = await launch(t);
  const looks = (Object.keys(sizes) as Size[]).flatMap((size) => schemes.map((scheme) => [size, scheme] as const));
  const openStage = async (size: Size, scheme: Scheme) => new Stage(await Screen.open(browser, { url, size, scheme }));

  await t.test("a screen on a wall stays on and takes a new version by itself", async () => {
    const stage = await openStage("landscape", "light");
    await hangOnWall(stage, url);
    await stage.screen.close();
  });

  for (const [size, scheme] of looks) {
    await t.test(`pairing, ${size}, ${scheme}`, async () => {
      const stage = await openStage(size, scheme);
      await walkPairing(stage, `${size}-${scheme}`);
      await stage.screen.close();
    });
    await t.test(`gone and disconnected, ${size}, ${scheme}`, async () => {
      const stage = await openStage(size, scheme);
      await walkGone(stage, url, `${size}-${scheme}`);
      await stage.screen.close();
    });
    await t.test(`one machine, ${size}, ${scheme}`, async () => {
      const stage = await openStage(size, scheme);
      await walkMachine(stage, url, `${size}-${scheme}`);
      await stage.screen.close();
    });
    await t.test(`the board, ${size}, ${scheme}`, async () => {
      const stage = await openStage(size, scheme);
      await walkBoard(stage, url, `${size}-${scheme}`);
      await stage.screen.close();
    });
  }
});
