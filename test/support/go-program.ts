import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { cacheDirectory } from './cache-directory.ts';

/** Builds the Go program of a folder into the cache; Go's own cache makes this quick when nothing changed. @returns its path @throws Error with Go's words */
export function buildGoProgram(name: string, source: string): string {
  mkdirSync(cacheDirectory(), { recursive: true });
  const program = cacheDirectory(name);
  execFileSync('go', ['build', '-o', program, '.'], { cwd: source, stdio: 'pipe' });
  return program;
}
