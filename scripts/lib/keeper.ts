/**
 * Runs one command as the head of its own process group and makes sure that nothing of it outlives whoever started
 * it: `node keeper.ts <grace ms> <command> <args…>`. Standard input is a leash: when it closes, because the owner
 * asks or because the owner died in whatever way, the command gets SIGTERM and, after the grace, the group SIGKILL.
 */
import { spawn } from "node:child_process";
import { groupMembers, signal } from "./processes.ts";

const [grace = "5000", command = "", ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
let asked = false;

/** Ends the group, ourselves included. */
const endGroup = (): void => {
  process.kill(-process.pid, "SIGKILL");
};

const others = (): number => groupMembers(process.pid).filter((each) => each.pid !== process.pid).length;

child.on("error", (error) => {
  process.stderr.write(`${command}: ${error.message}\n`);
  process.exit(127);
});
child.on("exit", (code) => {
  // What the command left behind (workerd, esbuild) has a moment to follow it.
  const deadline = performance.now() + (asked ? 500 : 100);
  const follow = (): void => {
    if (others() === 0) process.exit(asked ? 0 : (code ?? 1));
    if (performance.now() > deadline) endGroup();
    setTimeout(follow, 20);
  };
  follow();
});

const release = (): void => {
  if (asked) return;
  asked = true;
  if (child.pid !== undefined) signal(child.pid, "SIGTERM");
  setTimeout(endGroup, Number(grace));
};
process.stdin.resume();
process.stdin.on("end", release);
process.stdin.on("close", release);
process.stdin.on("error", release);
for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, release);
