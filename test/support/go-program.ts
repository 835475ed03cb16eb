import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { cacheDirectory } from './cache-directory.ts';

/**
 * Builds the Go program of a folder into the cache; Go's own cache makes this quick when nothing
 * changed. @returns its path @throws Error with Go's words, or that the folder is not there
 */
export function buildGoProgram(name: string, source: string): string {
  // A child process with a missing folder reports that the *program* is missing.
  if (!existsSync(source)) throw new Error(`its source is not here: ${source}`);
  mkdirSync(cacheDirectory(), { recursive: true });
  const program = cacheDirectory(name);
  execFileSync('go', ['build', '-o', program, '.'], { cwd: source, stdio: 'pipe' });
  return program;
}
