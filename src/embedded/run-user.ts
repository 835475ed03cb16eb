import { execFileSync } from 'node:child_process';
import { readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { RepriseError } from '../reprise-error.ts';

/** User of the server's processes; null: the user of this process. */
export type RunUser = { readonly uid: number; readonly gid: number } | null;

/**
 * Returns the user that runs the server. Postgres refuses to run as root: then its processes run as
 * the system's user `postgres`, which is created if missing.
 * @throws EMBEDDED_UNAVAILABLE as root if that user can neither be found nor created
 */
export function findRunUser(): RunUser {
  if (process.getuid?.() !== 0) return null;
  const known = postgresEntry();
  if (known !== null) return known;
  try {
    execFileSync('useradd', ['--system', '--user-group', '--no-create-home', 'postgres'], {
      stdio: 'ignore',
    });
  } catch (cause) {
    throw noRunUser(cause);
  }
  const made = postgresEntry();
  if (made === null) throw noRunUser(undefined);
  return made;
}

/**
 * Returns the outermost folder of `path` (itself included) that `user` may not enter, or null.
 * Folders that do not exist yet count as accessible, because they are created so.
 */
export function blockedFolder(path: string, user: RunUser): string | null {
  if (user === null) return null;
  const folders: string[] = [];
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    folders.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  return folders.find((folder) => !mayEnter(folder, user)) ?? null;
}

function mayEnter(folder: string, user: NonNullable<RunUser>): boolean {
  const stats = statIfThere(folder);
  if (stats === undefined || !stats.isDirectory()) return true;
  if (stats.uid === user.uid) return (stats.mode & 0o100) !== 0;
  if (stats.gid === user.gid) return (stats.mode & 0o010) !== 0;
  return (stats.mode & 0o001) !== 0;
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined; // Missing, or below a file: creating it will report the error.
  }
}

function postgresEntry(): RunUser {
  let users: string;
  try {
    users = readFileSync('/etc/passwd', 'utf8');
  } catch {
    return null; // no such file on this system: the caller reports it
  }
  const fields = users
    .split('\n')
    .find((line) => line.startsWith('postgres:'))
    ?.split(':');
  return fields === undefined ? null : { uid: Number(fields[2]), gid: Number(fields[3]) };
}

function noRunUser(cause: unknown): RepriseError {
  return new RepriseError(
    'EMBEDDED_UNAVAILABLE',
    'Postgres does not run as root, and this system has no user "postgres" to run it as. ' +
      'Run reprise as an ordinary user, or make the user: useradd --system postgres.',
    { cause },
  );
}
