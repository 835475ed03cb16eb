import { createPaymentApp, PAYMENT_APP } from '../payment-app.ts';
import { kindName } from '../payment-kind.ts';
import { metricsNames } from '../payment-metrics.ts';
import type { Measurement, RebuildTask } from './contestant.ts';
import { cpuSecondsSince, rssMaxBytes, secondsSince } from './contestant.ts';

/**
 * The production path: `app.versions.rebuild` from connecting to the tables with their primary
 * keys, in state `ready`.
 */
export async function repriseRebuild(task: RebuildTask): Promise<Measurement> {
  process.env[PAYMENT_APP] = JSON.stringify(task);
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const app = await createPaymentApp(task);
  const phases: string[] = [];
  const names =
    task.kind === undefined
      ? metricsNames(1 + (task.moreWindowsMs?.length ?? 0))
      : [kindName(task.kind)];
  const reports = await app.versions.rebuild(names, {
    ...(task.workers && { workers: task.workers }),
    onProgress: ({ name, phase }) => {
      if (name !== names[0] || phases.at(-1)?.split(' ')[0] === phase) return;
      phases.push(`${phase} ${secondsSince(startedMs).toFixed(2)} s`);
    },
  });
  const seconds = secondsSince(startedMs);
  const cpuSeconds = { own: cpuSecondsSince(startedCpu) };
  process.stderr.write(`  reprise: phases from ${phases.join(', ')}\n`);
  await app.close();
  return { events: reports[0]?.records ?? 0, seconds, rssMaxBytes: rssMaxBytes(), cpuSeconds };
}
