import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from './is-alive.ts';

/**
 * Longer than any start takes: a lock of this age was left by a process whose id is in use again.
 */
const STALE_AFTER_MS = 180_000;
const heldHere = new Set<string>();

/**
 * Runs `work` while no other process of this machine runs it for the same lock file: two
 * applications that start at once on one data directory start one server. Takes over a lock that a
 * killed process left.
 */
export async function withStartLock<Result>(
  path: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const file = resolve(path);
  while (!tryLock(file)) {
    if (isStale(file)) rmSync(file, { force: true });
    else await sleep(50);
  }
  heldHere.add(file);
  try {
    return await work();
  } finally {
    heldHere.delete(file);
    rmSync(file, { force: true });
  }
}

function tryLock(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function isStale(file: string): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) return false;
  const ageMs = Date.now() - stats.mtimeMs;
  if (ageMs > STALE_AFTER_MS) return true;
  let owner: number;
  try {
    owner = Number(readFileSync(file, 'utf8'));
  } catch {
    return false; // removed meanwhile: the next attempt takes it
  }
  // An empty file is a lock being written, or one whose writer died between the two steps.
  if (!Number.isInteger(owner) || owner <= 0) return ageMs > 2_000;
  // In a container a restarted process often gets its old id back.
  return owner === process.pid ? !heldHere.has(file) : !isAlive(owner);
}
