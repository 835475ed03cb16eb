import { expect, test } from 'vitest';
import type { EventDefinition } from '../../../src/event/event-definition.ts';
import { createTaskFold } from '../../../src/fold/create-task-fold.ts';
import { batchOfRecords } from '../../../src/log/batch-of-records.ts';
import { compileProjection } from '../../../src/projection/compile/compile-projection.ts';
import { count } from '../../../src/projection/declare/aggregates.ts';
import { columns, int, text } from '../../../src/projection/declare/columns.ts';
import { ingestionTime, processingTime } from '../../../src/projection/declare/declared-sources.ts';
import { begin } from '../../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../../src/projection/declare/pattern-projection.ts';
import { SessionProjection } from '../../../src/projection/declare/session-projection.ts';
import { TableProjection } from '../../../src/projection/declare/table-projection.ts';
import { sliding, tumbling } from '../../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../../src/projection/declare/windowed-projection.ts';
import { explainPlan } from '../../../src/projection/plan/explain-plan.ts';
import type { Projection } from '../../../src/projection/plan/projection.ts';
import { MemoryLog } from '../../../src/testing/memory-log.ts';
import { Read } from './readings-avro.ts';

const NOW = Date.UTC(2026, 0, 1);

class Windows extends WindowedProjection {
  readonly name = 'windows';
  readonly version = 1;
  define() {
    const step = this.from(Read).time(processingTime()).key('user');
    return step.window(tumbling('1 minute')).measure({ n: count() });
  }
}

class Sliding extends WindowedProjection {
  readonly name = 'windows';
  readonly version = 1;
  define() {
    const step = this.from(Read).time(processingTime()).key('user');
    return step.window(sliding('1 minute', { every: '20 seconds' })).measure({ n: count() });
  }
}

class Sessions extends SessionProjection {
  readonly name = 'sessions';
  readonly version = 1;
  define() {
    const step = this.from(Read).time(processingTime()).key('user');
    return step.session({ gap: '1 minute' }).measure({ n: count() });
  }
}

class Matches extends PatternProjection {
  readonly name = 'matches';
  readonly version = 1;
  define() {
    return this.from(Read).time(processingTime()).key('user').pattern(begin('a').next('b'));
  }
}

class Table extends TableProjection {
  readonly name = 'reads';
  readonly version = 1;
  define() {
    return this.from(Read)
      .time(processingTime())
      .table(columns({ user: text().primaryKey(), n: int() }))
      .key('user')
      .on(Read, (row, { user }) => ({ user, n: (row?.n ?? 0) + 1 }));
  }
}

/** Folds one event whose record is so old, as a live task does at NOW. */
function foldedAt(projection: Projection, recordMs: number) {
  const plan = compileProjection(projection);
  const log = new MemoryLog(1);
  const value = { user: 'u', kind: 'A', value: 1, total: null, page: null, at: new Date(recordMs) };
  const batch = batchOfRecords([
    log.append(Read as EventDefinition, value, { timestamp: recordMs }),
    log.append(Read as EventDefinition, value, { timestamp: recordMs }),
  ]);
  const clock = { maxEventTimeMs: null, watermarkMs: null, nowMs: () => NOW };
  const fold = createTaskFold(plan, { clock, mode: 'live' });
  for (const { schemaId } of fold.unresolvedSchemas(batch)) {
    fold.resolveSchema(schemaId, log.schemaById(schemaId));
  }
  fold.prepare(batch);
  const letters = fold.apply(batch);
  return { plan, letters, fold };
}

test.each([Windows, Sliding, Sessions, Matches, Table])(
  '%o by processing time folds records of any age, and event time is the clock',
  (Kind) => {
    for (const ageMs of [0, 3_600_001, 10 * 365 * 86_400_000, -3_600_001]) {
      const { letters, fold, plan } = foldedAt(new Kind(), NOW - ageMs);
      expect(letters).toEqual([]);
      expect(fold.watermarkMs).toBe(NOW);
      expect(new Map(explainPlan(plan)).get('disorder')?.[0]).toContain('none refused as ahead');
    }
  },
);

test('ingestion time beyond the clock of the owner is still refused', () => {
  class Ingested extends WindowedProjection {
    readonly name = 'windows';
    readonly version = 1;
    define() {
      const step = this.from(Read).time(ingestionTime()).key('user');
      return step.window(tumbling('1 minute')).measure({ n: count() });
    }
  }
  const reasons = (recordMs: number) =>
    foldedAt(new Ingested(), recordMs).letters.map(({ reason }) => reason);
  expect(reasons(NOW - 10 * 86_400_000)).toEqual([]);
  expect(reasons(NOW + 2 * 3_600_000)).toEqual(['FUTURE', 'FUTURE']);
});
