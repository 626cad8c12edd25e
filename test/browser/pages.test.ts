/** Every page that is served, as it is served: with its policy, from this origin alone. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Browser } from "playwright-core";
import { startSystem } from "../node/support/system.ts";
import { launch, type Scheme, Screen, schemes } from "./support/browser.ts";

interface Served {
  path: string;
  /** What the page shows when it is whole. */
  shows: string | RegExp;
  /** Swagger UI and ReDoc are the work of others: their looks are not judged. */
  own: boolean;
}

const pages: Served[] = [
  { path: "/", shows: "Makerspace management", own: true },
  { path: "/tablet", shows: "Pair this tablet", own: true },
  { path: "/problems", shows: "slot_taken", own: true },
  { path: "/docs", shows: "equipment", own: false },
  { path: "/redoc", shows: /reservation/i, own: false },
];

const read = async (browser: Browser, url: string, { path, shows, own }: Served, scheme: Scheme): Promise<void> => {
  const screen = await Screen.open(browser, { url, scheme });
  const answer = await screen.page.goto(url + path);
  assert.equal(answer?.status(), 200);
  const headers = answer?.headers() ?? {};
  assert.equal(headers["x-content-type-options"], "nosniff");
  assert.match(headers["content-security-policy"] ?? "", /default-src 'none'; script-src 'self';/);
  if (own) assert.doesNotMatch(headers["content-security-policy"] ?? "", /unsafe|https:|blob:/);
  await screen.sees(shows, 30_000);
  await screen.page.waitForLoadState("networkidle");
  await screen.shoot(`pages${path === "/" ? "/home" : path}-${scheme}`);
  if (own) await screen.isAccessible(path);
  screen.isClean();
  await screen.close();
};

test("every page breaks no policy and asks no stranger", async (t) => {
  const server = await startSystem(t);
  const browser = await launch(t);
  for (const page of pages)
    for (const scheme of schemes)
      await t.test(`${page.path}, ${scheme}`, () => read(browser, server.url, page, scheme));

  await t.test("a page that misbehaves is noticed", async () => {
    const screen = await Screen.open(browser, { url: server.url });
    await screen.go("/");
    await screen.page.evaluate(
      `document.head.append(Object.assign(document.createElement("style"), { textContent: "body { color: red }" }));
       document.body.append(Object.assign(new Image(), { src: "http://stranger.invalid/x.png" }))`,
    );
    await screen.page.waitForTimeout(200);
    assert.match(screen.complaints.join("\n"), /policy: .*style/);
    assert.match(screen.complaints.join("\n"), /stranger\.invalid/);
    await screen.page.goto(`${server.url}/tablet`);
    await screen.page.evaluate(
      `document.body.append(Object.assign(document.createElement("p"), { textContent: "far out", style: "position:absolute;left:5000px" }))`,
    );
    await assert.rejects(() => screen.fits("a page"), /far out/);
  });

  await t.test("what Swagger UI sends is let through", async () => {
    const screen = await Screen.open(browser, { url: server.url });
    await screen.go("/docs");
    await screen.page.locator("#operations-tag-platform").click();
    await screen.page.getByText("/health").first().click();
    await screen.page.getByRole("button", { name: "Try it out" }).click();
    await screen.page.getByRole("button", { name: "Execute" }).click();
    await screen.page.locator(".live-responses-table .response-col_status").getByText("200").waitFor();
    screen.isClean();
  });

  await t.test("ReDoc searches", async () => {
    const screen = await Screen.open(browser, { url: server.url });
    await screen.go("/redoc");
    await screen.page.getByPlaceholder("Search...").fill("reservation");
    await screen.page.getByRole("menuitem").first().waitFor();
    await screen.page.locator('[data-role="search:results"] [role="menuitem"]').first().waitFor();
    screen.isClean();
  });
});
