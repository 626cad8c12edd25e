/** The page behind the link of an invitation, opened out of the mail itself. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { startSystem } from "../node/support/system.ts";
import { World } from "../support/http/world.ts";
import { launch, Screen } from "./support/browser.ts";

interface Mail {
  to: string;
  text: string;
}

test("an invitation's link shows what it is for and the code, and leaves no token in the address", async (t) => {
  const server = await startSystem(t);
  const world = await World.create(server.url, "Fab Lab <b>Pune</b>");
  const email = "ada@example.org";
  await world.root.post(`/api/v1/makerspaces/${world.makerspace_id}/invites`, { email, role: "service_provider" });
  const mails = (await (await fetch(`${server.url}/dev/mail`)).json()) as Mail[];
  const link = /https?:\S+token=([\w-]+)/.exec(mails.find(({ to }) => to === email)?.text ?? "");
  assert(link);
  const browser = await launch(t);
  const screen = await Screen.open(browser, { url: server.url, scheme: "light" });
  const answer = await screen.page.goto(link[0]);
  assert.equal(answer?.status(), 200);
  await screen.sees("Fab Lab <b>Pune</b>", 30_000);
  await screen.sees("as a service provider", 5_000);
  await screen.sees(link[1] ?? "", 5_000);
  assert.equal(screen.page.url(), `${server.url}/invite`);
  await screen.isAccessible("/invite");
  await screen.shoot("pages/invite-light");
  screen.isClean();
  await screen.close();
});
