import { expect, test } from 'vitest';
import { createReprise } from '../../src/composition/create-reprise.ts';
import { count } from '../../src/projection/declare/aggregates.ts';
import { columns, int, text } from '../../src/projection/declare/columns.ts';
import { begin } from '../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../src/projection/declare/pattern-projection.ts';
import { SessionProjection } from '../../src/projection/declare/session-projection.ts';
import { TableProjection } from '../../src/projection/declare/table-projection.ts';
import { tumbling } from '../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../src/projection/declare/windowed-projection.ts';
import { exampleOn } from '../support/example-app.ts';
import { sql } from '../support/read-model.ts';
import { settled } from '../support/settled.ts';
import { createTestDatabase } from '../support/test-database.ts';

const { event } = exampleOn('user-actions');

class Windows extends WindowedProjection {
  readonly name = 'some_windows';
  readonly version: number = 1;
  define() {
    const step = this.from(event).key('userId').window(tumbling('1 hour'));
    return step.measure({ n: count() }).index('window_start', 'n');
  }
}

class Sessions extends SessionProjection {
  readonly name = 'some_sessions';
  readonly version: number = 1;
  define() {
    const step = this.from(event).key('userId').session({ gap: '1 hour' });
    return step.measure({ n: count() }).index('started_at');
  }
}

class Matches extends PatternProjection {
  readonly name = 'some_matches';
  readonly version: number = 1;
  define() {
    return this.from(event).key('userId').pattern(begin('a')).index('matched_at');
  }
}

class Table extends TableProjection {
  readonly name = 'some_rows';
  readonly version: number = 1;
  define() {
    const rows = columns({ userId: text().primaryKey(), n: int().comment('how many it did') });
    return this.table(rows)
      .index('n')
      .key('userId')
      .on(event, (row, { userId }) => ({ userId, n: (row?.n ?? 0) + 1 }));
  }
}

test('index and comment reach Postgres, for every kind', async () => {
  const database = await createTestDatabase();
  const open = (version: number) =>
    createReprise({
      projections: [Windows, Sessions, Matches, Table].map(
        (Kind) =>
          class extends (Kind as typeof Windows) {
            override readonly version = version;
          },
      ),
      events: [event],
      database: { type: 'url', url: database.url },
      topicPartitions: 2,
      logLevel: 'silent',
    });
  const first = await open(1);
  await first.setUp();
  await first.runner.start();
  const action = { eventId: 'e', action: 'VIEW', value: 1, occurredAt: new Date(0) } as const;
  await first.publisher.publish(event, { ...action, userId: 'ada' });
  await settled(first);
  await first.close();
  const second = await open(2);
  await second.versions.rebuild(second.plans.map(({ name }) => name));
  await second.close();
  for (const version of [1, 2]) {
    const indexes = await sql<{ name: string; definition: string }>(
      database.url,
      `select tablename as name, indexdef as definition from pg_indexes
       where schemaname = 'public' and tablename like 'some\\_%\\_\\_v${version}' and indexdef not like '%UNIQUE%'`,
    );
    const wanted = {
      some_windows: '(window_start, n)',
      some_sessions: '(started_at)',
      some_matches: '(matched_at)',
      some_rows: '(n)',
    };
    for (const [name, on] of Object.entries(wanted)) {
      const own = indexes.filter((each) => each.name === `${name}__v${version}`);
      expect(
        own.some(({ definition }) => definition.endsWith(on)),
        `${name} ${on}`,
      ).toBe(true);
    }
    const [comment] = await sql<{ text: string }>(
      database.url,
      `select col_description('public.some_rows__v${version}'::regclass, attnum) as text from pg_attribute
       where attrelid = 'public.some_rows__v${version}'::regclass and attname = 'n'`,
    );
    expect(comment?.text).toBe('how many it did');
  }
  await database.drop();
});
