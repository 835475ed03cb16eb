import { createPaymentApp, PAYMENT_APP } from '../payment-app.ts';
import type { Measurement, RebuildTask } from './contestant.ts';
import { cpuSecondsSince, rssMaxBytes, secondsSince } from './contestant.ts';

/** The production path: `app.rebuild` from connecting to the table with its primary key, in state `ready`. */
export async function repriseRebuild(task: RebuildTask): Promise<Measurement> {
  process.env[PAYMENT_APP] = JSON.stringify(task);
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  const app = await createPaymentApp(task);
  const phases: string[] = [];
  const report = await app.rebuild('payment_metrics', {
    ...(task.workers && { workers: task.workers }),
    onProgress: ({ phase }) => {
      if (phases.at(-1)?.split(' ')[0] === phase) return;
      phases.push(`${phase} ${secondsSince(startedMs).toFixed(2)} s`);
    },
  });
  const seconds = secondsSince(startedMs);
  const cpuSeconds = { own: cpuSecondsSince(startedCpu) };
  process.stderr.write(`  reprise: phases from ${phases.join(', ')}\n`);
  await app.close();
  return { events: report.records, seconds, rssMaxBytes: rssMaxBytes(), cpuSeconds };
}
