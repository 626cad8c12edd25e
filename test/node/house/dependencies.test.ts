import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { checkDependencies, ruleNames, type Violation } from "../../../scripts/lib/dependencies.ts";
import { root } from "../../../scripts/lib/env.ts";

/** What each file imports. Files without a planted violation show what the rules leave alone. */
const files: Record<string, readonly string[]> = {
  "src/index.ts": ['export { Thing } from "../durable-objects/thing/object.ts"', 'import "./app.ts"'],
  "src/app.ts": [
    'import "./modules/one/index.ts"',
    'import "./integrations/pay.ts"',
    'import "./modules/two/inside.ts"',
  ],
  "src/integrations/pay.ts": ['import "../modules/two/index.ts"'],
  "src/platform/db/driver.ts": ['import "drizzle-orm/d1"'],
  "src/platform/a.ts": ['import "../modules/one/index.ts"'],
  "src/modules/one/index.ts": ['import "../two/index.ts"'],
  "src/modules/one/inside.ts": ['import "../two/inside.ts"'],
  "src/modules/one/model.ts": ['import "./far.ts"'],
  "src/modules/one/far.ts": ['import "drizzle-orm"'],
  "src/modules/one/tables.ts": ['import "drizzle-orm/sqlite-core"'],
  "src/modules/one/routes.ts": ['import "./tables.ts"', 'import "./service.ts"'],
  "src/modules/one/service.ts": ['import type { Context } from "hono"', 'import type { z } from "@hono/zod-openapi"'],
  "src/modules/one/database.ts": ['import "drizzle-orm/d1"'],
  "src/modules/one/objects.ts": ['import "../../../durable-objects/thing/pure.ts"'],
  "src/modules/one/pay.ts": ['import "../../integrations/pay.ts"'],
  "src/modules/one/tool.ts": ['import "../../../scripts/tool.ts"', 'import "vitest"', 'import "./nowhere.ts"'],
  "src/modules/two/index.ts": [],
  "src/modules/two/inside.ts": [],
  "src/modules/two/model.ts": ['import "../one/index.ts"'],
  "src/modules/two/service.ts": ['import { z } from "@hono/zod-openapi"'],
  "src/modules/two/list/routes.ts": ['import "drizzle-orm"', 'import "hono"'],
  "src/modules/two/item/routes.ts": ['import "../../../platform/db/driver.ts"'],
  "src/modules/ring/a.ts": ['import "./b.ts"'],
  "src/modules/ring/b.ts": ['import type {} from "./a.ts"'],
  "durable-objects/thing/object.ts": [
    'import "cloudflare:workers"',
    'import "../../src/modules/one/tables.ts"',
    'import "./pure.ts"',
  ],
  "durable-objects/thing/pure.ts": [],
  "durable-objects/thing/bad.ts": ['import "../../src/modules/one/inside.ts"'],
  "durable-objects/thing/schedule.ts": ['import type { Hono } from "hono"'],
  "durable-objects/thing/sessions.ts": ['import "cloudflare:workers"'],
  "scripts/tool.ts": [],
  "web/src/page.ts": ['import "../../src/modules/two/inside.ts"'],
  "web/src/clean.ts": ['import "../../src/modules/two/model.ts"'],
};

/** rule → the imports that it must find, and no others. */
const expected: Record<string, readonly string[]> = {
  "1-platform-knows-no-module": ["src/platform/a.ts → src/modules/one/index.ts"],
  "2-modules-meet-at-the-door": ["src/modules/one/inside.ts → src/modules/two/inside.ts"],
  "2-app-uses-the-door": ["src/app.ts → src/modules/two/inside.ts"],
  "2-objects-take-contracts-only": ["durable-objects/thing/bad.ts → src/modules/one/inside.ts"],
  "3-pure-stays-pure": [
    "durable-objects/thing/schedule.ts → hono",
    "durable-objects/thing/sessions.ts → cloudflare:workers",
    "src/modules/one/model.ts → drizzle-orm",
  ],
  "4-routes-never-touch-tables": [
    "src/modules/one/routes.ts → src/modules/one/tables.ts",
    "src/modules/two/item/routes.ts → src/platform/db/driver.ts",
    "src/modules/two/list/routes.ts → drizzle-orm",
  ],
  "5-services-never-see-http": ["src/modules/one/service.ts → hono"],
  "5-services-infer-types-at-most": ["src/modules/two/service.ts → @hono/zod-openapi"],
  "6-one-place-makes-databases": ["src/modules/one/database.ts → drizzle-orm"],
  "6-nobody-imports-objects": ["src/modules/one/objects.ts → durable-objects/thing/pure.ts"],
  "8-integrations-are-injected": ["src/modules/one/pay.ts → src/integrations/pay.ts"],
  "10-no-cycles": ["src/modules/ring/a.ts → src/modules/ring/b.ts"],
  "11-pages-share-pure-code-only": ["web/src/page.ts → src/modules/two/inside.ts"],
  "12-production-stands-alone": ["src/modules/one/tool.ts → scripts/tool.ts"],
  "12-production-uses-production-packages": ["src/modules/one/tool.ts → vitest"],
  "13-imports-resolve": ["src/modules/one/tool.ts → ./nowhere.ts"],
};

/** A package by its name instead of the file that the import leads to. */
const shortened = (path: string): string => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path;

describe("each dependency rule", () => {
  const tree = mkdtempSync(join(tmpdir(), "makrcave-rules-"));
  let violations: Violation[] = [];

  before(async () => {
    symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
    copyFileSync(join(root, "package.json"), join(tree, "package.json"));
    for (const [path, lines] of Object.entries(files)) {
      mkdirSync(dirname(join(tree, path)), { recursive: true });
      writeFileSync(join(tree, path), [...lines, "export const here = true;", ""].join(";\n"));
    }
    ({ violations } = await checkDependencies(tree));
  });
  after(() => rmSync(tree, { recursive: true, force: true }));

  const found = (rule: string): string[] =>
    violations.filter((each) => each.rule === rule).map(({ from, to }) => `${from} → ${shortened(to)}`);

  for (const [rule, imports] of Object.entries(expected)) {
    test(`${rule} fires on its violation and on nothing else`, () => {
      assert.deepEqual([...new Set(found(rule))].sort(), [...imports].sort());
    });
  }

  test("every rule that is configured has a planted violation", async () => {
    assert.deepEqual((await ruleNames()).sort(), Object.keys(expected).sort());
  });
});

test("a tree without sources is an error, not a success", async () => {
  const empty = mkdtempSync(join(tmpdir(), "makrcave-empty-"));
  try {
    await assert.rejects(checkDependencies(empty), /not looked at: anything/);
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
});
