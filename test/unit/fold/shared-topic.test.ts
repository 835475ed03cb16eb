import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { defineAvroEvent } from '../../../src/event/define-avro-event.ts';
import type { EventDefinition } from '../../../src/event/event-definition.ts';
import { avg, collect, count, first, sum } from '../../../src/projection/declare/aggregates.ts';
import { columns, int, text } from '../../../src/projection/declare/columns.ts';
import { begin } from '../../../src/projection/declare/pattern.ts';
import { PatternProjection } from '../../../src/projection/declare/pattern-projection.ts';
import { SessionProjection } from '../../../src/projection/declare/session-projection.ts';
import { TableProjection } from '../../../src/projection/declare/table-projection.ts';
import { customWindows, sliding, tumbling } from '../../../src/projection/declare/window.ts';
import { WindowedProjection } from '../../../src/projection/declare/windowed-projection.ts';
import type { Projection } from '../../../src/projection/plan/projection.ts';
import { scenario } from '../../../src/testing/scenario.ts';
import type { Happening } from '../../support/scenario-laws.ts';
import {
  courses,
  expectSameHowever,
  plainRows,
  play,
  printed,
} from '../../support/scenario-laws.ts';
import { happenings, runs } from './happenings.ts';
import { Read, Second } from './readings-avro.ts';

/** Lies on the topic of Read, has nothing in common with it, and no key. */
const Closed = defineAvroEvent<{ reason: string }>({
  name: 'Closed',
  topic: 'reads',
  fields: [{ name: 'reason', type: { kind: 'string' }, nullable: false }],
  schema: JSON.stringify({
    type: 'record',
    name: 'Closed',
    namespace: 'shop',
    fields: [{ name: 'reason', type: 'string' }],
  }),
});

const row = (event: Read) => ({ user: event.user, kind: event.kind });

/** Projections that name Read alone, of every kind and fold. */
const ONLY_READ: Readonly<Record<string, () => Projection>> = {
  'windows folded by generated code': () =>
    new (class extends WindowedProjection {
      readonly name = 'windows';
      readonly version = 1;
      define() {
        const step = this.from(Read).key('user').window(tumbling(50), { lateness: 20 });
        return step.measure({ n: count(), mean: avg('value'), total: sum('value') });
      }
    })(),
  'windows folded column by column': () =>
    new (class extends WindowedProjection {
      readonly name = 'windows';
      readonly version = 1;
      define() {
        const step = this.from(Read)
          .key('user', 'kind')
          .where({ kind: ['A', 'B'] });
        return step.window(tumbling(50), { late: 'reject' }).measure({ pages: collect('page', 9) });
      }
    })(),
  'windows shown once closed': () =>
    new (class extends WindowedProjection {
      readonly name = 'windows';
      readonly version = 1;
      define() {
        const step = this.from(Read).key('user').window(tumbling(50), { emit: 'onClose' });
        return step.measure({ n: count(), entry: first('page') });
      }
    })(),
  'sliding windows': () =>
    new (class extends WindowedProjection {
      readonly name = 'windows';
      readonly version = 1;
      define() {
        return this.from(Read)
          .key('user')
          .window(sliding(60, { every: 20 }))
          .measure({ n: count() });
      }
    })(),
  'windows of their own': () =>
    new (class extends WindowedProjection {
      readonly name = 'windows';
      readonly version = 1;
      define() {
        const own = customWindows<Read>((ms) => [{ start: ms - 10, end: ms + 30 }]);
        return this.from(Read).key('user').window(own).measure({ n: count() });
      }
    })(),
  sessions: () =>
    new (class extends SessionProjection {
      readonly name = 'sessions';
      readonly version = 1;
      define() {
        const step = this.from(Read)
          .key('user')
          .session({ gap: (event) => (event.kind === 'A' ? 10 : 40) });
        return step.measure({ n: count(), entry: first('page') });
      }
    })(),
  'a pattern': () =>
    new (class extends PatternProjection {
      readonly name = 'matches';
      readonly version = 1;
      define() {
        const step = this.from(Read).key('user');
        return step
          .pattern(
            begin('a', { where: { kind: 'A' } })
              .next('b')
              .within(200),
            { lateness: 20 },
          )
          .row((match) => ({ kind: match.b.kind }));
      }
    })(),
  'a table': () =>
    new (class extends TableProjection {
      readonly name = 'reads';
      readonly version = 1;
      define() {
        return this.table(columns({ user: text().primaryKey(), kind: text(), n: int() }))
          .key('user')
          .on(Read, (before, event) => ({ ...row(event), n: (before?.n ?? 0) + 1 }));
      }
    })(),
};

/**
 * Logs of Read with two other events between: one that decodes as Read does and is far ahead of its
 * record, one that does not decode.
 */
const mixed = happenings([Read, Second], 40).map((log) =>
  log.map((each, i): Happening => {
    if (each.kind === 'tick' || each.event !== Second) return each;
    return i % 2 === 0
      ? { ...each, timestampMs: -1e9 }
      : { ...each, event: Closed as EventDefinition, value: { reason: 'x'.repeat(i) } };
  }),
);

describe.each(Object.entries(ONLY_READ))('%s', (_name, projection) => {
  test('fold the event that is named and pass the others of its topic over, as the plain fold does', () => {
    fc.assert(
      fc.property(mixed, courses, (log, course) => {
        const s = play(projection(), log);
        expect(printed(s.rows())).toEqual(printed(plainRows(s, log)));
        expect(s.deadLetters()).toEqual([]);
        const { live, replayed, divided } = expectSameHowever(s, course);
        expect(divided).toEqual(live);
        if (s.plan.rebuild === 'live') expect(replayed).toEqual(live);
        expect(printed(s.replay().rows())).toEqual(printed(s.rows()));
        const alone = log.filter((each) => each.kind === 'tick' || each.event === Read);
        const without = play(projection(), alone);
        for (const p of [0, 1]) expect(s.watermark(p)).toEqual(without.watermark(p));
        expect(s.stateSize()).toBe(without.stateSize());
      }),
      runs(150),
    );
  });
});

it('counts one account closed among seven opened', () => {
  const event = (name: string) =>
    defineAvroEvent<{ id: string }>({
      name,
      topic: 'accounts',
      key: 'id',
      fields: [{ name: 'id', type: { kind: 'string' }, nullable: false }],
      schema: JSON.stringify({ type: 'record', name, fields: [{ name: 'id', type: 'string' }] }),
    });
  const [Opened, AccountClosed] = [event('AccountOpened'), event('AccountClosed')];
  class Closings extends WindowedProjection {
    readonly name = 'closings';
    readonly version = 1;
    define() {
      return this.from(AccountClosed).key('id').window(tumbling('1 day')).measure({ n: count() });
    }
  }
  const s = scenario(new Closings());
  for (let i = 0; i < 7; i += 1) s.publish(Opened, { id: 'a' });
  s.publish(AccountClosed, { id: 'a' });
  expect(s.rows().map(({ n }) => n)).toEqual([1n]);
  expect(s.replay().rows()).toEqual(s.rows());
});

it('refuses an event of a topic that the projection does not read', () => {
  const s = scenario((ONLY_READ['a table'] as () => Projection)());
  const Elsewhere: EventDefinition = { ...(Read as EventDefinition), topic: 'elsewhere' };
  expect(() => s.publish(Elsewhere, {})).toThrow(/does not read elsewhere/);
});
