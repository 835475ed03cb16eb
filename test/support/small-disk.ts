import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRunUser } from '../../src/embedded/run-user.ts';

/** A file system of a few megabytes on which a Postgres server can keep a table. */
export interface SmallDisk {
  /** Where it is mounted: an empty folder of the server's user. */
  readonly path: string;
  /** Writes until the system refuses for want of room (ENOSPC). */
  fill(): void;
  /** Removes what `fill` wrote. */
  makeRoom(): void;
  /** Unmounts it; the server must have ended. */
  remove(): void;
}

const BYTES = 16 * 1024 ** 2;
const FILLING = 'filling';

/** Whether this process has the right to mount a file system. */
export function canMount(): boolean {
  try {
    mountSmallDisk().remove();
    return true;
  } catch {
    return false;
  }
}

/** Mounts a small disk. Needs the right to mount, as root has it outside of most containers. */
export function mountSmallDisk(): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'reprise-small-disk-'));
  const user = findRunUser();
  const owner = user === null ? '' : `,uid=${user.uid},gid=${user.gid}`;
  const options = `size=${BYTES},mode=700${owner}`;
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
  } catch (error) {
    rmSync(folder, { recursive: true });
    throw error;
  }
  const path = join(folder, 'tablespace');
  execFileSync('install', [
    '-d',
    '-m',
    '700',
    ...(user === null ? [] : ['-o', `${user.uid}`, '-g', `${user.gid}`]),
    path,
  ]);
  return {
    path,
    fill() {
      // Ever smaller pieces, so that no page of Postgres's 8 KiB fits beside them.
      for (const bytes of [1024 ** 2, 64 * 1024, 4 * 1024]) {
        while (appends(join(folder, FILLING), bytes)) continue;
      }
    },
    makeRoom: () => rmSync(join(folder, FILLING), { force: true }),
    remove() {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

function appends(file: string, bytes: number): boolean {
  try {
    appendFileSync(file, Buffer.alloc(bytes));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false;
    throw error;
  }
}
