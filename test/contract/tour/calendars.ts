import { it } from "vitest";
import { makeScene } from "../../support/scene.ts";

/** A calendar feed from its making to its end. */
export function calendars(): void {
  it("has calendar feeds", async () => {
    const { space, ada } = await makeScene();
    const feeds = space.path("/calendar_feeds");
    const { id } = await ada.api.post<{ id: string }>(feeds, { scope: "mine" });
    await ada.api.get(feeds);
    await ada.api.get(`${feeds}/${id}`);
    const { url } = await ada.api.post<{ url: string }>(`${feeds}/${id}/renew`);
    await ada.api.send("GET", new URL(url).pathname);
    await ada.api.send("DELETE", `${feeds}/${id}`);
  });
}
