import { expect, it } from "vitest";
import { linkFile, putFile } from "../../../src/platform/files.ts";
import { Api } from "../../support/api.ts";
import { makeSpace } from "../../support/space.ts";

/** Files and who may fetch them. */
export function files(): void {
  it("hands out a file by a link", async () => {
    const { id: makerspace_id } = await makeSpace();
    const ref = { makerspace_id, kind: "report", id: "1" };
    await putFile(ref, "hello", { content_type: "text/plain" });
    const { url } = await linkFile(ref, { filename: "report.txt", now: Date.now() });
    expect(await new Api().get(url)).toBe("hello");
  });
}
