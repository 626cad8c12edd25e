import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { root } from "../../../scripts/lib/env.ts";
import { groupGone, groupMembers } from "../../../scripts/lib/processes.ts";

const keeper = join(root, "scripts/lib/keeper.ts");

/** A command with a child of its own, as wrangler has; `stubborn` ones ignore SIGTERM. */
const family = (stubborn: boolean): string => {
  const ignore = stubborn ? "process.on('SIGTERM', () => {});" : "";
  const child = `${ignore} setInterval(() => {}, 1000);`;
  return `${ignore} require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}]);
    setInterval(() => {}, 1000); console.log('up');`;
};

/** Starts an owner that starts a kept family, and waits until the family is up. */
const startOwner = async (t: TestContext, stubborn: boolean): Promise<{ owner: ChildProcess; group: number }> => {
  const code = `
    const kept = require('node:child_process').spawn(process.execPath,
      [${JSON.stringify(keeper)}, '300', process.execPath, '-e', ${JSON.stringify(family(stubborn))}],
      { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
    kept.stdout.once('data', () => console.log(kept.pid));
    process.on('SIGUSR2', () => kept.stdin.end());
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => owner.kill("SIGKILL"));
  const [line] = await once(owner.stdout.setEncoding("utf8"), "data");
  const group = Number(line);
  t.after(() => {
    if (groupMembers(group).length > 0) process.kill(-group, "SIGKILL");
  });
  assert.ok(groupMembers(group).length >= 2);
  return { owner, group };
};

for (const stubborn of [false, true]) {
  const kind = stubborn ? "a family that ignores SIGTERM" : "a family";
  test(`${kind} ends when its owner is killed`, async (t) => {
    const { owner, group } = await startOwner(t, stubborn);
    owner.kill("SIGKILL");
    assert.ok(await groupGone(group, 5_000));
  });

  test(`${kind} ends when its owner asks`, async (t) => {
    const { owner, group } = await startOwner(t, stubborn);
    owner.kill("SIGUSR2");
    assert.ok(await groupGone(group, 5_000));
  });
}

test("what a command leaves behind ends with it", async (t) => {
  const code = `require('node:child_process').spawn('sleep', ['60']); setTimeout(() => process.exit(7), 100);`;
  const kept = spawn(process.execPath, [keeper, "300", process.execPath, "-e", code], {
    detached: true,
    stdio: ["pipe", "ignore", "inherit"],
  });
  t.after(() => kept.kill("SIGKILL"));
  await once(kept, "exit");
  assert.ok(await groupGone(kept.pid ?? 0, 5_000));
});

test("a command that ends by itself passes its exit code on", async () => {
  const kept = spawn(process.execPath, [keeper, "300", process.execPath, "-e", "process.exit(7)"], {
    detached: true,
    stdio: ["pipe", "ignore", "inherit"],
  });
  const [code] = await once(kept, "exit");
  assert.equal(code, 7);
});
