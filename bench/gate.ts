import { createTaskFold } from '../src/fold/create-task-fold.ts';
import type { RecordBatch } from '../src/log/record-batch.ts';
import { compileProjection } from '../src/projection/compile/compile-projection.ts';
import type { PaymentRow } from './contestants/fold-payments.ts';
import { foldPayments } from './contestants/fold-payments.ts';
import { decodePayment } from './contestants/payment-codec.ts';
import type { BenchReport } from './measure/report.ts';
import { ratiosOf } from './measure/report.ts';
import { say } from './measure/say.ts';
import { paymentOn } from './payment-event.ts';
import { paymentMetricsOf } from './payment-metrics.ts';
import { PAYMENT_SCHEMA } from './payment-schema.ts';
import { paymentBatches, SCHEMA_ID } from './workload/payment-batches.ts';

export interface GateOptions {
  readonly events: number;
  readonly rounds: number;
}

/**
 * What the folds must be worth at least, in times what a loop written by hand does (avsc, one
 * `Map`). Half of what they are worth on a quiet machine: a gate for what someone broke, not for
 * what the neighbours do.
 */
const AT_LEAST = { generatedFold: 2, columnarFold: 1.5 } as const;

const TOPIC = 'payments';

/**
 * The fold of the payments by generated code, column by column, and by a loop as people write it,
 * in one process, by processor time; the best round of each counts.
 * @throws Error when a fold of ours is worth less than it must be
 */
export async function benchGate({ events, rounds }: GateOptions): Promise<BenchReport> {
  say(`encoding ${events} payments`);
  const batches = paymentBatches(TOPIC, events);
  const contestants = {
    generatedFold: () => foldOurs(batches, true),
    columnarFold: () => foldOurs(batches, false),
    handWrittenFold: () => foldByHand(batches),
  };
  const best = new Map<string, number>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const [name, fold] of Object.entries(contestants)) {
      const rate = events / cpuSeconds(fold);
      if (round > 0) best.set(name, Math.max(rate, best.get(name) ?? 0)); // the first warms up
    }
  }
  const rates = Object.fromEntries(best);
  const { handWrittenFold = 0 } = rates;
  for (const [name, atLeast] of Object.entries(AT_LEAST)) {
    const ratio = (rates[name] ?? 0) / handWrittenFold;
    say(`${name}: ${ratio.toFixed(2)} times the loop written by hand, at least ${atLeast}`);
    if (ratio < atLeast)
      throw new Error(`${name} has become slow: see docs/explanation/performance.md`);
  }
  const eventsPerSecond = rates['generatedFold'] as number;
  const comparisons = { ...rates };
  delete comparisons['generatedFold'];
  return {
    bench: 'gate',
    events,
    eventsPerSecond,
    rssMaxBytes: process.resourceUsage().maxRSS * 1024,
    comparisons,
    ratios: ratiosOf(eventsPerSecond, comparisons),
  };
}

const plan = compileProjection(new (paymentMetricsOf(paymentOn(TOPIC)))());

function foldOurs(batches: readonly RecordBatch[], generatedCode: boolean): void {
  const clock = { maxEventTimeMs: null, watermarkMs: null, nowMs: null };
  const fold = createTaskFold(plan, { clock, mode: 'partial', generatedCode });
  fold.resolveSchema(SCHEMA_ID, PAYMENT_SCHEMA);
  for (const batch of batches) {
    fold.prepare(batch);
    fold.apply(batch);
  }
}

function foldByHand(batches: readonly RecordBatch[]): void {
  const rows = new Map<string, PaymentRow>();
  for (const { bytes, count, valueStart, valueEnd } of batches) {
    foldPayments(rows, count, (i) => decodePayment(bytes.subarray(valueStart[i], valueEnd[i])));
  }
}

function cpuSeconds(work: () => void): number {
  const started = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1e6;
}
