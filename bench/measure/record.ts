import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { BenchReport } from './report.ts';
import { toJson } from './report.ts';

const RESULTS = new URL('../results/', import.meta.url);

/**
 * Appends a report to `bench/results/BENCH.jsonl`, with when, which commit and on what machine.
 * @returns the file
 */
export function record(report: BenchReport): string {
  mkdirSync(RESULTS, { recursive: true });
  const file = fileURLToPath(new URL(`${report.bench}.jsonl`, RESULTS));
  const where = { at: new Date().toISOString(), commit: commit(), machine: machine() };
  appendFileSync(file, `{${JSON.stringify(where).slice(1, -1)},${toJson(report).slice(1)}\n`);
  return file;
}

function machine() {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
  };
}

/** Short hash, with a plus where files differ from it; null without git. */
function commit(): string | null {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim();
    const dirty = git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+';
    return git('rev-parse', '--short=10', 'HEAD') + dirty;
  } catch {
    return null;
  }
}
