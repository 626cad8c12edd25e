import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { checkSource, sourceRules } from "../../../scripts/lib/source-rules.ts";

describe("each source rule", () => {
  for (const { name, breaks, keeps } of sourceRules) {
    const findings = (example: readonly [string, string]) =>
      checkSource(...example).filter((each) => each.rule === name);
    test(`${name} fires on its violation`, () => assert.equal(findings(breaks).length, 1));
    test(`${name} leaves its neighbour alone`, () => assert.deepEqual(findings(keeps), []));
  }
});

test("a finding tells the line", () => {
  const [finding] = checkSource("src/x.ts", "const a = 1;\n\nawait db.transaction(async () => {});\n");
  assert.equal(finding?.line, 3);
});
