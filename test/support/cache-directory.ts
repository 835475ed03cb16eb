import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where tests keep what they fetch or build: outside the work tree (`XDG_CACHE_HOME` or
 * `~/.cache`).
 */
export function cacheDirectory(...names: readonly string[]): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return join(cache, 'reprise', ...names);
}
