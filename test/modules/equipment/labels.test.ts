/** Labels to print: every machine has its own, and another library reads from it what opens the machine's page. */

import decodeQR from "qr/decode.js";
import { describe, expect, it } from "vitest";
import { config } from "../../../src/platform/env.ts";
import { makeTwoSpaces } from "../../support/space.ts";

/** The squares of a QR code's drawing, as a camera would see them. */
function pixelsOf(svg: string): { width: number; height: number; data: Uint8Array } {
  const width = Number(/viewBox="0 0 (\d+) /.exec(svg)?.[1]);
  const data = new Uint8Array(width * width * 4).fill(255);
  const black = (x: number, y: number): unknown => data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3);
  for (const [, x, y, across, down] of svg.matchAll(/M(\d+),(\d+)h(\d+)v(\d+)/g)) {
    for (let row = 0; row < Number(down); row += 1)
      for (let column = 0; column < Number(across); column += 1) black(Number(x) + column, Number(y) + row);
  }
  return { width, height: width, data };
}

describe("labels", () => {
  it("are a page to print, whose codes say where each machine's page is, in the order that was asked for", async () => {
    const { home, abroad } = await makeTwoSpaces();
    const [one, two] = [
      await home.machine({}, { name: `Laser <b>"1"</b> & more`, location: "Room 2" }),
      await home.machine(),
    ];
    const { api } = await home.as("maintainer");
    const sheet = (query: string) => api.send<string>("GET", home.path(`/equipment/labels${query}`));
    const { body, headers } = await sheet(`?ids=${two.id}&ids=${one.id}`);
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(headers.get("content-disposition")).toContain('filename="labels.html"');
    const html = body ?? "";
    expect(html).toContain("Laser &lt;b&gt;&quot;1&quot;&lt;/b&gt; &amp; more");
    expect(html).not.toContain("<b>");
    expect(html).toContain("@page { size: A4");
    const codes = [...html.matchAll(/<svg[\s\S]*?<\/svg>/g)].map(([svg]) => decodeQR(pixelsOf(svg)));
    expect(codes).toEqual([two, one].map(({ id }) => `${config.APP_URL}/m/${home.id}/${id}`));
    // All that are there, unless told; none of another makerspace.
    expect((await sheet("")).body?.match(/<section>/g)).toHaveLength(2);
    const stranger = await abroad.machine();
    expect((await api.refused("GET", home.path(`/equipment/labels?ids=${stranger.id}`))).code).toBe("not_found");
    const ada = await home.person();
    expect((await ada.api.refused("GET", home.path("/equipment/labels"))).code).toBe("forbidden");
  });
});
