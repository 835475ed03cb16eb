import { createPaymentApp } from '../payment-app.ts';
import type { Measurement, TableTask } from './contestant.ts';
import { rssMaxBytes, secondsSince } from './contestant.ts';

/** The runner in a process of its own: says `ready`, folds until its parent says `stop`. */
export async function liveRunner(task: TableTask): Promise<Measurement> {
  const app = await createPaymentApp(task);
  await app.runner.start();
  const startedMs = performance.now();
  const stopped = new Promise<void>((resolve) => process.once('message', () => resolve()));
  process.send?.({ ready: true });
  await stopped;
  const seconds = secondsSince(startedMs);
  const events = app.runner.counters().reduce((sum, { recordsFolded }) => sum + recordsFolded, 0);
  await app.close();
  return { events, seconds, rssMaxBytes: rssMaxBytes() };
}
