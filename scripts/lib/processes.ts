/** Looking at and ending processes that we started: by pid and process group, never by name. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface ProcessInfo {
  pid: number;
  parent: number;
  group: number;
  /** The executable's short name (15 characters on Linux). */
  name: string;
}

const fromProc = (): ProcessInfo[] =>
  readdirSync("/proc").flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      // The name stands in parentheses and may itself contain spaces and parentheses.
      const close = stat.lastIndexOf(")");
      const [state, parent, group] = stat.slice(close + 2).split(" ");
      if (state === "Z" || state === "X") return [];
      const name = stat.slice(stat.indexOf("(") + 1, close);
      return [{ pid: Number(entry), parent: Number(parent), group: Number(group), name }];
    } catch {
      return []; // It ended while we looked.
    }
  });

const fromPs = (): ProcessInfo[] =>
  execFileSync("ps", ["-A", "-o", "pid=,ppid=,pgid=,stat=,comm="], { encoding: "utf8" })
    .split("\n")
    .flatMap((line) => {
      const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line);
      if (!match || match[4]?.startsWith("Z")) return [];
      const name = match[5]?.split("/").at(-1) ?? "";
      return [{ pid: Number(match[1]), parent: Number(match[2]), group: Number(match[3]), name }];
    });

/** Every process that is alive now; zombies do not count. */
export const listProcesses = (): ProcessInfo[] => (process.platform === "linux" ? fromProc() : fromPs());

/** The command line of a process, arguments separated by spaces; empty when it has ended. */
export const commandLine = (pid: number): string => {
  try {
    if (process.platform === "linux") return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
    return execFileSync("ps", ["-o", "args=", "-p", String(pid)], { encoding: "utf8" });
  } catch {
    return "";
  }
};

/** The children of `pid`, their children, and so on; without `pid` itself. */
export const descendantsOf = (pid: number, processes: readonly ProcessInfo[] = listProcesses()): ProcessInfo[] => {
  const children = processes.filter((each) => each.parent === pid);
  return children.flatMap((child) => [child, ...descendantsOf(child.pid, processes)]);
};

/** The members of a process group. */
export const groupMembers = (group: number): ProcessInfo[] => listProcesses().filter((each) => each.group === group);

/** Sends a signal to a process (or, negative, to a group); false when there is nobody left to receive it. */
export const signal = (pid: number, name: NodeJS.Signals): boolean => {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
};

/** Resolves to true as soon as the group is empty, to false when it is not after `timeoutMs`. */
export const groupGone = async (group: number, timeoutMs: number): Promise<boolean> => {
  const deadline = performance.now() + timeoutMs;
  while (groupMembers(group).length > 0) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return true;
};
