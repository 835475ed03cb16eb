import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** This checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The bench and the house as JavaScript. */
export interface BuiltBench {
  /** Started as `main contestant NAME TASK`. */
  readonly main: string;
  /** Configuration file of the payment application, for worker threads. */
  readonly paymentConfig: string;
}

/**
 * Where a checkout has the entry point of its worker threads: today, and before the second house.
 */
const WORKERS = ['src/composition/rebuild-worker.ts', 'src/composition/workers/rebuild-worker.ts'];

const builds = new Map<string, Promise<BuiltBench>>();

/** Builds the bench of a checkout, once. */
export function builtBench(root: string): Promise<BuiltBench> {
  const built = builds.get(root) ?? buildBench(root);
  builds.set(root, built);
  return built;
}

/**
 * JavaScript of the bench and of what it measures: a process that has to compile its sources first
 * takes three times as long to start as the package that people install. Files of one build share
 * their modules, so that main thread and worker threads run the same code.
 */
async function buildBench(root: string): Promise<BuiltBench> {
  const outdir = join(root, 'node_modules', '.cache', 'reprise-bench');
  await build({
    absWorkingDir: root,
    entryPoints: {
      main: 'bench/main.ts',
      'payment-config': 'bench/payment-config.ts',
      'rebuild-worker': WORKERS.find((path) => existsSync(join(root, path))) ?? '',
    },
    outdir,
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20',
    alias: { reprise: './src/index.ts' },
    logLevel: 'error',
  });
  copyFileSync(join(root, 'bench', 'payment.avsc'), join(outdir, 'payment.avsc'));
  return { main: join(outdir, 'main.js'), paymentConfig: join(outdir, 'payment-config.js') };
}
