import { createRequire } from 'node:module';

/** The version of this package, as its package.json says. */
export function packageVersion(): string {
  const manifest = createRequire(import.meta.url)('reprise/package.json') as { version: string };
  return manifest.version;
}
