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
 * Where root's servers keep data when the wanted folder lies behind one that the server's user may
 * not enter.
 */
const STATE_FOLDER = '/var/lib/reprise';

/**
 * What lies in a data directory: `postgres/` (the cluster), `postgres.log`, and small files that
 * belong to reprise: `port`, `password` (mode 600), `owner` (process id of the application that
 * stops the server).
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

  /** Content of one of reprise's small files, trimmed; undefined when it is not there. */
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
 * Makes the folder ready: exists, is writable and, for root, can be reached by the server's user.
 * Root's data behind an impassable folder goes to a folder of its own under /var/lib/reprise,
 * always the same for the same wanted path; `onProgress` is told.
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
 * A file where a folder of the path should be is nothing that another place could mend: the path
 * itself is wrong.
 */
function refuseFileInTheWay(path: string): void {
  let nearest = path;
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  if (!statSync(nearest).isDirectory()) throw unusable(path, `${nearest} is a file, not a folder`);
}

/** Makes a folder of the data directory that belongs to the server's user alone. */
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

/** The error of a data directory that cannot be used. */
export function unusable(folder: string, reason: string, cause?: unknown): RepriseError {
  return new RepriseError(
    'DATA_DIRECTORY_UNUSABLE',
    `The data of the embedded Postgres cannot live in ${folder}: ${reason}. ` +
      'Give its folder to the user who runs reprise (chown, chmod), free space, or configure another dataDirectory.',
    { cause, facts: { dataDirectory: folder } },
  );
}
