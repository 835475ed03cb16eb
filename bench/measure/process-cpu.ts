import { readdirSync, readFileSync } from 'node:fs';

/** The kernel counts processor time in ticks of 10 ms, whatever its own clock. */
const TICKS_PER_SECOND = 100;

/**
 * Processor time in seconds that a process and all its children have used, those that ended
 * included; undefined without /proc or where there is no such process.
 */
export function cpuSecondsOf(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  const all = readdirSyncOrNone('/proc').flatMap((name) => statOf(Number(name)) ?? []);
  if (!all.some((each) => each.pid === pid)) return undefined;
  const family = all.filter((each) => each.pid === pid || each.parent === pid);
  return family.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND;
}

/** The parent of a process; undefined where that cannot be told. */
export function parentOf(pid: number): number | undefined {
  return statOf(pid)?.parent;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/**
 * `/proc/PID/stat` (proc(5)): after the name in parentheses state, parent, … and from the 14th
 * field on utime, stime, cutime, cstime.
 */
function statOf(pid: number): Stat | undefined {
  if (!Number.isInteger(pid)) return undefined;
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, each) => sum + Number(each), 0);
    return { pid, parent: Number(fields[1]), ticks };
  } catch {
    return undefined; // ended meanwhile, or no /proc
  }
}

function readdirSyncOrNone(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
