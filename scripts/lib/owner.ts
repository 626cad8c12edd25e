/** Noticing that whoever started us is gone. */
import { listProcesses } from "./processes.ts";

/** Our parent, and its parents up to npm: npm may put a shell between itself and us. */
const npmLine = (): number[] => {
  const byPid = new Map(listProcesses().map((each) => [each.pid, each]));
  const line: number[] = [];
  for (let pid = process.ppid; pid > 1 && line.length < 3; pid = byPid.get(pid)?.parent ?? 0) {
    line.push(pid);
    if (!["sh", "dash", "bash"].includes(byPid.get(pid)?.name ?? "")) break;
  }
  return line;
};

const isThere = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/**
 * Calls `tell` once when the npm that runs this script has ended: a signal sent to npm alone never reaches us.
 * Does nothing when the script was not started by npm.
 */
export const ownerGone = (tell: () => void): void => {
  if (process.env.npm_lifecycle_event === undefined) return;
  const line = npmLine();
  const timer = setInterval(() => {
    if (process.ppid === line[0] && line.every(isThere)) return;
    clearInterval(timer);
    tell();
  }, 500);
  timer.unref();
};
