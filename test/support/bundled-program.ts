import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const made = new Map<string, Promise<string>>();

/**
 * One JavaScript file of a program of the tests and all of the house that it imports: it starts in half a second, a quarter of what tsx takes, which is what makes hundreds of
 * killed processes affordable. Made once per process; lies in node_modules/.cache, so that packages are found.
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
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    alias: { reprise: './src/index.ts' },
    logLevel: 'error',
  });
  return outfile;
}
