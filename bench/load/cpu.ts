/** CPU time of processes, from /proc (Linux). */
import { readFileSync } from "node:fs";

/** The kernel counts in hundredths of a second on every platform we run on. */
const MS_PER_TICK = 10;

/** User and system time of a process, and of its children that have ended, in milliseconds. */
function cpuOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in parentheses and may contain spaces; fields 14 to 17 of proc(5) follow.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * MS_PER_TICK;
  } catch {
    return 0; // It ended; its parent has its time.
  }
}

/** CPU milliseconds used so far by these processes. */
export const cpuMs = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
