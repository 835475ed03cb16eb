import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** True if a process with this id exists, of any user. A zombie does not count. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) !== 'Z';
  } catch {
    return true; // no /proc on this system
  }
}

/**
 * True if the process is a Postgres server: after a reboot the id in a stale postmaster.pid may
 * belong to any process.
 */
export function isPostgres(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'postgres';
  } catch {
    return namedPostgresByPs(pid);
  }
}

function namedPostgresByPs(pid: number): boolean {
  try {
    const name = execFileSync('ps', ['-p', String(pid), '-o', 'comm='], { encoding: 'utf8' });
    return name.includes('postgres');
  } catch {
    return true; // unknown: do not risk a second server on its data
  }
}
