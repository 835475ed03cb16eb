import {
  count,
  first,
  last,
  quantile,
  SessionProjection,
  sliding,
  sum,
  tumbling,
  WindowedProjection,
} from 'reprise';
import { mulberry32 } from '../example/random.ts';
import { LoginFraud } from '../projections/login-fraud.ts';
import { UserMetrics } from '../projections/user-metrics.ts';
import { LoginAttempted, PageViewed, UserActed } from '../schemas/index.ts';
import { createEventEncoder } from '../src/avro/decode/event-encoder.ts';
import type { EventDefinition } from '../src/event/event-definition.ts';
import { TopicBatches } from '../src/fold/batch/topic-batches.ts';
import { createTaskFold } from '../src/fold/create-task-fold.ts';
import { batchOfRecords } from '../src/log/batch-of-records.ts';
import type { RecordBatch } from '../src/log/record-batch.ts';
import { compileProjection } from '../src/projection/compile/compile-projection.ts';
import type { Plan } from '../src/projection/plan/plan.ts';
import type { Projection } from '../src/projection/plan/projection.ts';
import type { MemoryRecord } from '../src/testing/memory-log.ts';
import { median } from './measure/median.ts';
import type { BenchReport } from './measure/report.ts';
import { say } from './measure/say.ts';

export interface FoldBenchOptions {
  readonly events: number;
  readonly rounds: number;
}

const BATCH = 10_000;
/** Events between two flushes; the rows go nowhere. */
const FLUSH = 100_000;
const SCHEMA_ID = 1;

class Visits extends SessionProjection {
  readonly name = 'visits';
  readonly version = 1;
  define() {
    return this.from(PageViewed)
      .key('visitorId')
      .session({ gap: '30 seconds' })
      .measure({ pages: count(), entryPage: first('page'), exitPage: last('page') });
  }
}

/** Nexmark's query 5 in shape: how many in the last ten seconds, every two. */
class HotUsers extends WindowedProjection {
  readonly name = 'hot_users';
  readonly version = 1;
  define() {
    return this.from(UserActed)
      .key('userId')
      .window(sliding('10 seconds', { every: '2 seconds' }))
      .measure({ events: count() });
  }
}

class Percentiles extends WindowedProjection {
  readonly name = 'percentiles';
  readonly version = 1;
  define() {
    return this.from(UserActed)
      .key('userId')
      .window(tumbling('1 minute'), { lateness: '10 seconds' })
      .measure({ events: count(), p95: quantile('value', 0.95), total: sum('value') });
  }
}

interface Case {
  readonly name: string;
  readonly projection: Projection;
  readonly batches: readonly RecordBatch[];
  readonly event: EventDefinition;
}

/**
 * Events per second of one thread, by kind of projection: fold and decode together, and the fold
 * alone (the time of decoding the same batches taken off).
 */
export async function benchFold({ events, rounds }: FoldBenchOptions): Promise<BenchReport> {
  say(`encoding ${events} events of each kind`);
  const actions = userActions(events);
  const cases: Case[] = [
    { name: 'userMetrics', projection: new UserMetrics(), batches: actions, event: UserActed },
    { name: 'sessions', projection: new Visits(), batches: pageViews(events), event: PageViewed },
    {
      name: 'loginFraud',
      projection: new LoginFraud(),
      batches: logins(events),
      event: LoginAttempted,
    },
    { name: 'sliding', projection: new HotUsers(), batches: actions, event: UserActed },
    { name: 'quantile', projection: new Percentiles(), batches: actions, event: UserActed },
  ];
  const rates: Record<string, number> = {};
  for (const each of cases) {
    const plan = compileProjection(each.projection);
    const folds: number[] = [];
    const decodes: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const decodeMs = timed(() => decodeAll(plan, each));
      const foldMs = timed(() => foldAll(plan, each));
      if (round === 0) continue; // warms up
      decodes.push(decodeMs);
      folds.push(foldMs);
    }
    const foldMs = median(folds);
    const decodedMs = Math.max(1, foldMs - median(decodes));
    rates[`${each.name}OnDecoded`] = events / (decodedMs / 1000);
    rates[`${each.name}WithDecoding`] = events / (foldMs / 1000);
    say(
      `${each.name}: ${Math.round(events / decodedMs)} k events/s on decoded events, ${Math.round(events / foldMs)} k/s with decoding`,
    );
  }
  return {
    bench: 'fold',
    events,
    eventsPerSecond: rates['userMetricsOnDecoded'] as number,
    rssMaxBytes: process.resourceUsage().maxRSS * 1024,
    comparisons: rates,
  };
}

function decodeAll(plan: Plan, { batches, event }: Case): void {
  const topics = new TopicBatches(plan, { clock: { nowMs: null } });
  topics.resolve(SCHEMA_ID, event.schemaText ?? '');
  for (const batch of batches) topics.decode(batch);
}

function foldAll(plan: Plan, { batches, event }: Case): void {
  const clock = { maxEventTimeMs: null, watermarkMs: null, nowMs: null };
  const fold = createTaskFold(plan, { clock, mode: 'live' });
  fold.resolveSchema(SCHEMA_ID, event.schemaText ?? '');
  let since = 0;
  for (const batch of batches) {
    fold.prepare(batch);
    fold.apply(batch);
    since += batch.count;
    if (since >= FLUSH) {
      fold.takeChanges();
      fold.committed();
      since = 0;
    }
  }
  fold.takeChanges();
}

function timed(work: () => void): number {
  const startMs = performance.now();
  work();
  return performance.now() - startMs;
}

/** 10,000 users, 2,000 events a second of event time, half a second out of order at most. */
function userActions(events: number): readonly RecordBatch[] {
  const random = mulberry32(1);
  return encoded(UserActed as EventDefinition, events, (i) => ({
    eventId: '00000000-0000-8000-8000-000000000000',
    userId: `user-${Math.floor(random() * 10_000)}`,
    action: random() < 0.7 ? 'VIEW' : 'CLICK',
    value: Math.round(random() * 10_000) / 100,
    occurredAt: new Date(1_700_000_000_000 + i / 2 - random() * 500),
  }));
}

/** 5,000 visitors; a thousand page views a second of event time. */
function pageViews(events: number): readonly RecordBatch[] {
  const random = mulberry32(2);
  return encoded(PageViewed as EventDefinition, events, (i) => ({
    visitorId: `visitor-${Math.floor(random() ** 2 * 5_000)}`,
    page: `/${Math.floor(random() * 50)}`,
    occurredAt: new Date(1_700_000_000_000 + i),
  }));
}

/** 20,000 users of whom one attempt in ten fails. */
function logins(events: number): readonly RecordBatch[] {
  const random = mulberry32(3);
  return encoded(LoginAttempted as EventDefinition, events, (i) => ({
    userId: `user-${Math.floor(random() * 20_000)}`,
    result: random() < 0.1 ? 'FAILURE' : 'SUCCESS',
    address: '192.0.2.1',
    occurredAt: new Date(1_700_000_000_000 + i * 5),
  }));
}

function encoded(
  event: EventDefinition,
  events: number,
  valueOf: (i: number) => Record<string, unknown>,
): readonly RecordBatch[] {
  const encoder = createEventEncoder(event);
  const batches: RecordBatch[] = [];
  for (let from = 0; from < events; from += BATCH) {
    const records: MemoryRecord[] = [];
    for (let i = from; i < Math.min(events, from + BATCH); i += 1) {
      const value = valueOf(i);
      records.push({
        topic: event.topic,
        partition: 0,
        offset: i,
        timestampMs: (value['occurredAt'] as Date).getTime(),
        key: null,
        value: encoder.encode(value, SCHEMA_ID),
      });
    }
    batches.push(batchOfRecords(records));
  }
  return batches;
}
