import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EventDefinition } from '../../../src/event/event-definition.ts';
import { foldInterpreted } from '../../../src/fold/oracle/fold-interpreted.ts';
import type { InterpretedRow } from '../../../src/fold/oracle/folded-record.ts';
import { RowKeys } from '../../../src/fold/row-keys.ts';
import { compileProjection } from '../../../src/projection/compile/compile-projection.ts';
import { count, max, sum } from '../../../src/projection/declare/aggregates.ts';
import { columns, int, text } from '../../../src/projection/declare/columns.ts';
import { begin } from '../../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../../src/projection/declare/pattern-projection.ts';
import { SessionProjection } from '../../../src/projection/declare/session-projection.ts';
import { TableProjection } from '../../../src/projection/declare/table-projection.ts';
import { customWindows, sliding, tumbling } from '../../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../../src/projection/declare/windowed-projection.ts';
import type { Plan } from '../../../src/projection/plan/plan.ts';
import {
  batchOf,
  type Logged,
  logOf,
  plain,
  type Reading,
  readings,
  SCHEMA_TEXT,
} from './readings.ts';

const event = readings('userId', 'at') as EventDefinition as EventDefinition<
  Omit<Reading, 'userId' | 'at'> & { readonly userId: string; readonly at: Date }
>;
/** Nothing is late: events are at most 100 s apart. What is behind the last event is decided. */
const latenessMs = 200_000;
const lateness = '200 seconds';
const START_MS = 1_700_000_000_000;

function windowed(window: never): Plan {
  class Windows extends WindowedProjection {
    readonly name = 'windows';
    readonly version = 1;
    define() {
      return this.from(event)
        .key('userId', 'day', 'flag')
        .where({ number: { gte: 0 } })
        .window(window, { lateness })
        .measure({ n: count(), total: sum('number'), seen: max('at') }) as never;
    }
  }
  return compileProjection(new Windows());
}

class Sessions extends SessionProjection {
  readonly name = 'sessions';
  readonly version = 1;
  define() {
    return this.from(event)
      .key('userId', 'tenant')
      .where({ number: { gte: 0 } })
      .session({ gap: '10 seconds', lateness } as never)
      .measure({ n: count() }) as never;
  }
}

class Patterns extends PatternProjection {
  readonly name = 'patterns';
  readonly version = 1;
  define() {
    return this.from(event)
      .key('userId')
      .pattern(
        begin('low', { on: event, where: { grade: 'LOW' } } as never)
          .next('high', { on: event, where: { grade: 'HIGH' } } as never)
          .within('60 seconds') as never,
        { lateness },
      ) as never;
  }
}

const counted = columns({
  user: text().primaryKey(),
  number: int().primaryKey(),
  n: int(),
});

class Tables extends TableProjection {
  readonly name = 'tables';
  readonly version = 1;
  define() {
    return this.table(counted)
      .key('userId')
      .keys((reading: Reading) => [
        [reading.userId, reading.number],
        ...(reading.flag ? [[reading.userId, 0]] : []),
      ])
      .on(event, (row, reading, { key: [user, number] }) =>
        reading.grade === 'HIGH'
          ? null
          : { user: String(user), number: Number(number), n: (row?.n ?? 0) + 1 },
      ) as never;
  }
}

const PLANS: Readonly<Record<string, Plan>> = {
  tumbling: windowed(tumbling('7 seconds', { offset: '1 second' }) as never),
  calendar: windowed(tumbling('1 day', { timeZone: 'Europe/Berlin' } as never) as never),
  sliding: windowed(sliding('10 seconds', { every: '4 seconds' } as never) as never),
  custom: windowed(
    customWindows((timeMs: number, reading: Reading) => [
      { start: timeMs - (timeMs % 5_000), end: timeMs - (timeMs % 5_000) + 9_000 },
      ...(reading.flag ? [{ start: START_MS, end: START_MS + 1_000_000 }] : []),
    ]) as never,
  ),
  session: compileProjection(new Sessions()),
  pattern: compileProjection(new Patterns()),
  table: compileProjection(new Tables()),
};

const reading = fc.record({
  userId: fc.constantFrom('a', 'b', 'ключ', null),
  day: fc.constantFrom('2024-02-29', '1969-12-31'),
  flag: fc.boolean(),
  tenant: fc.constantFrom(0n, 2n ** 60n),
  grade: fc.constantFrom<Reading['grade'][]>('LOW', 'MID', 'HIGH'),
  number: fc.integer({ min: -1, max: 2 }),
  seconds: fc.integer({ min: 0, max: 100 }),
});

/** A log, and at its end an event of nobody that lets time pass for all others. */
const logs = fc.array(reading, { minLength: 1, maxLength: 12, size: 'max' }).map((all) =>
  logOf([
    ...all.map(({ seconds, ...fields }) => {
      const timestampMs = START_MS + seconds * 1_000;
      const of: Reading = { ...plain, ...fields, at: new Date(timestampMs) };
      return { event: of, timestampMs, gap: 0 };
    }),
    {
      event: { ...plain, userId: null, at: new Date(START_MS + 10 * latenessMs) },
      timestampMs: START_MS + 10 * latenessMs,
      gap: 0,
    },
  ]),
);

/** Rows as text, with their keys. */
function rowsOf(plan: Plan, keys: RowKeys, log: readonly Logged[]): ReadonlyMap<string, string> {
  return new Map(
    foldInterpreted(plan, log).map((row: InterpretedRow) => {
      const shown = JSON.stringify(row, (_key, value: unknown) =>
        typeof value === 'bigint' ? `${value}n` : value,
      );
      return [shown, keys.ofStored(plan.table, row)];
    }),
  );
}

test.each(Object.entries(PLANS))(
  'a record whose removal changes a row has the key of that row (%s)',
  (_name, plan) => {
    let changes = 0;
    fc.assert(
      fc.property(logs, (log) => {
        const keys = new RowKeys(plan);
        const batch = batchOf(log);
        for (const { schemaId } of keys.unresolvedSchemas(batch))
          keys.resolveSchema(schemaId, SCHEMA_TEXT);
        const found = new Map(keys.of(batch).map(({ i, rows }) => [i, rows]));
        const whole = rowsOf(plan, keys, log);
        if (plan.kind === 'windowed') {
          expect(new Set([...found.values()].flat())).toEqual(new Set(whole.values()));
        }
        for (let i = 0; i < log.length - 1; i += 1) {
          const without = rowsOf(plan, keys, log.toSpliced(i, 1));
          const changed = [...whole, ...without].filter(
            ([row]) => whole.has(row) !== without.has(row),
          );
          changes += changed.length;
          expect(found.get(i) ?? []).toEqual(
            expect.arrayContaining([...new Set(changed.map(([, key]) => key))]),
          );
        }
      }),
      { numRuns: 100 },
    );
    expect(changes).toBeGreaterThan(20);
  },
);
