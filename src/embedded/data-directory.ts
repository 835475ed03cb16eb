import { createHash } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { RepriseError } from '../reprise-error.ts';
import { blockedFolder, type RunUser } from './run-user.ts';

/**
 * Folder for root's data directories if the requested folder is inside one that the server's user
 * may not enter.
 */
const STATE_FOLDER = '/var/lib/reprise';

/**
 * A data directory. It contains `postgres/` (the cluster), `postgres.log`, and small files of
 * reprise: `port`, `password` (mode 600), `owner` (process id of the application that stops the
 * server).
 */
export class DataDirectory {
  readonly path: string;
  readonly cluster: string;
  readonly logFile: string;
  readonly lockFile: string;

  constructor(path: string) {
    this.path = path;
    this.cluster = join(path, 'postgres');
    this.logFile = join(path, 'postgres.log');
    this.lockFile = join(path, 'starting.lock');
  }

  /**
   * Returns the content of one of reprise's small files, trimmed; undefined if it does not exist.
   */
  read(name: 'port' | 'password' | 'owner'): string | undefined {
    const file = join(this.path, name);
    return existsSync(file) ? readFileSync(file, 'utf8').trim() : undefined;
  }

  write(name: 'port' | 'password' | 'owner', content: string): void {
    writeFileSync(join(this.path, name), content, { mode: 0o600 });
  }

  forget(name: 'owner'): void {
    rmSync(join(this.path, name), { force: true });
  }
}

/**
 * Prepares the folder: it exists, is writable and, for root, can be entered by the server's user.
 * If it is inside a folder which that user may not enter, root's data goes to a folder under
 * /var/lib/reprise, always the same for the same requested path, and `onProgress` is called.
 * @throws DATA_DIRECTORY_UNUSABLE naming the folder
 */
export function prepareDataDirectory(
  wanted: string,
  user: RunUser,
  onProgress: (message: string) => void,
): DataDirectory {
  const path = resolve(wanted);
  refuseFileInTheWay(path);
  const blocked = blockedFolder(path, user);
  if (blocked === null) return makeDataDirectory(path);
  const digest = createHash('sha256').update(path).digest('hex').slice(0, 12);
  const elsewhere = join(STATE_FOLDER, `${basename(path).replace(/^\.+/, '')}-${digest}`);
  onProgress(
    `Postgres runs as user postgres, who may not enter ${blocked}: its data goes to ${elsewhere}. ` +
      `To have it in ${path}, run as an ordinary user, or allow entering: chmod o+x ${blocked}.`,
  );
  const blockedThere = blockedFolder(elsewhere, user);
  if (blockedThere !== null) throw unusable(blockedThere, 'user postgres may not enter it');
  return makeDataDirectory(elsewhere);
}

/**
 * Refuses a path in which a file stands where a folder should be: another folder cannot help, the
 * path is wrong.
 */
function refuseFileInTheWay(path: string): void {
  let nearest = path;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  if (!statSync(nearest).isDirectory()) throw unusable(path, `${nearest} is a file, not a folder`);
}

/** Creates a folder of the data directory that only the server's user can access. */
export function makeOwnFolder(path: string, user: RunUser): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (user !== null) chownSync(path, user.uid, user.gid);
}

function makeDataDirectory(path: string): DataDirectory {
  const probe = join(path, `.probe-${process.pid}`);
  try {
    mkdirSync(path, { recursive: true });
    writeFileSync(probe, '');
    rmSync(probe);
  } catch (cause) {
    throw unusable(path, `it cannot be made or written to (${(cause as Error).message})`, cause);
  }
  return new DataDirectory(path);
}

/** Creates the error for a data directory that cannot be used. */
export function unusable(folder: string, reason: string, cause?: unknown): RepriseError {
  return new RepriseError(
    'DATA_DIRECTORY_UNUSABLE',
    `The data of the embedded Postgres cannot live in ${folder}: ${reason}. ` +
      'Give its folder to the user who runs reprise (chown, chmod), free space, or configure another dataDirectory.',
    { cause, facts: { dataDirectory: folder } },
  );
}
