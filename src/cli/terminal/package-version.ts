import { createRequire } from 'node:module';

/** Returns the version of this package from its package.json. */
export function packageVersion(): string {
  const manifest = createRequire(import.meta.url)('reprise/package.json') as { version: string };
  return manifest.version;
}
